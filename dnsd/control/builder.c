/* SPDX-License-Identifier: Apache-2.0 */
/* builder: one thread at a time that loads zones and databases and builds a snapshot aside, so that
 * the control thread never waits for a disk or a long computation. */
#include "core/log.h"
#include "dnsd/control/inside.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RETRY_US 10000 /* to hand a finished build over when there is no memory for that */

/* ---- the work, on the builder thread ---- */

static void read_config(struct build *b, const char *path)
{
	struct config_report report;

	config_report_init(&report);
	b->rc = config_dnsd_load(path, &b->config, &report);
	b->is_new_config = b->rc == ERR_OK;
	buf_add(&b->report, report.errors.data, report.errors.len);
	buf_add(&b->report, report.notes.data, report.notes.len);
	if (b->rc != ERR_OK)
		err_set(&b->e, b->rc, "%s has %u mistakes", path, report.n_errors);
	else
		b->rc = control_check_tls(b->config, &b->e);
	if (b->rc != ERR_OK && b->is_new_config)
		buf_printf(&b->report, "%s\n", b->e.text);
	config_report_fini(&report);
}

static enum err_code load(struct build *b)
{
	const struct dnsd_config *config = b->config;
	const struct publish_parts *old = &b->control->parts;
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
	return publish_load(config, old, b->is_fresh_geo, &b->parts, &b->report, &b->e);
}

static void load_and_build(struct build *b)
{
	struct control *c = b->control;

	b->rc = load(b);
	if (b->rc == ERR_OK)
		b->rc = publish_build(b->config, &b->parts,
				      c->publish ? publish_current(c->publish) : NULL, c->labels,
				      &b->snapshot, &b->e);
	b->took_us = clock_mono_us(c->clock) - b->started_us;
}

static void finish(void *build);

static void *run(void *build)
{
	struct build *b = build;
	struct control *c = b->control;

	if (!b->config)
		read_config(b, c->config->file);
	if (b->rc == ERR_OK)
		load_and_build(b);
	while (loop_post(c->loop, finish, b) != ERR_OK && !atomic_load(&c->is_stopping))
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
	buf_fini(&b->report);
	free(b);
}

/* What cannot change while running keeps its old value until a restart, and is named. */
static void note_restart(const struct dnsd_config *old, struct build *b)
{
	struct buf names = BUF_INIT;

	if (config_dnsd_needs_restart(old, b->config, &names))
		buf_printf(&b->report, "%s: note: these keys take effect with a restart: %s\n",
			   b->config->file, buf_text(&names));
	buf_fini(&names);
}

static enum err_code renew_tls(struct control *c, struct build *b)
{
	const struct config_tls *t = &b->config->tls;
	const struct tls_files files = { t->certificate, t->key, t->ca };

	if (!c->tls || !b->config->has_tls)
		return ERR_OK;
	return tls_reload_from(c->tls, &files, &b->e);
}

/* From here until the swap the numbers of services are the new ones: live_apply() waits. Nothing
 * may fail after fleet_configure(). */
static enum err_code adopt_config(struct control *c, struct build *b)
{
	struct dnsd_config *old = c->config;
	enum err_code rc;

	keep_flush(c); /* by the old numbers */
	keep_forget(c);
	c->config = b->config;
	rc = fleet_configure(c->fleet, b->config, &b->e);
	if (rc != ERR_OK) {
		c->config = old;
		return rc;
	}
	note_restart(old, b);
	if (renew_tls(c, b) != ERR_OK)
		log_error("dnsd/control", "the certificates stay as they were: %s", b->e.text);
	b->is_new_config = false;
	config_dnsd_free(old);
	return ERR_OK;
}

/* A reload keeps the map when its inputs have the same names; a file that was replaced meanwhile
 * must not be taken for the one that was read. */
static bool has_missed_geo(struct control *c, const struct build *b)
{
	return b->is_reload && b->parts.clients == c->parts.clients &&
	       databases_changed(&c->geo_stamp);
}

static void adopt_stamp(struct control *c, struct build *b)
{
	if (!b->is_reload && !b->is_fresh_geo)
		return;
	databases_stamp_fini(&c->geo_stamp);
	c->geo_stamp = b->stamp;
	memset(&b->stamp, 0, sizeof(b->stamp));
}

static enum err_code adopt(struct control *c, struct build *b)
{
	bool missed_geo = has_missed_geo(c, b);
	enum err_code rc = ERR_OK;

	c->is_adopting = true;
	if (b->is_new_config)
		rc = adopt_config(c, b);
	c->is_adopting = false;
	if (rc != ERR_OK)
		return rc;
	adopt_stamp(c, b);
	c->wants_build |= missed_geo;
	c->wants_fresh_geo |= missed_geo;
	publish_parts_unref(&c->parts);
	c->parts = b->parts;
	memset(&b->parts, 0, sizeof(b->parts));
	for (uint32_t s = 0; s < c->config->n_services; s++) {
		struct publish_service_live live;

		live_of(c, s, &live);
		publish_set_live(b->snapshot, s, &live);
	}
	publish_took(c->publish, b->took_us);
	publish_swap(c->publish, b->snapshot);
	b->snapshot = NULL;
	malloc_trim(0); /* what the building needed is given back */
	return ERR_OK;
}

