/* SPDX-License-Identifier: Apache-2.0 */
/* pages: what anybody may read on listen.http: /metrics, /healthz, /readyz. */
#include "dnsd/control/inside.h"

#include <string.h>

static void write_serve(void *control, struct buf *out)
{
	struct control *c = control;

	serve_metrics(c->serve, out, c->labels);
}

static void write_own(void *control, struct buf *out)
{
	struct control *c = control;

	metrics_family(out, "fairlead_overrides", "gauge", "What operators force now.");
	metrics_sample(out, "fairlead_overrides", (double)c->n_overrides, NULL);
	metrics_family(out, "fairlead_operations_refused_total", "counter",
		       "Changes that were asked for and refused.");
	metrics_sample(out, "fairlead_operations_refused_total", (double)c->refused_ops, NULL);
	metrics_family(out, "fairlead_client_classes", "gauge", "Classes of clients.");
	metrics_sample(out, "fairlead_client_classes",
		       client_map_class_count(publish_current(c->publish)->clients), NULL);
}

enum err_code pages_metrics(struct control *c)
{
	enum err_code rc = metrics_new(&c->metrics);

	if (rc == ERR_OK)
		rc = metrics_add(c->metrics, write_serve, c);
	if (rc == ERR_OK)
		rc = metrics_add(c->metrics, fleet_metrics, c->fleet);
	if (rc == ERR_OK)
		rc = metrics_add(c->metrics, publish_metrics, c->publish);
	if (rc == ERR_OK)
		rc = metrics_add(c->metrics, write_own, c);
	return rc;
}

static void get_metrics(struct control *c, struct http_reply *reply)
{
	struct buf out = BUF_INIT;

	metrics_write(c->metrics, &out);
	if (out.failed)
		http_reply_error(reply, ERR_MEMORY, "no memory");
	else
		http_reply_text(reply, 200, "text/plain; version=0.0.4", (const char *)out.data,
				out.len);
	buf_fini(&out);
}

void pages_handle(void *control, const struct http_request *req, struct http_reply *reply)
{
	struct control *c = control;

	if (strcmp(req->method, "GET") != 0)
		http_reply_error(reply, ERR_DENIED, "these pages are read only");
	else if (strcmp(req->path, "/metrics") == 0)
		get_metrics(c, reply);
	else if (strcmp(req->path, "/healthz") == 0)
		http_reply_text(reply, 200, "text/plain", "ok\n", 3);
	else if (strcmp(req->path, "/readyz") == 0)
		http_reply_text(reply, c->is_serving ? 200 : 503, "text/plain",
				c->is_serving ? "ready\n" : "not ready\n", c->is_serving ? 6 : 10);
	else
		http_reply_error(reply, ERR_NOT_FOUND, "there are /metrics, /healthz and /readyz");
}
