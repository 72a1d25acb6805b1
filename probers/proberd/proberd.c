/* SPDX-License-Identifier: Apache-2.0 */
/* proberd: a vantage point: checks what the directors ask for and tells them what it saw. */
#include "probers/proberd/proberd.h"

#include "core/job.h"
#include "core/log.h"
#include "core/process.h"
#include "probers/proberd/pages.h"
#include "schema/config/config.h"
#include "schema/config/named.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOM "proberd"
/* For a reload, and for the names of directors: a resolver that hangs holds up no reload. One that
 * hangs touches nothing of ours, so a stop does not wait for it long. */
#define HELPERS		1
#define NAME_HELPERS	2
#define HELPERS_STOP_MS 200
#define HEARTBEAT_MS	500

struct reload;

struct proberd {
	struct loop *loop;
	struct proberd_config *config;
	struct tls *tls;
	struct checker *checker;
	struct schedule *schedule;
	struct metrics *metrics;
	struct job_pool *jobs, *names;
	struct reload *reload, *next_reload; /* NULL = none is under way; none waits for it */
	struct metrics_histogram seconds;
	struct director_world world;
	struct status_source status; /* has the list of directors */
	struct pages *pages;
	char node[IDENTITY_PART_MAX];

	size_t to_leave; /* directors that have not been told yet */
	loop_fn left;
	void *left_arg;
};

/* ---- configuration */

static enum err_code open_tls(const struct proberd_config *c, struct tls **out, struct err *e)
{
	const struct tls_files files = { c->tls.certificate, c->tls.key, c->tls.ca };
	const struct tls_options options = tls_context_fleet(&files);

	return tls_new(out, &options, e);
}

enum err_code proberd_load(const char *path, struct proberd_config **out,
			   struct config_report *report)
{
	struct proberd_config *c;
	struct identity who;
	enum err_code code = config_proberd_load(path, &c, report);

	if (code != ERR_OK)
		return code;
	who = named_identity(IDENTITY_PROBER, c->fleet, "", c->node);
	named_tls_only(report, path, &c->tls, &who, NULL);
	if (report->n_errors) {
		config_proberd_free(c);
		return ERR_INPUT;
	}
	*out = c;
	return ERR_OK;
}

/* ---- directors */

/* What a reload may change. */
static void set_world(struct proberd *p)
{
	const struct proberd_config *c = p->config;

	p->world.link.lat_e4 = c->has_place ? c->lat_e4 : 0;
	p->world.link.lon_e4 = c->has_place ? c->lon_e4 : 0;
	p->world.link.tls = p->tls;
}

/* Who we are is in our certificate and in every link: it stays until a restart. */
static void set_identity(struct proberd *p)
{
	snprintf(p->world.link.fleet, sizeof(p->world.link.fleet), "%s", p->config->fleet);
	snprintf(p->node, sizeof(p->node), "%s", p->config->node);
	p->status.fleet = p->world.link.fleet;
	p->status.node = p->node;
}

static struct director *take_director(struct proberd *p, const struct config_host_port *at)
{
	struct director **list = p->status.directors;
	size_t i;

	for (i = 0; i < p->status.n_directors; i++) {
		struct director *d = list[i];

		if (d && director_is_at(d, at->host, at->port)) {
			list[i] = NULL;
			return d;
		}
	}
	return NULL;
}

static void free_directors(struct director **list, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		director_free(list[i]);
	free(list);
}

/* Those of the list before that are asked for again stay as they are. */
static enum err_code set_directors(struct proberd *p, struct err *e)
{
	const struct proberd_config *c = p->config;
	struct director **next = calloc(c->n_directors + 1, sizeof(struct director *));
	enum err_code code = next ? ERR_OK : err_set(e, ERR_MEMORY, "directors: out of memory");
	size_t i, n = 0;

	for (i = 0; i < c->n_directors && code == ERR_OK; i++) {
		next[n] = take_director(p, &c->directors[i]);
		if (!next[n])
			code = director_new(&next[n], &p->world, c->directors[i].host,
					    c->directors[i].port, e);
		if (code == ERR_OK)
			n++;
	}
	free_directors(p->status.directors, p->status.n_directors);
	p->status.directors = next;
	p->status.n_directors = n;
	return code;
}

/* ---- life */

static json_t *config_json(void *arg)
{
	const struct proberd *p = arg;

	return config_proberd_json(p->config);
}

static enum err_code reload_page(void *arg, pages_reloaded_fn reloaded, void *reply, struct err *e)
{
	return proberd_reload(arg, reloaded, reply, e);
}

