/* SPDX-License-Identifier: Apache-2.0 */
/* node_world: a node with two pools and one service, without directors or running checks: for the
 * admin API's test and fuzzer. The wall clock is wound by hand. */
#ifndef FAIRLEAD_TESTS_REGIOND_NODE_WORLD_H
#define FAIRLEAD_TESTS_REGIOND_NODE_WORLD_H

#include "regiond/control/admin.h"
#include "schema/config/config.h"

#include <stdlib.h>
#include <string.h>

static const char node_world_text[] =
	"fleet: acme\n"
	"region: here\n"
	"node: one\n"
	"workers: 1\n"
	"listen: {admin: /tmp/unused.sock}\n"
	"monitors: {live: {type: tcp}}\n"
	"pools:\n"
	"  p:\n"
	"    monitors: [live]\n"
	"    backends:\n"
	"      - {az: a, address: '127.0.0.1:24101', max: 8}\n"
	"      - {az: b, address: '127.0.0.1:24102', max: 8, weight: 50}\n"
	"  q:\n"
	"    backends: [{az: a, address: '127.0.0.1:24101'}]\n"
	"services:\n"
	"  a.example.com: {listen: ['127.0.0.1:24110'], protocol: tcp, routes: [{pool: p}]}\n";

struct node_world {
	struct node node;
	struct clock_hand hand;
	struct job_pool *jobs;
	struct changeover *reload;
	struct trouble *trouble;
	struct admin admin;
};

static inline enum err_code never_done(void *ctx, struct check_spec *spec,
				       const struct endpoint *to, check_done_fn done, void *arg,
				       struct check **out)
{
	*out = NULL;
	return ERR_OK;
}

static inline void never_cancel(void *ctx, struct check *check)
{
}

static inline void on_changed(void *ctx, const struct backend *b, const char *reason)
{
}

static inline void must(enum err_code code)
{
	if (code != ERR_OK)
		abort();
}

/* `name` stands for the file in the configuration. */
static inline void node_world_init_as(struct node_world *w, const char *name, const char *text,
				      struct schedule_runner runner)
{
	struct node *n = &w->node;
	struct regiond_config *config;
	struct config_report report;
	memset(w, 0, sizeof(*w));
	clock_hand_init(&w->hand, 1000000, 1767323045678);
	config_report_init(&report);
	must(config_regiond_parse(name, text, strlen(text), &config, &report));
	config_report_fini(&report);
	n->clock = &w->hand.clock;
	n->state = NODE_SERVING;
	n->started_ms = clock_wall_ms(n->clock);
	must(loop_new(&n->loop, NULL));
	must(table_new(&n->table, config, NULL, NULL));
	must(table_publish(&n->ref, n->table));
	const struct schedule_options schedule = { .clock = n->clock, .runner = runner };
	struct checks_plan *plan;
	must(schedule_new(&n->schedule, &schedule));
	must(checks_new(&n->checks, n->schedule, n->clock, on_changed, w));
	must(checks_prepare(n->checks, n->table->config, n->table->pools, &plan, NULL));
	checks_commit(n->checks, plan);
	must(front_new(&n->front, 1, &n->ref, clock_system(), NULL));
	const struct reporter_options reporter = { .loop = n->loop, .clock = n->clock };
	must(reporter_new(&n->reporter, &reporter, NULL));
	must(reporter_follow(n->reporter, n->table, NULL));
	must(forced_new(&n->forced, NULL, n->clock, NULL));
	must(job_pool_new(&w->jobs, n->loop, 1, NULL));
	must(changeover_new(&w->reload, n, w->jobs, NULL));
	must(trouble_new(&w->trouble, n, w->reload));
	trouble_turn(w->trouble);
	w->admin = (struct admin){ .node = n, .reload = w->reload, .trouble = w->trouble };
}

static inline void node_world_init(struct node_world *w)
{
	const struct schedule_runner nobody = { .start = never_done, .cancel = never_cancel };
	node_world_init_as(w, "test.yaml", node_world_text, nobody);
}

static inline void node_world_fini(struct node_world *w)
{
	struct node *n = &w->node;
	must(job_pool_stop(w->jobs, 1000));
	changeover_drop(w->reload);
	front_free(n->front);
	reporter_free(n->reporter);
	checks_free(n->checks);
	schedule_free(n->schedule);
	forced_free(n->forced);
	trouble_free(w->trouble);
	loop_free(n->loop);
	table_free(n->table);
	changeover_free(w->reload);
}

/* body NULL = none. */
static inline enum err_code node_world_ask(struct node_world *w, const char *method,
					   const char *path, const void *body, size_t len,
					   json_t **out, struct err *e)
{
	static const struct http_peer peer = { .who = "uid:0", .from = "unix" };
	const struct http_request req = {
		.method = method, .path = path, .body = body, .len = len, .peer = &peer
	};
	*out = NULL;
	return admin_answer(&w->admin, &req, out, e);
}

#endif
