/* SPDX-License-Identifier: Apache-2.0 */
/* admin: what regiond's admin socket answers.
 *
 *   GET  /v1/status  /v1/services  /v1/backends  /v1/overrides  /v1/config
 *   POST /v1/drain   {pool?, backend?, region?, reason?, expires_s?, dry_run?, wait?}
 *   POST /v1/undrain the same but expires_s
 *   POST /v1/reload
 *
 * No pool and no backend is the node; a region must be its own. A key that is not listed is an
 * error: a misspelt `expires` would drain for ever. A reload is answered when it is in effect, or
 * refused.
 *
 * Threads    the control thread
 * Errors     as core/err.h codes, which core/http.h makes a status of
 * Source     schema/api/openapi.yaml
 */
#ifndef FAIRLEAD_REGIOND_ADMIN_H
#define FAIRLEAD_REGIOND_ADMIN_H

#include "core/http.h"
#include "regiond/control/changeover.h"
#include "regiond/control/trouble.h"

struct admin {
	struct node *node;
	struct changeover *reload;
	const struct trouble *trouble;
};

/* The answer to all but a reload, as a new document in *out, or a code with its sentence in *e.
 * Apart from the server, so that a fuzzer reaches it. */
enum err_code admin_answer(struct admin *a, const struct http_request *req, json_t **out,
			   struct err *e);

/* http_handler_fn of the admin socket; ctx is a struct admin. */
void admin_handle(void *ctx, const struct http_request *req, struct http_reply *reply);

#endif
