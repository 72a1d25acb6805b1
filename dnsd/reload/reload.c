/* SPDX-License-Identifier: Apache-2.0 */
/* reload: builds snapshots aside on a thread of their own, and swaps them in. */
#include "dnsd/reload/reload.h"

#include "core/log.h"
#include "dnsd/client/watch.h"
#include "dnsd/reload/certificate.h"
#include "schema/config/config.h"

#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RETRY_US 10000 /* to hand a finished build over when there is no memory for that */

/* One run of the builder thread. */
struct build {
	struct reload *owner;
	struct dnsd_config *config; /* to build for: reload's own, or a new one that was read */
	bool is_new_config, is_reload, is_fresh_geo;
	struct databases_stamp stamp; /* of the databases, taken before they are read */
	struct publish_parts parts;   /* result */
	struct snapshot *snapshot;
	struct config_report report;
	struct err e;
	enum err_code rc;
	uint64_t started_us, took_us;
};

/* Who waits for a build to end. */
struct waiter {
	struct waiter *next;
	struct http_reply *reply;
	json_t *doc; /* what to answer when it went well; NULL = about the build itself */
};

struct reload {
	struct reload_parts with;
	struct dnsd_config *config;
	struct publish_parts parts;
	struct labels *labels;
	struct tls *tls;
	struct databases_stamp geo_stamp;

	pthread_t builder;
	struct build *build; /* running; NULL = none */
	bool wants_build, wants_fresh_geo, wants_reload;
	struct waiter *waiters;	    /* for the next build to begin */
	struct waiter *now_waiters; /* for the one that runs */
	_Atomic bool is_stopping;   /* the builder does not wait for memory any more */
};

/* ---- the work, on the builder thread ---- */

static void read_config(struct build *b, const char *path)
{
	b->rc = config_dnsd_load(path, &b->config, &b->report);
	b->is_new_config = b->rc == ERR_OK;
	if (b->rc != ERR_OK)
		err_set(&b->e, b->rc, "%s has %u mistakes", path, b->report.n_errors);
	else
		b->rc = certificate_check(b->config, &b->report, &b->e);
}

static enum err_code load(struct build *b)
{
	const struct dnsd_config *config = b->config;
	const struct publish_parts *old = &b->owner->parts;
	const struct publish_load_options options = { .is_fresh_geo = b->is_fresh_geo };
	enum err_code rc;

	if (!b->is_reload && !b->is_fresh_geo) {
		publish_parts_share(old, &b->parts);
		return ERR_OK;
	}
	rc = databases_stamp_init(&b->stamp, config->geo.databases, config->geo.n_databases);
	if (rc != ERR_OK)
		return err_set(&b->e, rc, "no memory");
	if (!b->is_reload)
		return publish_load_geo(config, old, &b->parts, &b->e);
	return publish_load(config, old, &options, &b->parts, NULL, &b->report, &b->e);
}

static void load_and_build(struct build *b)
{
	struct reload *r = b->owner;

	b->rc = load(b);
	if (b->rc == ERR_OK)
		b->rc = publish_build(b->config, &b->parts,
				      r->with.publish ? publish_current(r->with.publish) : NULL,
				      r->labels, &b->snapshot, &b->e);
	b->took_us = clock_mono_us(r->with.clock) - b->started_us;
}

static void finish(void *build);

static void *run(void *build)
{
	struct build *b = build;
	struct reload *r = b->owner;

	if (!b->config)
		read_config(b, r->config->file);
	if (b->rc == ERR_OK)
		load_and_build(b);
	while (loop_post(r->with.loop, finish, b) != ERR_OK && !atomic_load(&r->is_stopping))
		usleep(RETRY_US);
	return NULL;
}

/* ---- the swap, on the control thread ---- */

static void free_build(struct build *b)
{
	if (b->is_new_config)
		config_dnsd_free(b->config);
	publish_parts_unref(&b->parts);
	snapshot_free(b->snapshot);
	databases_stamp_fini(&b->stamp);
	config_report_fini(&b->report);
	free(b);
}

/* What cannot change while running keeps its old value until a restart, and is named. */
static void note_restart(const struct dnsd_config *old, struct build *b)
{
	struct buf names = BUF_INIT;

	if (config_dnsd_needs_restart(old, b->config, &names))
		buf_printf(&b->report.notes,
			   "%s: note: these keys take effect with a restart: %s\n", b->config->file,
			   buf_text(&names));
	buf_fini(&names);
}

static enum err_code renew_tls(struct reload *r, struct build *b)
{
	const struct config_tls *t = &b->config->tls;
	const struct tls_files files = { t->certificate, t->key, t->ca };

	if (!r->tls || !b->config->has_tls)
		return ERR_OK;
	return tls_reload_from(r->tls, &files, &b->e);
}

/* From here until the swap the numbers of services are the new ones: live_apply() waits. Nothing
 * may fail after fleet_configure(). */
static enum err_code adopt_config(struct reload *r, struct build *b)
{
	struct dnsd_config *old = r->config;
	enum err_code rc;

