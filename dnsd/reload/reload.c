/* SPDX-License-Identifier: Apache-2.0 */
/* reload: builds snapshots aside as a job, and swaps them in. */
#include "dnsd/reload/reload.h"

#include "core/log.h"
#include "dnsd/reload/copies_job.h"
#include "dnsd/reload/outcome.h"
#include "schema/config/config.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

/* Who waits for a build to end. */
struct waiter {
	struct waiter *next;
	struct http_reply *reply;
	json_t *doc; /* what to answer when it went well; NULL = about the build itself */
};

struct reload {
	struct reload_parts with;
	struct dnsd_config *config;
	uint64_t configs;		  /* that were adopted */
	struct dnsd_config *started_with; /* what only a restart changes is as it says */
	struct publish_parts parts;
	struct labels *labels;
	struct tls *tls;
	struct databases_stamp geo_stamp;
	struct copies_job *copies;
	struct outcome outcome;
	char copies_directory[PATH_MAX];

	struct build *build; /* running; NULL = none */
	bool wants_build, wants_fresh_geo, wants_reload;
	struct waiter *waiters;	    /* for the next build to begin */
	struct waiter *now_waiters; /* for the one that runs */
};

/* ---- the swap ---- */

/* Links keep their sessions; those that are made from now on use the new certificate. */
static void take_tls(struct reload *r, struct build *b)
{
	if (r->tls && b->tls) {
		tls_take(r->tls, b->tls);
		b->tls = NULL;
	}
}

/* From here until the swap the numbers of services are the new ones: live_apply() waits. Nothing
 * may fail after fleet_configure(). */
static enum err_code adopt_config(struct reload *r, struct build *b)
{
	struct dnsd_config *old = r->config;
	enum err_code code;

	keep_flush(r->with.keep); /* by the old numbers */
	keep_forget(r->with.keep);
	code = live_adopt(r->with.live, b->config);
	if (code != ERR_OK)
		return err_set(&b->e, code, "out of memory");
	code = fleet_configure(r->with.fleet, b->config, &b->e);
	if (code != ERR_OK) {
		live_stay(r->with.live);
		return code;
	}
	r->config = b->config;
	r->configs++;
	take_tls(r, b);
	b->is_new_config = false;
	live_adopted(r->with.live);
	if (old != r->started_with)
		copies_job_release(r->copies, old);
	return ERR_OK;
}

/* A reload keeps the map when its inputs have the same names; a file that was replaced meanwhile
 * must not be taken for the one that was read. */
static bool has_missed_geo(struct reload *r, const struct build *b)
{
	return b->is_reload && b->parts.clients == r->parts.clients &&
	       databases_changed(&r->geo_stamp);
}

static void adopt_stamp(struct reload *r, struct build *b)
{
	if (!b->is_reload && !b->load.is_fresh_geo)
		return;
	databases_stamp_fini(&r->geo_stamp);
	r->geo_stamp = b->stamp;
	memset(&b->stamp, 0, sizeof(b->stamp));
}

/* Overrides that bear on nothing in what was loaded. */
static void note_idle(struct reload *r, struct build *b)
{
	const struct resolve *resolved = live_resolved(r->with.live);
	char text[512];

	for (size_t i = 0; i < resolved->n_idle; i++) {
		live_describe(resolved->idle[i], text, sizeof(text));
		buf_printf(&b->report.notes, "%s: note: %s bears on nothing, and is out of force\n",
			   r->config->file, text);
	}
}

static enum err_code adopt(struct reload *r, struct build *b)
{
	bool missed_geo = has_missed_geo(r, b);
	enum err_code code = ERR_OK;

	if (b->is_new_config)
		code = adopt_config(r, b);
	if (code != ERR_OK)
		return code;
	adopt_stamp(r, b);
	r->wants_build |= missed_geo;
	r->wants_fresh_geo |= missed_geo;
	publish_parts_unref(&r->parts);
	r->parts = b->parts;
	memset(&b->parts, 0, sizeof(b->parts));
	live_set(r->with.live, b->snapshot);
	publish_took(r->with.publish, b->took_us);
	publish_swap(r->with.publish, b->snapshot);
	b->snapshot = NULL;
	if (b->is_reload)
		note_idle(r, b);
	keep_adopted(r->with.keep);
	if (b->is_reload || b->load.is_fresh_geo)
		copies_job_start(r->copies, r->config, &r->parts, r->copies_directory);
	else
		malloc_trim(0); /* what the building needed is given back */
	return ERR_OK;
}

static void log_lines(enum log_level level, struct buf *report)
{
	char *save = NULL, *text = (char *)buf_text(report);

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		log_write(level, "dnsd/reload", "%s", line);
}