static enum err_code make_engine(struct proberd *p, struct err *e)
{
	struct schedule_options options = { .loop = p->loop,
					    .per_second = p->config->probes_per_second,
					    .seconds = &p->seconds };
	enum err_code code = job_pool_new(&p->jobs, p->loop, HELPERS, e);

	if (code == ERR_OK)
		code = job_pool_new(&p->names, p->loop, NAME_HELPERS, e);
	if (code == ERR_OK)
		code = checker_new(&p->checker, p->loop, NULL, e);

	if (code != ERR_OK)
		return code;
	options.runner = schedule_runner(p->checker);
	if (schedule_new(&p->schedule, &options) != ERR_OK || metrics_new(&p->metrics) != ERR_OK ||
	    metrics_add_parts(p->metrics, status_metrics, &p->status) != ERR_OK ||
	    metrics_add(p->metrics, loop_metrics, p->loop) != ERR_OK ||
	    metrics_add(p->metrics, process_metrics, NULL) != ERR_OK)
		return err_set(e, ERR_MEMORY, "out of memory");
	metrics_number_by(p->metrics, status_numbering, &p->status);
	p->world.link.loop = p->loop;
	p->world.link.room = ROOM;
	p->world.link.software = "fairlead-proberd " PACKAGE_VERSION;
	p->world.link.heartbeat_ms = HEARTBEAT_MS;
	p->world.link.jobs = p->names;
	p->world.schedule = p->status.schedule = p->schedule;
	p->world.link.clock = p->status.clock = clock_system();
	p->world.link.incarnation = (uint64_t)clock_wall_ms(clock_system());
	p->status.incarnation = p->world.link.incarnation;
	reload_count_start(&p->status.reloads, (int64_t)p->world.link.incarnation);
	p->status.seconds = &p->seconds;
	p->status.tls = &p->tls;
	return ERR_OK;
}

static enum err_code start(struct proberd *p, struct err *e)
{
	struct pages_world pages = { &p->status, NULL, config_json, reload_page, p };
	enum err_code code = open_tls(p->config, &p->tls, e);

	if (code != ERR_OK)
		return code;
	code = make_engine(p, e);
	if (code != ERR_OK)
		return code;
	pages.metrics = p->metrics;
	set_identity(p);
	set_world(p);
	code = pages_new(&p->pages, p->loop, &pages, &p->config->listen.http,
			 p->config->listen.admin, e);
	return code == ERR_OK ? set_directors(p, e) : code;
}

enum err_code proberd_new(struct proberd **out, struct loop *loop, struct proberd_config *config,
			  struct err *e)
{
	struct proberd *p = calloc(1, sizeof(*p));
	enum err_code code;

	if (!p)
		return err_set(e, ERR_MEMORY, "out of memory");
	p->loop = loop;
	p->config = config;
	code = start(p, e);
	if (code != ERR_OK) {
		p->config = NULL; /* still the caller's */
		proberd_free(p);
		return code;
	}
	*out = p;
	return ERR_OK;
}

void proberd_free(struct proberd *p)
{
	if (!p)
		return;
	job_pool_stop(p->jobs, HELPERS_STOP_MS);
	job_pool_stop(p->names, HELPERS_STOP_MS);
	pages_free(p->pages);
	free_directors(p->status.directors, p->status.n_directors);
	schedule_free(p->schedule);
	checker_free(p->checker);
	metrics_free(p->metrics);
	tls_free(p->tls);
	config_proberd_free(p->config);
	free(p);
}

/* ---- reload */

static void note_restart(const struct proberd *p, const struct proberd_config *next)
{
	struct buf names = BUF_INIT;

	if (config_proberd_needs_restart(p->config, next, &names))
		log_warn(ROOM, "reload: changes to %s take a restart", buf_text(&names));
	buf_fini(&names);
}

static void redial_all(struct proberd *p)
{
	size_t i;

	for (i = 0; i < p->status.n_directors; i++)
		director_redial(p->status.directors[i], "the prober has moved");
}

static bool has_moved(const struct proberd_config *a, const struct proberd_config *b)
{
	return a->has_place != b->has_place || a->lat_e4 != b->lat_e4 || a->lon_e4 != b->lon_e4;
}

/* Links keep their sessions; those that are made from now on use the new certificate. */
static enum err_code apply(struct proberd *p, struct proberd_config *next, struct err *e)
{
	struct proberd_config *before = p->config;
	bool moved = has_moved(before, next);
	enum err_code code;

	note_restart(p, next);
	p->config = next;
	set_world(p);
	schedule_limit(p->schedule, next->probes_per_second);
	code = set_directors(p, e);
	if (moved)
		redial_all(p);
	config_proberd_free(before);
	return code;
}

