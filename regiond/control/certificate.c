/* SPDX-License-Identifier: Apache-2.0 */
/* certificate: the one that the directors know this node by. */
#include "regiond/control/certificate.h"

#include <string.h>

/* A certificate of another node would be refused by every director: said here, by name. */
static enum err_code check_identity(struct tls *tls, const struct regiond_config *config,
				    struct err *e)
{
	struct identity id;
	char text[IDENTITY_TEXT_MAX];
	enum err_code code = tls_own_identity(tls, &id, e);
	if (code != ERR_OK)
		return err_wrap(e, code, "%s", config->tls.certificate);
	if (id.role == IDENTITY_REGIOND && strcmp(id.fleet, config->fleet) == 0 &&
	    strcmp(id.region, config->region) == 0 && strcmp(id.name, config->node) == 0)
		return ERR_OK;
	identity_text(&id, text);
	return err_set(e, ERR_INPUT, "%s is of %s, expected spiffe://%s/regiond/%s/%s",
		       config->tls.certificate, text, config->fleet, config->region, config->node);
}

enum err_code certificate_open(struct tls **out, const struct regiond_config *config, struct err *e)
{
	const struct tls_files files = {
		.certificate = config->tls.certificate,
		.key = config->tls.key,
		.ca = config->tls.ca,
	};
	struct tls *tls;
	if (!config->has_tls) {
		*out = NULL;
		return ERR_OK;
	}
	enum err_code code = tls_new(&tls, &files, e);
	if (code != ERR_OK)
		return code;
	code = check_identity(tls, config, e);
	if (code != ERR_OK) {
		tls_free(tls);
		return code;
	}
	*out = tls;
	return ERR_OK;
}