static void log_report(struct build *b)
{
	log_lines(LOG_ERROR, &b->report.errors);
	log_lines(b->report.n_warnings ? LOG_WARN : LOG_INFO, &b->report.notes);
}

static json_t *build_doc(const struct reload *r, const struct build *b, const char *report)
{
	return json_pack("{s:I, s:f, s:s}", "generation",
			 (json_int_t)publish_current(r->with.publish)->generation, "took_s",
			 (double)b->took_us / 1e6, "report", report);
}

/* An operation is on disk whatever became of the build: then it is live nowhere yet. */
static void answer(struct reload *r, struct waiter *w, const struct build *b, const char *report)
{
	if (w->doc && b->code != ERR_OK)
		json_object_set_new(w->doc, "live", json_array());
	if (w->doc)
		http_reply_json(w->reply, 200, w->doc);
	else if (b->code == ERR_OK)
		http_reply_json(w->reply, 200, build_doc(r, b, report));
	else
		http_reply_error(w->reply, b->code, report[0] ? report : b->e.text);
	free(w);
}

static void answer_waiters(struct reload *r, const struct build *b, const char *report)
{
	while (r->now_waiters) {
		struct waiter *w = r->now_waiters;

		r->now_waiters = w->next;
		answer(r, w, b, report);
	}
}

static void record(struct reload *r, const char *to, const char *cause, const char *reason)
{
	const struct store_event event = { .kind = "reload",
					   .to = (char *)to,
					   .cause = (char *)cause,
					   .by = "fairlead",
					   .reason = (char *)reason };
	struct err e;

	if (store_event_add(r->with.store, &event, NULL, &e) != ERR_OK)
		log_error("dnsd/reload", "the event of a reload is not on disk: %s", e.text);
}

static void tell(struct reload *r, struct build *b)
{
	if (b->code != ERR_OK)
		log_error("dnsd/reload", "nothing is changed: %s", b->e.text);
	else if (b->is_reload || b->load.is_fresh_geo)
		log_info("dnsd/reload", "generation %llu serves, built in %.3f s",
			 (unsigned long long)publish_current(r->with.publish)->generation,
			 (double)b->took_us / 1e6);
	log_report(b);
	if (b->is_reload || b->load.is_fresh_geo || b->code != ERR_OK)
		record(r, b->code == ERR_OK ? "done" : "refused",
		       b->is_reload ? "configuration" : "database",
		       b->code == ERR_OK ? "" : b->e.text);
}

static void begin(struct reload *r);

static void drop_waiters(struct waiter **list, enum err_code code, const char *why)
{
	while (*list) {
		struct waiter *w = *list;

		*list = w->next;
		if (w->doc)
			json_object_set_new(w->doc, "live", json_array());
		if (w->doc)
			http_reply_json(w->reply, 200, w->doc);
		else
			http_reply_error(w->reply, code, why);
		free(w);
	}
}

static void finish(struct reload *r, struct build *b)
{
	struct buf copy = BUF_INIT;

	if (b->code == ERR_OK)
		b->code = adopt(r, b);
	buf_add(&copy, b->report.errors.data,
		b->report.errors.len); /* log_lines() takes it apart */
	buf_add(&copy, b->report.notes.data, b->report.notes.len);
	tell(r, b);
	outcome_note(&r->outcome, b);
	answer_waiters(r, b, buf_text(&copy));
	buf_fini(&copy);
	build_free(b);
	if (r->wants_build)
		begin(r);
}

static void work(void *reload)
{
	struct reload *r = reload;

	build_run(r->build);
}

static void ended(void *reload, enum job_end end)
{
	struct reload *r = reload;
	struct build *b = r->build;

	r->build = NULL;
	if (end == JOB_DONE) {
		finish(r, b);
		return;
	}
	build_free(b);
	drop_waiters(&r->now_waiters, ERR_AGAIN, "the daemon stops");
	drop_waiters(&r->waiters, ERR_AGAIN, "the daemon stops");
}

/* ---- asking ---- */

static struct build *new_build(struct reload *r)
{
	struct build *b = build_new();

	if (!b)
		return NULL;
	b->file = r->wants_reload ? r->config->file : NULL;
	b->config = r->wants_reload ? NULL : r->config;
	b->is_reload = r->wants_reload;
	b->load.is_fresh_geo = r->wants_fresh_geo;
	b->old = &r->parts;
	b->started_with = r->started_with;
	b->previous = publish_current(r->with.publish);
	b->labels = r->labels;
	b->clock = r->with.clock;
	return b;
}

/* What was asked for is joined into it. A build that cannot be begun is refused to who waits for
 * it; what an operator changed is on disk, and built when reload_tick() succeeds. */
