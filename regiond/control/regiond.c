/* SPDX-License-Identifier: Apache-2.0 */
/* regiond: makes a node of a configuration, keeps it, and brings it to its end. */
#include "regiond/control/regiond.h"

#include "core/daemon.h"
#include "core/job.h"
#include "core/log.h"
#include "core/log_sink.h"
#include "core/process.h"
#include "core/status_pages.h"
#include "regiond/control/admin.h"
#include "regiond/control/certificate.h"
#include "regiond/control/changeover.h"
#include "regiond/control/stats.h"
#include "regiond/control/stop.h"
#include "regiond/control/trouble.h"
#include "schema/config/config.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define TURN_MS	     100
#define TROUBLE_MS   1000
#define GOODBYE_MS   1000
#define JOBS	     1	  /* a reload reads its files */
#define NAME_JOBS    2	  /* names of directors: a resolver that hangs holds up no reload */
#define JOB_STOP_MS  1000 /* for one that hangs, at the end */
#define LOG_FLUSH_MS 200
/* regiond's own backends are near: so many checks a second cost about a tenth of a core. */
#define CHECKS_PER_SECOND 500

struct regiond {
	struct node node;
	struct checker *checker;
	struct job_pool *jobs, *names;
	struct changeover *reload;
	struct trouble *trouble;
	struct front_plan *plan; /* bound, and not served yet: while starting */
	struct http_server *admin, *pages;
	struct metrics *metrics;
	struct loop_timer *turn, *trouble_turn;
	struct admin api;
	struct stats stats;
	struct status_pages status;
	struct stop stop;

	uint64_t settle_by_us;
	bool finishing;
};

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
	changeover_drop(c->reload);
	stop_begin(&c->stop, n);
	node_apply(n);
}

static void on_turn(void *arg)
{
	struct regiond *c = arg;
	struct node *n = &c->node;
	const char *over;
	if (forced_expire(n->forced))
		node_apply(n);
	switch (n->state) {
	case NODE_STARTING:
		if (checks_are_settled(n->checks) || clock_mono_us(n->clock) >= c->settle_by_us)
			serve(c);
		break;
	case NODE_SERVING: changeover_turn(c->reload); break;
	case NODE_STOPPING:
		over = stop_turn(&c->stop, n);
		if (over)
			finish(c, over);
		break;
	}
}

static void on_trouble_turn(void *arg)
{
	struct regiond *c = arg;
	forced_look(c->node.forced);
	trouble_turn(c->trouble);
}

static void on_reloaded(void *ctx, enum err_code code, const struct err *e)
{
	daemon_notify("READY=1");
}

static void on_hangup(void *arg)
{
	struct regiond *c = arg;
	daemon_notify("RELOADING=1");
	changeover_ask(c->reload, on_reloaded, c);
}

/* ---- making */

static enum err_code start_loop(struct regiond *c, struct err *e)
{
	struct node *n = &c->node;
	enum err_code code = loop_new(&n->loop, e);
	if (code == ERR_OK)
		code = daemon_follow(n->loop, e);
	if (code == ERR_OK)
		code = job_pool_new(&c->jobs, n->loop, JOBS, e);
	if (code == ERR_OK)
		code = job_pool_new(&c->names, n->loop, NAME_JOBS, e);
	if (code == ERR_OK)
		code = loop_timer_new(n->loop, &c->turn, on_turn, c);
	if (code == ERR_OK)
		code = loop_timer_new(n->loop, &c->trouble_turn, on_trouble_turn, c);
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
	return forced_new(&n->forced, n->table->config->state_path, n->clock, e);
}

static enum err_code start_reload(struct regiond *c, struct err *e)
{
	enum err_code code = changeover_new(&c->reload, &c->node, c->jobs, e);
	if (code == ERR_OK && trouble_new(&c->trouble, &c->node, c->reload) != ERR_OK)
		code = err_set(e, ERR_MEMORY, "out of memory");
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
	code = schedule_new(&n->schedule, &options);
	if (code == ERR_OK)
		code = checks_new(&n->checks, n->schedule, n->clock, on_backend, c);
	if (code != ERR_OK)
		return err_set(e, code, "out of memory");
	struct checks_plan *plan;
	code = checks_prepare(n->checks, n->table->config, n->table->pools, &plan, e);
	if (code == ERR_OK)
		checks_commit(n->checks, plan);
	return code;
}

