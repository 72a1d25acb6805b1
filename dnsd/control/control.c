/* SPDX-License-Identifier: Apache-2.0 */
/* control: the life of the control thread: start, timers, signals, stop. */
#include "dnsd/control/control.h"

#include "core/daemon.h"
#include "core/file.h"
#include "core/log.h"
#include "core/rcu.h"
#include "dnsd/control/inside.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* ---- start ---- */

static const struct fleet_handler fleet_handler = { .changed = live_changed };

static enum err_code open_state(struct control *c, struct err *e)
{
	enum err_code rc = file_make_parent(c->config->state.path, e);

	if (rc == ERR_OK)
		rc = store_open(c->config->state.path, c->clock, &c->store, e);
	if (rc == ERR_OK)
		rc = ops_load(c, e);
	return rc;
}

static enum err_code restore_health(struct control *c, struct err *e)
{
	struct store_health *list;
	size_t n;
	enum err_code rc = store_health_list(c->store, &list, &n, e);

	if (rc != ERR_OK)
		return rc;
	fleet_restore(c->fleet, list, n);
	store_health_free(list, n);
	return ERR_OK;
}

static enum err_code start_parts(struct control *c, struct err *e)
{
	enum err_code rc = publish_new(&c->publish);

	if (rc == ERR_OK)
		rc = labels_new(&c->labels);
	if (rc == ERR_OK)
		rc = fleet_new(&c->fleet, c->loop, c->clock, &fleet_handler, c);
	if (rc != ERR_OK)
		return err_set(e, rc, "no memory");
	rc = fleet_configure(c->fleet, c->config, e);
	if (rc == ERR_OK)
		rc = restore_health(c, e);
	return rc == ERR_OK ? builder_first(c, e) : rc;
}

static enum err_code listen_secure(struct control *c, struct err *e)
{
	const struct dnsd_config *config = c->config;
	const struct tls_files files = { config->tls.certificate, config->tls.key, config->tls.ca };
	enum err_code rc;

	if (!config->has_tls)
		return ERR_OK;
	rc = control_check_tls(config, e);
	if (rc == ERR_OK)
		rc = tls_new(&c->tls, &files, e);
	if (rc == ERR_OK && config->listen.control.addr.family)
		rc = fleet_listen(c->fleet, c->tls, &config->listen.control, e);
	if (rc != ERR_OK || !config->listen.api.addr.family)
		return rc;
	rc = http_server_new(&c->api, c->loop, api_handle, c, e);
	return rc == ERR_OK ? http_listen_tcp(c->api, &config->listen.api, c->tls, e) : rc;
}

static enum err_code listen_local(struct control *c, struct err *e)
{
	const struct dnsd_config *config = c->config;
	enum err_code rc = file_make_parent(config->listen.admin, e);

	if (rc == ERR_OK)
		rc = http_server_new(&c->admin, c->loop, api_handle, c, e);
	if (rc == ERR_OK)
		rc = http_listen_unix(c->admin, config->listen.admin, e);
	if (rc != ERR_OK || !config->listen.http.addr.family)
		return rc;
	rc = http_server_new(&c->pages, c->loop, pages_handle, c, e);
	return rc == ERR_OK ? http_listen_tcp(c->pages, &config->listen.http, NULL, e) : rc;
}

static enum err_code bind_all(struct control *c, struct err *e)
{
	const struct serve_options options = { .dns = c->config->listen.dns,
					       .n_dns = c->config->listen.n_dns,
					       .workers = c->config->workers };
	enum err_code rc = serve_new(&c->serve, &options, publish_pointer(c->publish), e);

	if (rc == ERR_OK)
		rc = listen_local(c, e);
	if (rc == ERR_OK)
		rc = listen_secure(c, e);
	if (rc == ERR_OK)
		rc = pages_metrics(c);
	return rc;
}

/* ---- timers and signals ---- */

static void on_second(void *control)
{
	struct control *c = control;

	ops_expire(c);
	builder_retry(c);
	if (databases_changed(&c->geo_stamp))
		builder_request(c, false, true);
}

static void on_backup(void *control)
{
	struct control *c = control;
	struct err e;

	if (store_backup_rotate(c->store, c->config->state.backup_directory,
				c->config->state.backup_keep, &e) != ERR_OK)
		log_error("dnsd/control", "backup: %s", e.text);
}

static void on_stop(void *control)
{
	struct control *c = control;

	daemon_notify("STOPPING=1");
	c->is_serving = false;
	loop_stop(c->loop);
}

static void on_reload(void *control)
{
	builder_request(control, true, false);
}

