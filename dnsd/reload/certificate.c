/* SPDX-License-Identifier: Apache-2.0 */
/* certificate: can the files that `tls` names be used, and is the certificate this node's? */
#include "dnsd/reload/certificate.h"

#include "schema/config/named.h"

enum err_code certificate_check(const struct dnsd_config *config, struct config_report *report,
				struct err *e)
{
	enum err_code code = ERR_OK;
	struct identity who;

	if (!config->has_tls)
		return ERR_OK;
	who = named_identity(IDENTITY_DNSD, config->fleet, "", config->node);
	config_report_about(report, &config->files);
	code = named_tls_only(report, config->file, &config->tls, &who, NULL);
	return code ? err_set(e, code, "%s: `tls` cannot be used", config->file) : ERR_OK;
}
