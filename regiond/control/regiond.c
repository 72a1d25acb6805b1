/* SPDX-License-Identifier: Apache-2.0 */
/* regiond: makes a node of a configuration, keeps it, and brings it to its end. */
#include "regiond/control/regiond.h"

#include "core/daemon.h"
#include "core/log.h"
#include "core/tls.h"
#include "regiond/control/admin.h"
#include "regiond/control/certificate.h"
#include "regiond/control/stats.h"
#include "schema/config/config.h"
#include "schema/sql/store_look.h"
#include "schema/sql/store_stand_in.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define TURN_MS	   100
#define GOODBYE_MS 1000
/* regiond's own backends are near: so many checks a second cost about a tenth of a core. */
#define CHECKS_PER_SECOND 500

struct regiond {
	struct node node;
	struct tls *tls; /* NULL without directors */
	struct store *store;
	struct checker *checker;
	struct schedule *schedule;
	struct front_plan *plan; /* bound, and not served yet: while starting */
	struct http_server *admin, *pages;
	struct metrics *metrics;
	struct loop_timer *turn;
	struct admin api;
	struct stats_pages stats;

	uint64_t settle_by_us;
	uint64_t stopped_at_us, quiet_since_us; /* while stopping */
	uint64_t arrivals;			/* seen last, to tell whether anybody came */
	bool finishing;
};

/* ---- loading */

static void check_monitors(const struct regiond_config *config, struct config_report *report)
{
	for (size_t i = 0; i < config->n_monitors; i++) {
		struct check_spec *spec;
		struct err e = { "" };
		if (check_spec_from_config(&config->monitors[i], &spec, &e) == ERR_OK)
			check_spec_free(spec);
		else
			config_report_error(report, &config->monitors[i].pos, "%s", e.text);
	}
}

static void check_pools(const struct regiond_config *config, struct config_report *report)
{
	for (size_t i = 0; i < config->n_pools; i++) {
		struct err e = { "" };
		if (pool_check(&config->pools[i], &e) != ERR_OK)
			config_report_error(report, &config->pools[i].pos, "%s", e.text);
	}
}

static void check_tls(const struct regiond_config *config, struct config_report *report)
{
	struct tls *tls;
	struct err e = { "" };
	if (certificate_open(&tls, config, &e) == ERR_OK)
		tls_free(tls);
	else
		config_report_error(report, &config->tls.pos, "%s", e.text);
}

enum err_code regiond_load(const char *path, struct regiond_config **out,
			   struct config_report *report)
{
	struct regiond_config *config;
	enum err_code code = config_regiond_load(path, &config, report);
	if (code != ERR_OK)
		return code;
	check_monitors(config, report);
	check_pools(config, report);
	check_tls(config, report);
	if (report->n_errors) {
		config_regiond_free(config);
		return ERR_INPUT;
	}
	*out = config;
	return ERR_OK;
}

/* ---- serving */

static void on_backend(void *ctx, const struct backend *b, const char *reason)
{
	struct regiond *c = ctx;
	if (*reason)
		log_warn("regiond/back", "pool %s: backend %s is down: %s", b->pool, b->text,
			 reason);
	else
		log_info("regiond/back", "pool %s: backend %s is up", b->pool, b->text);
	if (c->node.reporter)
		reporter_changed(c->node.reporter);
}

/* From STARTING to SERVING: the backlog is accepted, the directors are dialled. */
static void serve(struct regiond *c)
{
	struct node *n = &c->node;
	struct err e = { "" };
	if (front_change(n->front, c->plan) != ERR_OK)
		log_error("regiond/control", "out of memory: not every listener is served");
	c->plan = NULL;
	n->state = NODE_SERVING;
	node_apply(n);
	if (reporter_follow(n->reporter, n->table, &e) != ERR_OK)
		log_error("regiond/control", "%s", e.text);
	log_info("regiond/control", "%s in %s: %zu services on %u workers", n->table->config->node,
		 n->table->config->region, n->table->n_services, front_workers(n->front));
	daemon_ready();
}

/* ---- stopping */

static void end_now(void *arg)
{
	struct regiond *c = arg;
	loop_stop(c->node.loop);
}

