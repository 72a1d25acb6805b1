/* SPDX-License-Identifier: Apache-2.0 */
/* certificate: can the files that `tls` names be used, and is the certificate this node's? */
#include "dnsd/reload/certificate.h"

#include "core/tls.h"

#include <string.h>

enum err_code certificate_check(const struct dnsd_config *config, struct err *e)
{
	const struct tls_files files = { config->tls.certificate, config->tls.key, config->tls.ca };
	const struct config_pos *pos = &config->tls.pos;
	char text[IDENTITY_TEXT_MAX];
	struct tls *tls = NULL;
	struct identity id;
	enum err_code rc;

	if (!config->has_tls)
		return ERR_OK;
	rc = tls_new(&tls, &files, e);
	if (rc == ERR_OK)
		rc = tls_own_identity(tls, &id, e);
	if (rc == ERR_OK && (id.role != IDENTITY_DNSD || strcmp(id.fleet, config->fleet) != 0 ||
			     strcmp(id.name, config->node) != 0)) {
		identity_text(&id, text);
		rc = err_set(e, ERR_INPUT, "the certificate is of %s, expected spiffe://%s/dnsd/%s",
			     text, config->fleet, config->node);
	}
	if (rc != ERR_OK)
		err_wrap(e, rc, "%s:%u:%u: error: tls", config->file, pos->line, pos->column);
	tls_free(tls);
	return rc;
}
