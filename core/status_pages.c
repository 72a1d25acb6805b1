/* SPDX-License-Identifier: Apache-2.0 */
/* status_pages: what each daemon serves on listen.http, to anybody, read only. */
#include "core/status_pages.h"

#include "core/metrics_page.h"

#include <string.h>

#define TEXT_TYPE "text/plain; charset=utf-8"

static void reply_line(struct http_reply *reply, int status, const char *text)
{
	struct buf line = BUF_INIT;

	buf_printf(&line, "%s\n", text);
	http_reply_text(reply, status, TEXT_TYPE, buf_text(&line), line.len);
	buf_fini(&line);
}

static void get_ready(const struct status_pages *p, struct http_reply *reply)
{
	const char *why_not = p->why_not_ready(p->ctx);

	reply_line(reply, why_not ? 503 : 200, why_not ? why_not : "ready");
}

void status_pages_handle(void *pages, const struct http_request *req, struct http_reply *reply)
{
	const struct status_pages *p = pages;
	bool is_metrics = strcmp(req->path, "/metrics") == 0;
	bool is_healthz = strcmp(req->path, "/healthz") == 0;

	if (!is_metrics && !is_healthz && strcmp(req->path, "/readyz") != 0)
		http_reply_error(reply, ERR_NO_PATH, "there are /metrics, /healthz and /readyz");
	else if (strcmp(req->method, "GET") != 0)
		http_reply_error(reply, ERR_DENIED, "these pages are read only");
	else if (is_metrics)
		metrics_page_send(p->metrics, clock_system(), reply);
	else if (is_healthz)
		reply_line(reply, 200, "ok");
	else
		get_ready(p, reply);
}