static void finish(struct regiond *c, const char *why)
{
	if (c->finishing)
		return;
	c->finishing = true;
	log_info("regiond/control", "ends: %s, %llu connections open", why,
		 (unsigned long long)front_open(c->node.front));
	reporter_finish(c->node.reporter, "stopped", GOODBYE_MS, end_now, c);
}

static uint64_t count_arrivals(const struct node *n)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < n->table->n_services; i++)
		sum += atomic_load(&n->table->services[i].service->arrivals);
	return sum;
}

static void stopping_turn(struct regiond *c)
{
	struct node *n = &c->node;
	uint64_t now_us = clock_mono_us(n->clock), arrivals = count_arrivals(n);
	if (front_open(n->front) || arrivals != c->arrivals)
		c->quiet_since_us = now_us;
	c->arrivals = arrivals;
	if (now_us - c->stopped_at_us >= n->table->config->drain_ms * 1000)
		finish(c, "the drain time is over");
	else if (now_us - c->quiet_since_us >= REGIOND_QUIET_MS * 1000)
		finish(c, "nobody is left");
}

static void on_terminate(void *arg)
{
	struct regiond *c = arg;
	struct node *n = &c->node;
	if (n->state != NODE_SERVING) { /* nobody was told of it yet, or the second time */
		finish(c, "told to, now");
		return;
	}
	log_info("regiond/control", "withdrawn: serves for %llu s more at most",
		 (unsigned long long)n->table->config->drain_ms / 1000);
	daemon_notify("STOPPING=1");
	n->state = NODE_STOPPING;
	c->stopped_at_us = c->quiet_since_us = clock_mono_us(n->clock);
	c->arrivals = count_arrivals(n);
	node_apply(n);
}

static void on_turn(void *arg)
{
	struct regiond *c = arg;
	struct node *n = &c->node;
	if (n->store)
		store_look(n->store);
	if (forced_has_expired(n->forced))
		node_apply(n);
	switch (n->state) {
	case NODE_STARTING:
		if (checks_are_settled(n->checks) || clock_mono_us(n->clock) >= c->settle_by_us)
			serve(c);
		break;
	case NODE_SERVING: break;
	case NODE_STOPPING: stopping_turn(c); break;
	}
}

/* ---- reload */

/* One line of the log for each line of a report: mistakes stay readable. */
static void log_lines(enum log_level level, struct buf *text)
{
	for (const char *line = buf_text(text); *line;) {
		size_t len = strcspn(line, "\n");
		log_write(level, "regiond/control", "%.*s", (int)len, line);
		line += len + (line[len] == '\n');
	}
}

static enum err_code load_again(const struct regiond *c, struct regiond_config **out, struct err *e)
{
	struct config_report report;
	const char *file = c->node.table->config->file;
	config_report_init(&report);
	enum err_code code = regiond_load(file, out, &report);
	log_lines(LOG_ERROR, &report.errors);
	log_lines(LOG_WARN, &report.notes);
	const char *first = buf_text(&report.errors);
	if (code != ERR_OK)
		err_set(e, code, "%.*s", (int)strcspn(first, "\n"), first);
	config_report_fini(&report);
	return code;
}

static void log_restart_keys(const struct regiond_config *before,
			     const struct regiond_config *after)
{
	struct buf names = BUF_INIT;
	if (config_regiond_needs_restart(before, after, &names))
		log_warn("regiond/control", "reload: in effect after a restart only: %s",
			 buf_text(&names));
	buf_fini(&names);
}

/* What a reload has ready before anything is changed. */
struct change {
	struct table *table;
	struct front_plan *plan;
	struct tls *tls; /* when `other_tls` */
	bool other_tls;
};

static enum err_code prepare(struct regiond *c, struct change *ch, struct err *e)
{
	const struct node *n = &c->node;
	ch->other_tls = !certificate_is_same(n->table->config, ch->table->config);
	enum err_code code = front_prepare(n->front, ch->table, &ch->plan, e);
	if (code == ERR_OK && ch->other_tls)
		code = certificate_open(&ch->tls, ch->table->config, e);
	else if (code == ERR_OK && c->tls)
		code = tls_reload(c->tls, e);
	if (code == ERR_OK)
		code = checks_follow(n->checks, ch->table->config, ch->table->pools, e);
	if (code == ERR_OK)
		return code;
	front_plan_free(ch->plan);
	tls_free(ch->tls);
	return code;
}

