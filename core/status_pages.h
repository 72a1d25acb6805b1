/* SPDX-License-Identifier: Apache-2.0 */
/* status_pages: what each daemon serves on listen.http, to anybody, read only.
 *
 *   GET /metrics   Prometheus text
 *   GET /healthz   200 while it runs
 *   GET /readyz    200 while it does what it is there for, else 503 with the reason
 *
 * Threads    the loop's
 * Ownership  everything is borrowed
 */
#ifndef FAIRLEAD_CORE_STATUS_PAGES_H
#define FAIRLEAD_CORE_STATUS_PAGES_H

#include "core/http.h"
#include "core/metrics.h"

struct status_pages {
	struct metrics *metrics;
	const char *(*why_not_ready)(const void *ctx); /* NULL = it is ready */
	const void *ctx;
};

/* http_handler_fn; ctx is a struct status_pages. */
void status_pages_handle(void *pages, const struct http_request *req, struct http_reply *reply);

#endif