static enum err_code start_front(struct regiond *c, struct err *e)
{
	struct node *n = &c->node;
	enum err_code code = front_new(&n->front, n->table->config->workers, &n->ref, n->clock, e);
	if (code == ERR_OK)
		code = front_prepare(n->front, n->table, &c->plan, e);
	return code;
}

static void on_checkers(void *ctx, const struct addr *addrs, size_t n)
{
	struct regiond *c = ctx;
	if (checkers_publish(&c->node.ref.checkers, addrs, n) != ERR_OK)
		log_error("regiond/control",
			  "out of memory: where probers check from is not known");
}

static enum err_code start_reporter(struct regiond *c, struct err *e)
{
	struct node *n = &c->node;
	const struct reporter_options options = {
		.loop = n->loop,
		.clock = n->clock,
		.tls = n->tls,
		.incarnation = (uint64_t)n->started_ms,
		.checkers = on_checkers,
		.ctx = c,
		.jobs = c->names,
	};
	return reporter_new(&n->reporter, &options, e);
}

static const char *why_not_ready(const void *ctx)
{
	return node_is_ready(ctx) ? NULL : "it wants no clients";
}

static enum err_code start_http(struct regiond *c, struct err *e)
{
	struct node *n = &c->node;
	const struct regiond_config *config = n->table->config;
	c->api = (struct admin){ .node = n, .reload = c->reload, .trouble = c->trouble };
	c->stats = (struct stats){ .node = n, .reload = c->reload, .trouble = c->trouble };
	enum err_code code = metrics_new(&c->metrics);
	if (code == ERR_OK)
		code = metrics_add_parts(c->metrics, stats_collect, &c->stats);
	if (code == ERR_OK)
		code = metrics_add(c->metrics, loop_metrics, n->loop);
	if (code == ERR_OK)
		code = metrics_add(c->metrics, process_metrics, NULL);
	if (code == ERR_OK)
		metrics_number_by(c->metrics, stats_numbering, &c->stats);
	c->status = (struct status_pages){ c->metrics, why_not_ready, n };
	if (code != ERR_OK)
		return err_set(e, code, "out of memory");
	code = http_server_new(&c->admin, n->loop, admin_handle, &c->api, e);
	if (code == ERR_OK)
		code = http_listen_unix(c->admin, config->listen.admin, e);
	if (code != ERR_OK || !config->listen.http.addr.family)
		return code;
	code = http_server_new(&c->pages, n->loop, status_pages_handle, &c->status, e);
	if (code == ERR_OK)
		code = http_listen_tcp(c->pages, &config->listen.http, NULL, e);
	return code;
}

static enum err_code start(struct regiond *c, struct err *e)
{
	static enum err_code (*const steps[])(struct regiond * c, struct err * e) = {
		start_loop,  start_state,  start_checks, start_reporter,
		start_front, start_reload, start_http,
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
	code = certificate_open(&n->tls, config, NULL, e);
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
	loop_timer_every(c->trouble_turn, TROUBLE_MS);
	trouble_turn(c->trouble);
	on_turn(c); /* without monitors it serves at once */
	loop_run(c->node.loop);
}

static enum err_code stop_jobs(struct regiond *c)
{
	enum err_code files = job_pool_stop(c->jobs, JOB_STOP_MS);
	enum err_code names = job_pool_stop(c->names, JOB_STOP_MS);
	return files == ERR_OK ? names : files;
}

void regiond_free(struct regiond *c)
{
	if (!c)
		return;
	struct node *n = &c->node;
	/* What hangs has its thread, and what it reads into, until the process is gone. */
	if (stop_jobs(c) != ERR_OK) {
		log_sink_flush(LOG_FLUSH_MS);
		_exit(0);
	}
	if (c->reload)
		changeover_drop(c->reload);
	http_server_free(c->pages);
	http_server_free(c->admin);
	front_plan_free(c->plan);
	front_free(n->front);
	reporter_free(n->reporter);
	checks_free(n->checks);
	schedule_free(n->schedule);
	checker_free(c->checker);
	forced_free(n->forced);
	metrics_free(c->metrics);
	trouble_free(c->trouble);
	tls_free(n->tls);
	if (c->turn)
		loop_timer_free(c->turn);
	if (c->trouble_turn)
		loop_timer_free(c->trouble_turn);
	loop_free(n->loop);
	rcu_barrier_wait();
	table_free(n->table);
	checkers_free(&n->ref.checkers);
	changeover_free(c->reload);
	free(c);
}