/* Workers learn of the new table before they get listeners of services that only it has. The old
 * table is nobody's but theirs when it is published: it may be gone at once. */
static void commit(struct regiond *c, const struct change *ch)
{
	struct node *n = &c->node;
	struct err e = { "" };
	log_restart_keys(n->table->config, ch->table->config);
	if (ch->other_tls) {
		reporter_use_tls(n->reporter, ch->tls);
		tls_free(c->tls);
		c->tls = ch->tls;
	}
	n->table = ch->table;
	forced_apply(n->forced, n->table);
	if (reporter_follow(n->reporter, n->table, &e) != ERR_OK)
		log_error("regiond/control", "%s", e.text);
	if (table_publish(&n->ref, n->table) != ERR_OK)
		log_error("regiond/control", "out of memory: the table before is not freed");
	if (front_change(n->front, ch->plan) != ERR_OK)
		log_error("regiond/control", "out of memory: not every listener is served");
}

static enum err_code reload(void *ctx, struct err *e)
{
	struct regiond *c = ctx;
	struct node *n = &c->node;
	struct regiond_config *config;
	struct change ch = { 0 };
	if (n->state != NODE_SERVING)
		return err_set(e, ERR_AGAIN, "not while %s", node_state_name(n->state));
	enum err_code code = load_again(c, &config, e);
	if (code != ERR_OK)
		goto refused;
	code = table_new(&ch.table, config, n->table, e);
	if (code != ERR_OK) {
		config_regiond_free(config);
		goto refused;
	}
	code = prepare(c, &ch, e);
	if (code != ERR_OK) {
		table_free(ch.table);
		goto refused;
	}
	commit(c, &ch);
	n->reloads++;
	log_info("regiond/control", "reloaded %s", n->table->config->file);
	return ERR_OK;
refused:
	n->reload_failures++;
	return code;
}

static void on_hangup(void *arg)
{
	struct err e = { "" };
	daemon_notify("RELOADING=1");
	if (reload(arg, &e) != ERR_OK)
		log_error("regiond/control", "reload refused, the running one stays: %s", e.text);
	daemon_notify("READY=1");
}

/* ---- making */

static enum err_code start_loop(struct regiond *c, struct err *e)
{
	struct node *n = &c->node;
	enum err_code code = loop_new(&n->loop, e);
	if (code == ERR_OK)
		code = loop_timer_new(n->loop, &c->turn, on_turn, c);
	if (code == ERR_OK)
		code = loop_signal(n->loop, SIGTERM, on_terminate, c);
	if (code == ERR_OK)
		code = loop_signal(n->loop, SIGINT, on_terminate, c);
	if (code == ERR_OK)
		code = loop_signal(n->loop, SIGHUP, on_hangup, c);
	return code;
}

static enum err_code start_state(struct regiond *c, struct err *e)
{
	struct node *n = &c->node;
	const struct regiond_config *config = n->table->config;
	enum err_code code = ERR_OK;
	if (config->state_path)
		code = store_open_always(config->state_path, NULL, n->clock, &c->store, e);
	if (code == ERR_OK && c->store && store_stand_in_reason(c->store))
		log_error("regiond", "%s", store_stand_in_reason(c->store));
	n->store = c->store;
	if (code == ERR_OK)
		code = forced_new(&n->forced, c->store, n->clock, e);
	return code;
}

static enum err_code start_checks(struct regiond *c, struct err *e)
{
	struct node *n = &c->node;
	enum err_code code = checker_new(&c->checker, n->loop, NULL, e);
	if (code != ERR_OK)
		return code;
	const struct schedule_options options = {
		.loop = n->loop,
		.clock = n->clock,
		.runner = schedule_runner(c->checker),
		.per_second = CHECKS_PER_SECOND,
	};
	code = schedule_new(&c->schedule, &options);
	if (code == ERR_OK)
		code = checks_new(&n->checks, c->schedule, n->clock, on_backend, c);
	if (code != ERR_OK)
		return err_set(e, code, "out of memory");
	return checks_follow(n->checks, n->table->config, n->table->pools, e);
}

