/* SPDX-License-Identifier: Apache-2.0 */
/* certificate: can the files that `tls` names be used, and is the certificate this node's? */
#include "dnsd/reload/certificate.h"

#include "schema/config/named.h"

#include <stdio.h>

enum err_code certificate_check(const struct dnsd_config *config, bool is_check,
				struct config_report *report, struct err *e)
{
	struct identity who = { .role = IDENTITY_DNSD };
	enum err_code code = ERR_OK;
	struct named named;

	if (!config->has_tls)
		return ERR_OK;
	snprintf(who.fleet, sizeof(who.fleet), "%s", config->fleet);
	snprintf(who.name, sizeof(who.name), "%s", config->node);
	config_report_about(report, &config->files);
	named_init(&named, report, is_check, config->file);
	code = named_tls(&named, &config->tls, &who, NULL);
	named_finish(&named);
	return code ? err_set(e, code, "%s: `tls` cannot be used", config->file) : ERR_OK;
}
