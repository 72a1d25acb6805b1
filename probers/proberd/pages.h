/* SPDX-License-Identifier: Apache-2.0 */
/* pages: what a proberd serves by HTTP.
 *
 *   on listen.http, in the clear, read only     on the admin socket
 *     GET /metrics                                GET  /v1/status
 *     GET /healthz   200 while it runs            GET  /v1/config
 *     GET /readyz    200 once it has a plan       POST /v1/reload
 *
 * Threads    the loop's
 * Ownership  the caller's world outlives the pages
 * Errors     a socket that cannot be opened: its address is in the text
 */
#ifndef FAIRLEAD_PROBERS_PROBERD_PAGES_H
#define FAIRLEAD_PROBERS_PROBERD_PAGES_H

#include "core/loop.h"
#include "probers/proberd/status.h"

struct pages;

typedef void (*pages_reloaded_fn)(void *arg, enum err_code code, const struct err *e);

struct pages_world {
	const struct status_source *status;
	struct metrics *metrics;
	json_t *(*config)(void *arg); /* a new reference; NULL = out of memory */
	/* ERR_OK: reloaded() comes later. */
	enum err_code (*reload)(void *arg, pages_reloaded_fn reloaded, void *reply, struct err *e);
	void *arg;
};

/* http with addr.family 0, or admin NULL: not served. */
enum err_code pages_new(struct pages **out, struct loop *loop, const struct pages_world *world,
			const struct endpoint *http, const char *admin, struct err *e);
void pages_free(struct pages *p);

#endif
