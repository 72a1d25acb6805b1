/* SPDX-License-Identifier: Apache-2.0 */
/* certificate: the one that the directors know this node by.
 *
 * Threads    the control thread
 * Ownership  the caller frees the tls
 * Errors     ERR_INPUT names the file, or what the certificate says and what was expected
 */
#ifndef FAIRLEAD_REGIOND_CERTIFICATE_H
#define FAIRLEAD_REGIOND_CERTIFICATE_H

#include "core/tls.h"
#include "schema/config/regiond_config.h"

/* *out is NULL when the configuration has none. What is wrong goes to the report; without one, the
 * first of it goes to *e. */
enum err_code certificate_open(struct tls **out, const struct regiond_config *config,
			       struct config_report *report, struct err *e);

#endif