	keep_flush(r->with.keep); /* by the old numbers */
	keep_forget(r->with.keep);
	rc = live_adopt(r->with.live, b->config);
	if (rc != ERR_OK)
		return err_set(&b->e, rc, "out of memory");
	rc = fleet_configure(r->with.fleet, b->config, &b->e);
	if (rc != ERR_OK) {
		live_stay(r->with.live);
		return rc;
	}
	r->config = b->config;
	note_restart(old, b);
	if (renew_tls(r, b) != ERR_OK)
		log_error("dnsd/reload", "the certificates stay as they were: %s", b->e.text);
	b->is_new_config = false;
	live_adopted(r->with.live);
	config_dnsd_free(old);
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
	if (!b->is_reload && !b->is_fresh_geo)
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
	enum err_code rc = ERR_OK;

	if (b->is_new_config)
		rc = adopt_config(r, b);
	if (rc != ERR_OK)
		return rc;
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
	if (w->doc && b->rc != ERR_OK)
		json_object_set_new(w->doc, "live", json_array());
	if (w->doc)
		http_reply_json(w->reply, 200, w->doc);
	else if (b->rc == ERR_OK)
		http_reply_json(w->reply, 200, build_doc(r, b, report));
	else
		http_reply_error(w->reply, b->rc, report[0] ? report : b->e.text);
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

static void record_reload(struct reload *r, const struct build *b, const char *what)
{
	struct store_event event = { .kind = "reload",
				     .service = "",
				     .region = "",
				     .from = "",
				     .to = (char *)(b->rc == ERR_OK ? "done" : "refused"),
				     .cause = (char *)what,
				     .by = "fairlead",
				     .reason = (char *)(b->rc == ERR_OK ? "" : b->e.text) };
	struct err e;

	if (store_event_add(r->with.store, &event, NULL, &e) != ERR_OK)
		log_error("dnsd/reload", "the event of a reload is not on disk: %s", e.text);
}

static void start(struct reload *r);

static void finish(void *build)
{
	struct build *b = build;
	struct reload *r = b->owner;
	struct buf copy = BUF_INIT;

	pthread_join(r->builder, NULL);
	r->build = NULL;
	if (b->rc == ERR_OK)
		b->rc = adopt(r, b);
	buf_add(&copy, b->report.errors.data, b->report.errors.len);
	buf_add(&copy, b->report.notes.data, b->report.notes.len);
	if (b->rc != ERR_OK)
		log_error("dnsd/reload", "nothing is changed: %s", b->e.text);
	else if (b->is_reload || b->is_fresh_geo)
		log_info("dnsd/reload", "generation %llu serves, built in %.3f s",
			 (unsigned long long)publish_current(r->with.publish)->generation,
			 (double)b->took_us / 1e6);
	log_report(b);
	if (b->is_reload || b->is_fresh_geo || b->rc != ERR_OK)
		record_reload(r, b, b->is_reload ? "configuration" : "database");
	answer_waiters(r, b, buf_text(&copy));
	buf_fini(&copy);
	free_build(b);
	if (r->wants_build)
		start(r);
}

/* ---- asking ---- */

static struct build *new_build(struct reload *r)
{
	struct build *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	config_report_init(&b->report);
	b->owner = r;
	b->config = r->wants_reload ? NULL : r->config;
	b->is_reload = r->wants_reload;
	b->is_fresh_geo = r->wants_fresh_geo;
	b->started_us = clock_mono_us(r->with.clock);
	return b;
}

static void start(struct reload *r)
{
	struct build *b = new_build(r);

	if (!b)
		return; /* reload_tick() */
	r->build = b;
	if (pthread_create(&r->builder, NULL, run, b) != 0) {
		r->build = NULL;
		free_build(b);
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
		start(r);
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
		http_reply_error(reply, ERR_MEMORY, "no memory");
	}
	reload_request(r, reload, false);
}

void reload_tick(struct reload *r)
{
	if (r->wants_build && !r->build)
		start(r);
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
	enum err_code rc = r ? labels_new(&r->labels) : ERR_MEMORY;

	if (rc != ERR_OK) {
		free(r);
		return rc;
	}
	r->with = *parts;
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

enum err_code reload_first(struct reload *r, struct dnsd_config *config, struct err *e)
{
	struct build *b;
	enum err_code rc;

	r->config = config;
	b = new_build(r);
	if (!b)
		return err_set(e, ERR_MEMORY, "no memory");
	b->is_reload = true;
	load_and_build(b);
	log_report(b);
	if (b->rc == ERR_OK)
		b->rc = adopt(r, b);
	if (b->rc != ERR_OK && e)
		*e = b->e;
	rc = b->rc;
	free_build(b);
	return rc;
}

void reload_stop(struct reload *r)
{
	atomic_store(&r->is_stopping, true);
	if (r->build) {
		pthread_join(r->builder, NULL);
		free_build(r->build); /* its finish() was posted to a loop that runs no more */
		r->build = NULL;
	}
	while (r->waiters || r->now_waiters) {
		struct waiter **list = r->waiters ? &r->waiters : &r->now_waiters;
		struct waiter *w = *list;

		*list = w->next;
		if (w->doc)
			http_reply_json(w->reply, 200, w->doc);
		else
			http_reply_error(w->reply, ERR_AGAIN, "the daemon stops");
		free(w);
	}
}

void reload_free(struct reload *r)
{
	if (!r)
		return;
	publish_parts_unref(&r->parts);
	labels_free(r->labels);
	databases_stamp_fini(&r->geo_stamp);
	config_dnsd_free(r->config);
	free(r);
}
