/* SPDX-License-Identifier: Apache-2.0 */
/* changeover: another configuration comes into effect while the node serves. */
#include "regiond/control/changeover.h"

#include "core/log.h"
#include "regiond/control/load.h"
#include "schema/config/config.h"

#include <stdlib.h>
#include <string.h>

/* How long new backends may take for their first results. The least is for the checks of all to be
 * spread, the most for an operator who waits. */
#define SETTLE_LEAST_MS 3000
#define SETTLE_MOST_MS	30000

struct asker {
	changeover_done_fn done;
	void *ctx;
	struct asker *next;
};

/* One file, on its way. The helper thread has it until on_read(). */
struct change {
	struct changeover *reload;
	char *path;
	struct config_report report;
	enum err_code read;
	struct regiond_config *config; /* until the table has it */
	struct tls *tls;
	struct table *table;
	struct front_plan *listeners;
	struct checks_plan *checks;
	uint64_t until_us; /* settles at most until then */
};

struct changeover {
	struct node *node;
	struct job_pool *jobs;
	struct asker *askers;	 /* of what is under way */
	bool reading, again;	 /* again: asked anew while it reads */
	struct change *settling; /* NULL = nothing does */
	struct reload_count count;
	struct buf restart; /* keys of the last one that wait for a restart */
	int64_t restart_ms;
	struct regiond_config *started; /* what listens and whose names are those of the start */
};

enum err_code changeover_new(struct changeover **out, struct node *node, struct job_pool *jobs,
			     struct err *e)
{
	struct changeover *r = calloc(1, sizeof(*r));
	if (!r)
		return err_set(e, ERR_MEMORY, "out of memory");
	r->node = node;
	r->jobs = jobs;
	buf_init(&r->restart);
	reload_count_start(&r->count, clock_wall_ms(node->clock));
	r->started = table_take_config(node->table);
	*out = r;
	return ERR_OK;
}

/* ---- who asked */

static enum err_code add_asker(struct changeover *r, changeover_done_fn done, void *ctx)
{
	struct asker *a = calloc(1, sizeof(*a));
	if (!a)
		return ERR_MEMORY;
	*a = (struct asker){ .done = done, .ctx = ctx, .next = r->askers };
	r->askers = a;
	return ERR_OK;
}

/* They may ask again at once: the list is the caller's by then. */
static void answer(struct changeover *r, enum err_code code, const struct err *e)
{
	struct asker *a = r->askers;
	r->askers = NULL;
	while (a) {
		struct asker *next = a->next;
		a->done(a->ctx, code, e);
		free(a);
		a = next;
	}
}

static void refuse(struct changeover *r, enum err_code code, const struct err *e)
{
	reload_count_refused(&r->count, clock_wall_ms(r->node->clock), e);
	log_error("regiond/control", "reload refused, the running one stays: %s", e->text);
	answer(r, code, e);
}

/* ---- reading */

static void change_free(struct change *ch)
{
	if (!ch)
		return;
	checks_plan_free(ch->checks);
	front_plan_free(ch->listeners);
	table_free(ch->table);
	tls_free(ch->tls);
	config_regiond_free(ch->config);
	config_report_fini(&ch->report);
	free(ch->path);
	free(ch);
}

static struct change *change_new(struct changeover *r)
{
	struct change *ch = calloc(1, sizeof(*ch));
	if (!ch)
		return NULL;
	ch->reload = r;
	config_report_init(&ch->report);
	ch->path = strdup(r->node->table->config->file);
	if (ch->path)
		return ch;
	change_free(ch);
	return NULL;
}

static void read_files(void *arg)
{
	struct change *ch = arg;
	ch->read = load_file(ch->path, &ch->config, &ch->tls, &ch->report);
}

static void on_read(void *arg, enum job_end end);

static enum err_code begin(struct changeover *r, struct err *e)
{
	struct change *ch = change_new(r);
	if (!ch)
		return err_set(e, ERR_MEMORY, "out of memory");
	enum err_code code = job_submit(r->jobs, read_files, on_read, ch);
	if (code == ERR_OK) {
		r->reading = true;
		return code;
	}
	change_free(ch);
	return err_set(e, code, "the file cannot be read now: no helper thread is free");
}

static void supersede(struct changeover *r)
{
	struct err e = { "" };
	if (!r->settling)
		return;
	change_free(r->settling);
	r->settling = NULL;
	err_set(&e, ERR_AGAIN, "another reload took its place");
	answer(r, ERR_AGAIN, &e);
}