static void begin(struct reload *r)
{
	struct build *b = new_build(r);
	enum err_code code = b ? ERR_OK : ERR_MEMORY;

	r->build = b;
	if (code == ERR_OK)
		code = job_submit(r->with.jobs, work, ended, r);
	if (code != ERR_OK) {
		r->build = NULL;
		build_free(b);
		r->wants_reload = r->wants_reload && !r->waiters;
		drop_waiters(&r->waiters, code, "a reload cannot be begun now");
		return;
	}
	r->wants_build = r->wants_reload = r->wants_fresh_geo = false;
	r->now_waiters = r->waiters;
	r->waiters = NULL;
}

void reload_request(struct reload *r, bool reload, bool fresh_geo)
{
	r->wants_build = true;
	r->wants_reload |= reload;
	r->wants_fresh_geo |= fresh_geo;
	if (!r->build)
		begin(r);
}

void reload_request_for(struct reload *r, bool reload, struct http_reply *reply, json_t *doc)
{
	struct waiter *w = calloc(1, sizeof(*w));

	if (w) {
		*w = (struct waiter){ r->waiters, reply, doc };
		r->waiters = w;
	} else if (doc) {
		http_reply_json(reply, 200, doc);
	} else {
		http_reply_error(reply, ERR_MEMORY, "out of memory");
	}
	reload_request(r, reload, false);
}

void reload_tick(struct reload *r)
{
	if (r->wants_build && !r->build)
		begin(r);
	if (databases_changed(&r->geo_stamp))
		reload_request(r, false, true);
}

bool reload_is_busy(const struct reload *r)
{
	return r->build || r->waiters;
}

/* ---- life ---- */

enum err_code reload_new(struct reload **out, const struct reload_parts *parts)
{
	struct reload *r = calloc(1, sizeof(*r));
	enum err_code code = r ? labels_new(&r->labels) : ERR_MEMORY;

	if (code == ERR_OK)
		code = copies_job_new(&r->copies, parts->jobs);
	if (code != ERR_OK) {
		reload_free(r);
		return code;
	}
	r->with = *parts;
	outcome_init(&r->outcome, parts->clock);
	*out = r;
	return ERR_OK;
}

const struct dnsd_config *reload_config(const struct reload *r)
{
	return r->config;
}

struct labels *reload_labels(const struct reload *r)
{
	return r->labels;
}

void reload_set_tls(struct reload *r, struct tls *tls)
{
	r->tls = tls;
}

void reload_problems(const struct reload *r, struct problems *out)
{
	outcome_problems(&r->outcome, r->config, out);
	copies_job_problems(r->copies, out);
}

void reload_metrics(void *reload, struct buf *out)
{
	const struct reload *r = reload;

	outcome_metrics(&r->outcome, out);
}

uint64_t reload_numbering(void *reload)
{
	return ((const struct reload *)reload)->configs;
}

/* last-good/ beside the state file */
static void name_copies(struct reload *r)
{
	const char *path = r->config->state.path, *slash = strrchr(path, '/');

	snprintf(r->copies_directory, sizeof(r->copies_directory), "%.*slast-good",
		 slash ? (int)(slash - path + 1) : 0, path);
}

/* What could not be loaded as configured, once at the start: a line and an event each. */
static void tell_faults(struct reload *r)
{
	const struct publish_faults *f = &r->outcome.faults;
	char text[512];

	for (size_t i = 0; i < f->n; i++) {
		outcome_fault_text(&f->list[i], r->config, text, sizeof(text));
		log_error("dnsd/reload", "%s: %s", text, f->list[i].why.text);
		record(r, "stand-in", text, f->list[i].why.text);
	}
}

enum err_code reload_first(struct reload *r, struct dnsd_config *config, struct err *e)
{
	struct build *b;
	enum err_code code;

	r->config = r->started_with = config;
	name_copies(r);
	b = new_build(r);
	if (!b)
		return err_set(e, ERR_MEMORY, "out of memory");
	b->is_reload = true;
	b->load.is_lenient = true;
	b->load.copies = r->copies_directory;
	build_run(b);
	log_report(b);
	if (b->code == ERR_OK)
		b->code = adopt(r, b);
	code = b->code;
	outcome_note(&r->outcome, b);
	if (code != ERR_OK)
		err_set(e, code, "%s", b->e.text);
	else
		tell_faults(r);
	build_free(b);
	return code;
}

void reload_free(struct reload *r)
{
	if (!r)
		return;
	publish_parts_unref(&r->parts);
	labels_free(r->labels);
	databases_stamp_fini(&r->geo_stamp);
	outcome_fini(&r->outcome);
	copies_job_free(r->copies);
	if (r->config != r->started_with)
		config_dnsd_free(r->started_with);
	config_dnsd_free(r->config);
	free(r);
}