static enum err_code make_timers(struct control *c)
{
	enum err_code rc = loop_timer_new(c->loop, &c->second, on_second, c);

	if (rc == ERR_OK)
		rc = loop_timer_new(c->loop, &c->keep, keep_flush, c);
	if (rc == ERR_OK)
		rc = loop_timer_new(c->loop, &c->backup, on_backup, c);
	if (rc == ERR_OK)
		rc = loop_signal(c->loop, SIGTERM, on_stop, c);
	if (rc == ERR_OK)
		rc = loop_signal(c->loop, SIGINT, on_stop, c);
	if (rc == ERR_OK)
		rc = loop_signal(c->loop, SIGHUP, on_reload, c);
	if (rc != ERR_OK)
		return rc;
	loop_timer_every(c->second, 1000);
	if (c->config->state.backup_directory)
		loop_timer_every(c->backup, c->config->state.backup_every_ms);
	return ERR_OK;
}

/* ---- life ---- */

enum err_code control_new(struct control **out, struct dnsd_config *config, struct err *e)
{
	return control_new_at(out, config, clock_system(), e);
}

enum err_code control_new_at(struct control **out, struct dnsd_config *config,
			     const struct clock *clock, struct err *e)
{
	struct control *c = calloc(1, sizeof(*c));
	enum err_code rc;

	if (!c) {
		config_dnsd_free(config);
		return err_set(e, ERR_MEMORY, "no memory");
	}
	c->config = config;
	c->clock = clock;
	c->started_ms = clock_wall_ms(c->clock);
	rc = loop_new(&c->loop, e);
	if (rc == ERR_OK)
		rc = make_timers(c);
	if (rc == ERR_OK)
		rc = open_state(c, e);
	if (rc == ERR_OK)
		rc = start_parts(c, e);
	if (rc == ERR_OK)
		rc = bind_all(c, e);
	if (rc != ERR_OK) {
		control_free(c);
		return rc;
	}
	*out = c;
	return ERR_OK;
}

static void record(struct control *c, const char *kind)
{
	struct store_event event = { .kind = (char *)kind,
				     .service = "",
				     .region = "",
				     .from = "",
				     .to = "",
				     .cause = "",
				     .by = "fairlead",
				     .reason = "fairlead-dnsd " PACKAGE_VERSION };
	int64_t seq;
	struct err e;

	if (store_event_add(c->store, &event, &seq, &e) != ERR_OK)
		log_error("dnsd/control", "event %s is not on disk: %s", kind, e.text);
}

enum err_code control_run(struct control *c, void (*ready)(void), struct err *e)
{
	enum err_code rc = serve_start(c->serve, e);

	if (rc != ERR_OK)
		return rc;
	record(c, "start");
	c->is_serving = true;
	log_info("dnsd/control", "%s serves %zu zones and %zu services to %u classes of clients",
		 c->config->node, c->config->n_zones, c->config->n_services,
		 client_map_class_count(publish_current(c->publish)->clients));
	ready();
	loop_run(c->loop);
	keep_flush(c);
	record(c, "stop");
	return ERR_OK;
}

void control_free(struct control *c)
{
	if (!c)
		return;
	builder_stop(c);
	if (c->serve)
		serve_stop(c->serve);
	http_server_free(c->admin);
	http_server_free(c->api);
	http_server_free(c->pages);
	fleet_free(c->fleet);
	publish_free(c->publish);
	serve_free(c->serve);
	publish_parts_unref(&c->parts);
	labels_free(c->labels);
	metrics_free(c->metrics);
	databases_stamp_fini(&c->geo_stamp);
	store_override_free(c->overrides, c->n_overrides);
	free(c->changes);
	store_close(c->store);
	tls_free(c->tls);
	loop_timer_free(c->second);
	loop_timer_free(c->backup);
	loop_timer_free(c->keep);
	loop_free(c->loop);
	config_dnsd_free(c->config);
	free(c);
}

/* ---- --check ---- */

/* On the line of `tls`. A certificate of another node would be refused by every peer: said here. */
enum err_code control_check_tls(const struct dnsd_config *config, struct err *e)
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

enum err_code control_check(const struct dnsd_config *config, struct buf *report)
{
	struct publish_parts parts = { 0 };
	struct err e;
	enum err_code rc = publish_load(config, NULL, false, &parts, report, &e);

	if (rc != ERR_OK && !strstr(buf_text(report), e.text))
		buf_printf(report, "%s\n", e.text);
	publish_parts_unref(&parts);
	if (control_check_tls(config, &e) == ERR_OK)
		return rc;
	buf_printf(report, "%s\n", e.text);
	return rc == ERR_OK ? ERR_INPUT : rc;
}