void changeover_ask(struct changeover *r, changeover_done_fn done, void *ctx)
{
	struct err e = { "" };
	enum err_code code = ERR_OK;
	if (r->node->state != NODE_SERVING) {
		code = err_set(&e, ERR_AGAIN, "not while %s", node_state_name(r->node->state));
		done(ctx, code, &e);
		return;
	}
	supersede(r);
	if (add_asker(r, done, ctx) != ERR_OK) {
		err_set(&e, ERR_MEMORY, "out of memory");
		done(ctx, ERR_MEMORY, &e);
		return;
	}
	if (r->reading) {
		r->again = true; /* the file may have changed since */
		return;
	}
	code = begin(r, &e);
	if (code != ERR_OK)
		refuse(r, code, &e);
}

/* ---- preparing */

/* One line of the log for each line of a report: mistakes stay readable. */
static void log_lines(enum log_level level, struct buf *text)
{
	for (const char *line = buf_text(text); *line;) {
		size_t len = strcspn(line, "\n");
		log_write(level, "regiond/control", "%.*s", (int)len, line);
		line += len + (line[len] == '\n');
	}
}

static uint64_t settle_ms(const struct regiond_config *config)
{
	uint64_t most = SETTLE_LEAST_MS;
	for (size_t i = 0; i < config->n_monitors; i++) {
		const struct config_monitor *m = &config->monitors[i];
		uint64_t ms = 1000 + m->timeout_ms + (m->fall - 1) * m->interval_ms;
		most = ms > most ? ms : most;
	}
	return most < SETTLE_MOST_MS ? most : SETTLE_MOST_MS;
}

static enum err_code prepare(struct changeover *r, struct change *ch, struct err *e)
{
	struct node *n = r->node;
	enum err_code code = table_new(&ch->table, ch->config, n->table, e);
	if (code != ERR_OK)
		return code;
	ch->config = NULL;
	if (reporter_reserve(n->reporter, ch->table->n_services) != ERR_OK)
		return err_set(e, ERR_MEMORY, "out of memory");
	code = front_prepare(n->front, ch->table, &ch->listeners, e);
	if (code != ERR_OK)
		return code;
	forced_apply(n->forced, ch->table);
	ch->until_us = clock_mono_us(n->clock) + settle_ms(ch->table->config) * 1000;
	return checks_prepare(n->checks, ch->table->config, ch->table->pools, &ch->checks, e);
}

/* ---- settling */

static const struct table_service *service_of(const struct table *t, const char *name)
{
	for (size_t i = 0; i < t->n_services; i++)
		if (strcmp(t->services[i].service->name, name) == 0)
			return &t->services[i];
	return NULL;
}

/* Has it backends without a result, and for want of them fewer than now? A service that is new has
 * none now, and needs one. */
static bool waits_for_results(const struct table_service *ts, const struct table *now)
{
	const struct table_service *before = service_of(now, ts->service->name);
	struct pool_sum has, had = { .usable = 1 };
	routes_sum(&ts->routes, &has);
	if (before)
		routes_sum(&before->routes, &had);
	return has.unknown && has.usable < had.usable;
}

static const struct table_service *first_waiting(const struct change *ch)
{
	const struct table *now = ch->reload->node->table;
	for (size_t i = 0; i < ch->table->n_services; i++)
		if (waits_for_results(&ch->table->services[i], now))
			return &ch->table->services[i];
	return NULL;
}

/* ---- in effect */

static void note_restart_keys(struct changeover *r, const struct regiond_config *config)
{
	bool before = r->restart.len > 0;
	buf_fini(&r->restart);
	buf_init(&r->restart);
	if (!config_regiond_needs_restart(r->started, config, &r->restart))
		return;
	if (!before)
		r->restart_ms = clock_wall_ms(r->node->clock);
	log_warn("regiond/control", "reload: in effect after a restart only: %s",
		 buf_text(&r->restart));
}

/* Links keep their sessions; those that are made from now on use the new certificate. */
static void take_tls(struct node *n, struct tls *fresh)
{
	if (n->tls && fresh) {
		tls_take(n->tls, fresh);
		return;
	}
	reporter_use_tls(n->reporter, fresh);
	tls_free(n->tls);
	n->tls = fresh;
}

/* Workers learn of the new table before they get listeners of services that only it has. Once the
 * new one is published the table before may be gone at any time. */
