/* SPDX-License-Identifier: Apache-2.0 */
/* certificate: can the files that `tls` names be used, and is the certificate this node's? One of
 * another node would be refused by every peer.
 *
 * Threads    any
 * Errors     in the report, at the keys of `tls`, as schema/config/named.h says
 */
#ifndef FAIRLEAD_DNSD_RELOAD_CERTIFICATE_H
#define FAIRLEAD_DNSD_RELOAD_CERTIFICATE_H

#include "core/err.h"
#include "schema/config/dnsd_config.h"

enum err_code certificate_check(const struct dnsd_config *config, struct config_report *report,
				struct err *e);

#endif
