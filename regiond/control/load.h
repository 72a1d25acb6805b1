/* SPDX-License-Identifier: Apache-2.0 */
/* load: a configuration and all that it names, checked without binding an address.
 *
 * Threads    any: a reload reads on a helper thread
 * Ownership  the caller frees the configuration and the tls
 * Errors     every mistake is in the report, with its place; nothing is left behind
 */
#ifndef FAIRLEAD_REGIOND_LOAD_H
#define FAIRLEAD_REGIOND_LOAD_H

#include "core/tls.h"
#include "schema/config/regiond_config.h"

/* Reads the file and checks what it names: limits of pools, monitors, certificate and key, and that
 * the certificate is this node's. *tls is that certificate, NULL when there is none; tls NULL: only
 * checked. */
enum err_code load_file(const char *path, struct regiond_config **out, struct tls **tls,
			struct config_report *report);

#endif