static void commit(struct changeover *r, struct change *ch)
{
	struct node *n = r->node;
	struct err e = { "" };
	take_tls(n, ch->tls);
	n->table = ch->table;
	forced_apply(n->forced, n->table);
	checks_commit(n->checks, ch->checks);
	if (reporter_follow(n->reporter, n->table, &e) != ERR_OK)
		log_error("regiond/control", "%s", e.text);
	if (table_publish(&n->ref, n->table) != ERR_OK)
		log_error("regiond/control", "out of memory: the table before is not freed");
	if (front_change(n->front, ch->listeners) != ERR_OK)
		log_error("regiond/control", "out of memory: not every listener is served");
	node_apply(n);
	ch->tls = NULL;
	ch->table = NULL;
	ch->checks = NULL;
	ch->listeners = NULL;
	change_free(ch);
}

static void finish(struct changeover *r, struct change *ch)
{
	struct err e = { "" };
	commit(r, ch);
	reload_count_done(&r->count, clock_wall_ms(r->node->clock));
	note_restart_keys(r, r->node->table->config);
	log_info("regiond/control", "reloaded %s", r->node->table->config->file);
	answer(r, ERR_OK, &e);
}

static void settle(struct changeover *r, struct change *ch)
{
	const struct table_service *waiting = first_waiting(ch);
	if (!waiting) {
		finish(r, ch);
		return;
	}
	log_info("regiond/control",
		 "reload: the backends before carry until the new ones of %s are checked",
		 waiting->service->name);
	r->settling = ch;
}

void changeover_turn(struct changeover *r)
{
	struct change *ch = r->settling;
	if (!ch)
		return;
	const struct table_service *waiting = first_waiting(ch);
	if (waiting && clock_mono_us(r->node->clock) < ch->until_us)
		return;
	if (waiting)
		log_warn("regiond/control",
			 "reload: in effect although not every new backend of %s has a result",
			 waiting->service->name);
	r->settling = NULL;
	finish(r, ch);
}

static void take_read(struct changeover *r, struct change *ch)
{
	struct err e = { "" };
	const char *first = buf_text(&ch->report.errors);
	enum err_code code = ch->read;
	log_lines(LOG_ERROR, &ch->report.errors);
	log_lines(LOG_WARN, &ch->report.notes);
	if (code != ERR_OK)
		err_set(&e, code, "%.*s", (int)strcspn(first, "\n"), first);
	else
		code = prepare(r, ch, &e);
	if (code == ERR_OK) {
		settle(r, ch);
		return;
	}
	change_free(ch);
	refuse(r, code, &e);
}

static void on_read(void *arg, enum job_end end)
{
	struct change *ch = arg;
	struct changeover *r = ch->reload;
	struct err e = { "" };
	r->reading = false;
	if (end == JOB_DROPPED || r->node->state != NODE_SERVING) {
		change_free(ch);
		return;
	}
	if (!r->again) {
		take_read(r, ch);
		return;
	}
	r->again = false;
	change_free(ch);
	enum err_code code = begin(r, &e);
	if (code != ERR_OK)
		refuse(r, code, &e);
}

/* ---- its end, and what is told */

void changeover_drop(struct changeover *r)
{
	struct err e = { "" };
	change_free(r->settling);
	r->settling = NULL;
	err_set(&e, ERR_AGAIN, "not while %s", node_state_name(r->node->state));
	answer(r, ERR_AGAIN, &e);
}

void changeover_free(struct changeover *r)
{
	if (!r)
		return;
	changeover_drop(r);
	buf_fini(&r->restart);
	config_regiond_free(r->started);
	free(r);
}

static double seconds_since(const struct changeover *r, int64_t since_ms)
{
	int64_t age_ms = clock_wall_ms(r->node->clock) - since_ms;
	return age_ms > 0 ? (double)age_ms / 1000 : 0;
}

void changeover_problems(const struct changeover *r, struct problems *out)
{
	const char *file = r->node->table->config->file;
	if (r->count.is_refused)
		problems_add(out, PROBLEM_WARNING, "reload_refused", file,
			     seconds_since(r, r->count.refused_ms), r->count.why.text,
			     "the last reload was refused, the configuration before is in effect");
	if (r->restart.len)
		problems_add(out, PROBLEM_WARNING, "restart_needed", file,
			     seconds_since(r, r->restart_ms), "",
			     "in effect after a restart only: %.*s", (int)r->restart.len,
			     (const char *)r->restart.data);
}

const struct reload_count *changeover_count(const struct changeover *r)
{
	return &r->count;
}

bool changeover_is_settling(const struct changeover *r)
{
	return r->settling != NULL;
}