/* Each mistake is a line of its own, as the log has them; the lines that show where stay out. */
static void log_mistakes(const char *text)
{
	size_t len;

	for (; *text; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		if (len > 0 && text[0] != ' ')
			log_error(ROOM, "reload: %.*s", (int)len, text);
	}
	log_error(ROOM, "reload: refused, all stays as it was");
}

/* From the asking to done(). What the helper thread touches is its own until the job has ended. */
struct reload {
	struct proberd *proberd;
	proberd_reload_fn done;
	void *arg;
	char *file;
	struct proberd_config *next;
	struct tls *tls;
	struct config_report report;
	enum err_code code;
	struct err e; /* of what the report does not know */
};

static void read_again(void *arg)
{
	struct reload *r = arg;

	r->code = proberd_load(r->file, &r->next, &r->report);
	if (r->code == ERR_OK)
		r->code = open_tls(r->next, &r->tls, &r->e);
}

static void free_reload(struct reload *r)
{
	config_proberd_free(r->next);
	tls_free(r->tls);
	config_report_fini(&r->report);
	free(r->file);
	free(r);
}

static enum err_code take_over(struct reload *r, struct err *e)
{
	struct proberd *p = r->proberd;
	const char *text = r->report.n_errors ? buf_text(&r->report.errors) : r->e.text;
	enum err_code code = r->code;

	if (code != ERR_OK) {
		err_set(e, code, "%.*s", (int)strcspn(text, "\n"), text);
		log_mistakes(text);
		return code;
	}
	tls_take(p->tls, r->tls);
	code = apply(p, r->next, e);
	r->tls = NULL;
	r->next = NULL;
	if (code != ERR_OK)
		log_error(ROOM, "reload: %s", e->text);
	else
		log_info(ROOM, "reload: done");
	return code;
}

static void on_read(void *arg, enum job_end end);

static enum err_code begin(struct reload *r, struct err *e)
{
	enum err_code code = job_submit(r->proberd->jobs, read_again, on_read, r);

	if (code != ERR_OK)
		return err_set(e, code, "a reload cannot be begun now: %s", err_name(code));
	r->proberd->reload = r;
	return ERR_OK;
}

static void end_reload(struct reload *r, enum err_code code, const struct err *e)
{
	struct proberd *p = r->proberd;

	if (code == ERR_OK)
		reload_count_done(&p->status.reloads, clock_wall_ms(p->status.clock));
	else
		reload_count_refused(&p->status.reloads, clock_wall_ms(p->status.clock), e);
	r->done(r->arg, code, e);
	free_reload(r);
}

static void on_read(void *arg, enum job_end end)
{
	struct reload *r = arg, *next = r->proberd->next_reload;
	struct proberd *p = r->proberd;
	struct err e = { "" };
	enum err_code code;

	p->reload = p->next_reload = NULL;
	if (end == JOB_DROPPED || p->left) /* its directors are being told goodbye */
		code = err_set(&e, ERR_AGAIN, "the daemon stops");
	else
		code = take_over(r, &e);
	end_reload(r, code, &e);
	if (!next)
		return;
	code = begin(next, &e);
	if (code != ERR_OK)
		end_reload(next, code, &e);
}

static struct reload *new_reload(struct proberd *p, proberd_reload_fn done, void *arg)
{
	struct reload *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	*r = (struct reload){ .proberd = p, .done = done, .arg = arg };
	config_report_init(&r->report);
	r->file = strdup(p->config->file);
	if (r->file)
		return r;
	free_reload(r);
	return NULL;
}

/* One waits for the one under way: the file may have changed since that was read. */
enum err_code proberd_reload(struct proberd *p, proberd_reload_fn done, void *arg, struct err *e)
{
	struct reload *r;
	enum err_code code = ERR_OK;

	if (p->next_reload)
		return err_set(e, ERR_AGAIN, "a reload waits already, and will read the file");
	r = new_reload(p, done, arg);
	if (!r)
		return err_set(e, ERR_MEMORY, "out of memory");
	if (p->reload)
		p->next_reload = r;
	else
		code = begin(r, e);
	if (code != ERR_OK)
		free_reload(r);
	return code;
}

/* ---- stop */

static void on_left(void *arg)
{
	struct proberd *p = arg;

	if (--p->to_leave == 0)
		p->left(p->left_arg);
}

void proberd_stop(struct proberd *p, loop_fn done, void *arg)
{
	size_t i, n = p->status.n_directors;

	p->left = done;
	p->left_arg = arg;
	p->to_leave = n + 1; /* one is ours, so that done() comes after the loop */
	for (i = 0; i < n; i++)
		director_leave(p->status.directors[i], "stopping", on_left, p);
	on_left(p);
}