static enum err_code start_front(struct regiond *c, struct err *e)
{
	struct node *n = &c->node;
	enum err_code code = front_new(&n->front, n->table->config->workers, &n->ref, n->clock, e);
	if (code == ERR_OK)
		code = front_prepare(n->front, n->table, &c->plan, e);
	return code;
}

static enum err_code start_reporter(struct regiond *c, struct err *e)
{
	struct node *n = &c->node;
	const struct reporter_options options = {
		.loop = n->loop,
		.clock = n->clock,
		.tls = c->tls,
		.incarnation = (uint64_t)n->started_ms,
	};
	return reporter_new(&n->reporter, &options, e);
}

static enum err_code start_http(struct regiond *c, struct err *e)
{
	struct node *n = &c->node;
	const struct regiond_config *config = n->table->config;
	c->api = (struct admin){ .node = n, .reload = reload, .ctx = c };
	c->stats = (struct stats_pages){ .node = n, .metrics = c->metrics };
	enum err_code code = metrics_new(&c->metrics);
	if (code == ERR_OK)
		code = metrics_add(c->metrics, stats_collect, n);
	if (code == ERR_OK)
		code = metrics_add(c->metrics, loop_metrics, n->loop);
	c->stats.metrics = c->metrics;
	if (code != ERR_OK)
		return err_set(e, code, "out of memory");
	code = http_server_new(&c->admin, n->loop, admin_handle, &c->api, e);
	if (code == ERR_OK)
		code = http_listen_unix(c->admin, config->listen.admin, e);
	if (code != ERR_OK || !config->listen.http.addr.family)
		return code;
	code = http_server_new(&c->pages, n->loop, stats_handle, &c->stats, e);
	if (code == ERR_OK)
		code = http_listen_tcp(c->pages, &config->listen.http, NULL, e);
	return code;
}

static enum err_code start(struct regiond *c, struct err *e)
{
	static enum err_code (*const steps[])(struct regiond * c, struct err * e) = {
		start_loop, start_state, start_checks, start_reporter, start_front, start_http,
	};
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		enum err_code code = steps[i](c, e);
		if (code != ERR_OK)
			return code;
	}
	return ERR_OK;
}

enum err_code regiond_new(struct regiond **out, struct regiond_config *config, struct err *e)
{
	struct regiond *c = calloc(1, sizeof(*c));
	enum err_code code = c ? ERR_OK : err_set(e, ERR_MEMORY, "out of memory");
	struct node *n = &c->node;
	if (code == ERR_OK)
		code = table_new(&n->table, config, NULL, e);
	if (code != ERR_OK) {
		config_regiond_free(config);
		free(c);
		return code;
	}
	n->clock = clock_system();
	n->started_ms = clock_wall_ms(n->clock);
	table_publish(&n->ref, n->table);
	code = certificate_open(&c->tls, config, e);
	if (code == ERR_OK)
		code = start(c, e);
	if (code != ERR_OK) {
		regiond_free(c);
		return code;
	}
	forced_apply(n->forced, n->table);
	c->settle_by_us = clock_mono_us(n->clock) + REGIOND_SETTLE_MS * 1000;
	*out = c;
	return ERR_OK;
}

void regiond_run(struct regiond *c)
{
	loop_timer_every(c->turn, TURN_MS);
	on_turn(c); /* without monitors it serves at once */
	loop_run(c->node.loop);
}

void regiond_free(struct regiond *c)
{
	if (!c)
		return;
	struct node *n = &c->node;
	http_server_free(c->pages);
	http_server_free(c->admin);
	front_plan_free(c->plan);
	front_free(n->front);
	reporter_free(n->reporter);
	checks_free(n->checks);
	schedule_free(c->schedule);
	checker_free(c->checker);
	forced_free(n->forced);
	store_close(c->store);
	metrics_free(c->metrics);
	tls_free(c->tls);
	if (c->turn)
		loop_timer_free(c->turn);
	loop_free(n->loop);
	rcu_barrier_wait();
	table_free(n->table);
	free(c);
}
