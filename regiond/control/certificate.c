/* SPDX-License-Identifier: Apache-2.0 */
/* certificate: the one that the directors know this node by. */
#include "regiond/control/certificate.h"

#include "schema/config/named.h"

#include <string.h>

enum err_code certificate_open(struct tls **out, const struct regiond_config *config,
			       struct config_report *report, struct err *e)
{
	struct config_report own;
	struct identity who;
	*out = NULL;
	if (!config->has_tls)
		return ERR_OK;
	who = named_identity(IDENTITY_REGIOND, config->fleet, config->region, config->node);
	config_report_init(&own);
	config_report_about(&own, &config->files);
	enum err_code code =
		named_tls_only(report ? report : &own, config->file, &config->tls, &who, out);
	if (code != ERR_OK)
		err_set(e, code, "%.*s", (int)strcspn(buf_text(&own.errors), "\n"),
			buf_text(&own.errors));
	config_report_fini(&own);
	return code;
}