static void log_lines(enum log_level level, struct buf *report)
{
	char *save = NULL, *text = (char *)buf_text(report);

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		log_write(level, "dnsd/control", "%s", line);
}

static json_t *build_doc(const struct control *c, const struct build *b, const char *report)
{
	return json_pack("{s:I, s:f, s:s}", "generation",
			 (json_int_t)publish_current(c->publish)->generation, "took_s",
			 (double)b->took_us / 1e6, "report", report);
}

/* An operation is on disk whatever became of the build: then it is live nowhere yet. */
static void answer(struct control *c, struct waiter *w, const struct build *b, const char *report)
{
	if (w->doc && b->rc != ERR_OK)
		json_object_set_new(w->doc, "live", json_array());
	if (w->doc)
		http_reply_json(w->reply, 200, w->doc);
	else if (b->rc == ERR_OK)
		http_reply_json(w->reply, 200, build_doc(c, b, report));
	else
		http_reply_error(w->reply, b->rc, report[0] ? report : b->e.text);
	free(w);
}

static void answer_waiters(struct control *c, const struct build *b, const char *report)
{
	while (c->now_waiters) {
		struct waiter *w = c->now_waiters;

		c->now_waiters = w->next;
		answer(c, w, b, report);
	}
}

static void record_reload(struct control *c, const struct build *b, const char *what)
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

	if (store_event_add(c->store, &event, NULL, &e) != ERR_OK)
		log_error("dnsd/control", "the event of a reload is not on disk: %s", e.text);
}

static void start(struct control *c);

static void finish(void *build)
{
	struct build *b = build;
	struct control *c = b->control;
	struct buf copy = BUF_INIT;

	pthread_join(c->builder, NULL);
	c->build = NULL;
	if (b->rc == ERR_OK)
		b->rc = adopt(c, b);
	buf_add(&copy, b->report.data, b->report.len);
	if (b->rc != ERR_OK)
		log_error("dnsd/control", "nothing is changed: %s", b->e.text);
	else if (b->is_reload || b->is_fresh_geo)
		log_info("dnsd/control", "generation %llu serves, built in %.3f s",
			 (unsigned long long)publish_current(c->publish)->generation,
			 (double)b->took_us / 1e6);
	log_lines(b->rc == ERR_OK ? LOG_INFO : LOG_ERROR, &b->report);
	if (b->is_reload || b->is_fresh_geo || b->rc != ERR_OK)
		record_reload(c, b, b->is_reload ? "configuration" : "database");
	answer_waiters(c, b, buf_text(&copy));
	buf_fini(&copy);
	free_build(b);
	if (c->wants_build)
		start(c);
}

/* ---- asking ---- */

static struct build *new_build(struct control *c)
{
	struct build *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->control = c;
	b->config = c->wants_reload ? NULL : c->config;
	b->is_reload = c->wants_reload;
	b->is_fresh_geo = c->wants_fresh_geo;
	b->started_us = clock_mono_us(c->clock);
	return b;
}

static void start(struct control *c)
{
	struct build *b = new_build(c);

	if (!b)
		return; /* builder_retry() */
	c->build = b;
	if (pthread_create(&c->builder, NULL, run, b) != 0) {
		c->build = NULL;
		free_build(b);
		return;
	}
	c->wants_build = c->wants_reload = c->wants_fresh_geo = false;
	c->now_waiters = c->waiters;
	c->waiters = NULL;
}

void builder_request(struct control *c, bool reload, bool fresh_geo)
{
	c->wants_build = true;
	c->wants_reload |= reload;
	c->wants_fresh_geo |= fresh_geo;
	if (!c->build)
		start(c);
}

void builder_request_for(struct control *c, bool reload, struct http_reply *reply, json_t *doc)
{
	struct waiter *w = calloc(1, sizeof(*w));

	if (w) {
		*w = (struct waiter){ c->waiters, reply, doc };
		c->waiters = w;
	} else if (doc) {
		http_reply_json(reply, 200, doc);
	} else {
		http_reply_error(reply, ERR_MEMORY, "no memory");
	}
	builder_request(c, reload, false);
}

void builder_retry(struct control *c)
{
	if (c->wants_build && !c->build)
		start(c);
}

enum err_code builder_first(struct control *c, struct err *e)
{
	struct build *b = new_build(c);
	enum err_code rc;

	if (!b)
		return err_set(e, ERR_MEMORY, "no memory");
	b->is_reload = true;
	load_and_build(b);
	log_lines(b->rc == ERR_OK ? LOG_INFO : LOG_ERROR, &b->report);
	if (b->rc == ERR_OK)
		b->rc = adopt(c, b);
	if (b->rc != ERR_OK && e)
		*e = b->e;
	rc = b->rc;
	free_build(b);
	return rc;
}

void builder_stop(struct control *c)
{
	atomic_store(&c->is_stopping, true);
	if (c->build) {
		pthread_join(c->builder, NULL);
		free_build(c->build); /* its finish() was posted to a loop that runs no more */
		c->build = NULL;
	}
	while (c->waiters || c->now_waiters) {
		struct waiter **list = c->waiters ? &c->waiters : &c->now_waiters;
		struct waiter *w = *list;

		*list = w->next;
		if (w->doc)
			http_reply_json(w->reply, 200, w->doc);
		else
			http_reply_error(w->reply, ERR_AGAIN, "the daemon stops");
		free(w);
	}
}
