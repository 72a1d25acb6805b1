/* SPDX-License-Identifier: Apache-2.0 */
/* reporter: keeps every director told, over one link each. */
#include "regiond/report/reporter.h"

#include "core/link_dial.h"
#include "core/log.h"
#include "core/utf8.h"
#include "regiond/report/report.h"
#include "regiond/report/told.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DELTA_MS 1000
#define FULL_MS	 60000

#define ADDRESS_MAX 280
#define ERROR_MAX   200

struct director {
	struct reporter *reporter;
	char address[ADDRESS_MAX];
	char last_error[ERROR_MAX];
	struct link *link;
	bool up, keep;
	uint64_t seq, beats;
	uint64_t *bases; /* arrivals by service id when the link came up */
	size_t n_bases;
	struct told told;
	struct director *next;
};

struct reporter {
	struct reporter_options options;
	const struct table *table;
	struct director *directors;
	size_t n_directors;
	struct loop_timer *delta_timer, *full_timer, *beat_timer;
	uint64_t beat_ms;
	char withdrawn[WIRE_REASON_MAX + 1];
	bool is_withdrawn;

	struct tally *now, *last; /* one each service of the table; last = what was sent */
	bool *changed;
	size_t n;
	struct report_note notes[WIRE_NOTES_MAX];
	size_t n_notes;
	bool new_notes; /* since the last report */

	loop_fn done; /* of reporter_finish() */
	void *done_arg;
	size_t finishing;
};

/* ---- tallies */

static void take_tallies(struct reporter *r)
{
	const char *withdrawn = r->is_withdrawn ? r->withdrawn : NULL;
	for (size_t i = 0; i < r->n; i++)
		tally_take(&r->now[i], &r->table->services[i], withdrawn);
}

/* Marks what is not as it was sent; was any of it a health? */
static bool mark_changed(struct reporter *r, bool *any)
{
	bool health = false;
	*any = r->new_notes;
	for (size_t i = 0; i < r->n; i++) {
		r->changed[i] = !tally_is_equal(&r->now[i], &r->last[i]);
		*any |= r->changed[i];
		health |= r->now[i].health != r->last[i].health;
	}
	return health;
}

static enum err_code make_room(struct reporter *r, size_t n)
{
	struct tally *now = calloc(n + 1, sizeof(*now)), *last = calloc(n + 1, sizeof(*last));
	bool *changed = calloc(n + 1, sizeof(*changed));
	if (!now || !last || !changed) {
		free(now);
		free(last);
		free(changed);
		return ERR_MEMORY;
	}
	free(r->now);
	free(r->last);
	free(r->changed);
	r->now = now;
	r->last = last;
	r->changed = changed;
	r->n = n;
	return ERR_OK;
}

/* ---- sending */

/* A frame that cannot be sent is no news: the link says so itself, and begins with a full report.
 */
static void send_frame(struct director *d, struct buf *frame, enum err_code packed,
		       const struct err *e)
{
	if (packed != ERR_OK)
		log_error("regiond/report", "a report to %s: %s", d->address, e->text);
	else
		link_send(d->link, frame->data, frame->len);
	buf_fini(frame);
}

static void send_report(struct director *d, bool full)
{
	struct reporter *r = d->reporter;
	struct buf frame = BUF_INIT;
	struct err e = { "" };
	struct report_scope scope = {
		.seq = ++d->seq,
		.full = full,
		.notes = r->notes,
		.n_notes = r->n_notes,
		.changed = r->changed,
		.bases = d->bases,
		.n_bases = d->n_bases,
	};
	send_frame(d, &frame, report_pack(&frame, r->now, r->n, &scope, &e), &e);
}

static void send_to_all(struct reporter *r, bool full)
{
	for (struct director *d = r->directors; d; d = d->next)
		if (d->up)
			send_report(d, full);
	memcpy(r->last, r->now, r->n * sizeof(*r->last));
	r->new_notes = false;
}

static void send_changes(struct reporter *r)
{
	bool any;
	take_tallies(r);
	mark_changed(r, &any);
	if (any)
		send_to_all(r, false);
}

static void on_delta(void *arg)
{
	send_changes(arg);
}

static void on_full(void *arg)
{
	struct reporter *r = arg;
	take_tallies(r);
	send_to_all(r, true);
}

static void on_beat(void *arg)
{
	struct reporter *r = arg;
	for (struct director *d = r->directors; d; d = d->next) {
		struct buf frame = BUF_INIT;
		struct err e = { "" };
		if (!d->up)
			continue;
		send_frame(
			d, &frame,
			report_heartbeat(&frame, ++d->beats, clock_mono_us(r->options.clock), &e),
			&e);
	}
}

/* ---- links */

static enum err_code may(void *ctx, const struct identity *peer, struct err *e)
{
	if (peer->role != IDENTITY_DNSD)
		return err_set(e, ERR_DENIED, "a %s is not a director",
			       identity_role_name(peer->role));
	return ERR_OK;
}

/* What was counted before this link is not its news (fleet.proto: arrivals). */
static enum err_code note_bases(struct director *d)
{
	const struct table *t = d->reporter->table;
	uint64_t *bases = calloc(t->n_ids + 1, sizeof(*bases));
	if (!bases)
		return ERR_MEMORY;
	for (size_t i = 0; i < t->n_services; i++)
		bases[t->services[i].service->id] = atomic_load(&t->services[i].service->arrivals);
	free(d->bases);
	d->bases = bases;
	d->n_bases = t->n_ids;
	return ERR_OK;
}

static void send_hello(struct director *d)
{
	const struct reporter *r = d->reporter;
	struct buf frame = BUF_INIT;
	struct err e = { "" };
	uint32_t beat_ms = (uint32_t)r->table->config->heartbeat_ms;
	send_frame(d, &frame, report_hello(&frame, r->options.incarnation, beat_ms, &e), &e);
}

static void up(void *ctx, struct link *link, const struct identity *peer)
{
	struct director *d = ctx;
	struct reporter *r = d->reporter;
	if (note_bases(d) != ERR_OK) {
		link_close(link, "out of memory");
		return;
	}
	log_info("regiond/report", "director %s (%s): reporting", d->address, peer->name);
	d->last_error[0] = '\0';
	d->seq = d->beats = 0;
	send_changes(r); /* to the others */
	d->up = true;
	send_hello(d);
	send_report(d, true);
}

static void down(void *ctx, struct link *link, const char *reason)
{
	struct director *d = ctx;
	d->up = false;
	utf8_copy(d->last_error, sizeof(d->last_error), reason);
	if (!d->reporter->done) /* else it is as we wanted */
		log_warn("regiond/report", "director %s: %s", d->address, reason);
}

static void refused(void *ctx, const char *who, const struct err *why)
{
	struct director *d = ctx;
	/* Dialled for ever: said once for each reason, not for each attempt. */
	if (strcmp(d->last_error, why->text) == 0)
		return;
	utf8_copy(d->last_error, sizeof(d->last_error), why->text);
	log_warn("regiond/report", "director %s: %s: %s", d->address, who, why->text);
}

/* All directors' probers check here. */
static void tell_checkers(struct reporter *r)
{
	size_t n = 0, at = 0;
	for (struct director *d = r->directors; d; d = d->next)
		n += d->told.n_checkers;
	struct addr *all = calloc(n + 1, sizeof(*all));
	for (struct director *d = r->directors; all && d; d = d->next)
		for (size_t i = 0; i < d->told.n_checkers; i++)
			all[at++] = d->told.checkers[i];
	if (all && r->options.checkers)
		r->options.checkers(r->options.ctx, all, n);
	free(all);
}

static void take_checkers(struct director *d, const Fairlead__Wire__Checkers *m)
{
	if (told_checkers(&d->told, m) == ERR_OK)
		tell_checkers(d->reporter);
	else
		log_error("regiond/report", "out of memory: where probers check from is not known");
}

/* Directors have little to say to a regiond: welcome and heartbeats. A frame that is none of ours
 * ends the link, as it would there. */
static void frame(void *ctx, struct link *link, const uint8_t *bytes, size_t len)
{
	struct director *d = ctx;
	struct err e = { "" };
	wire_message *m;
	if (wire_unpack(bytes, len, &m, &e) == ERR_OK) {
		if (m->body_case == FAIRLEAD__WIRE__MESSAGE__BODY_CHECKERS)
			take_checkers(d, m->checkers);
		wire_free(m);
		return;
	}
	log_warn("regiond/report", "director %s: %s", d->address, e.text);
	link_close(link, "bad frame");
}

static const struct link_handler handler = {
	.may = may, .up = up, .frame = frame, .down = down, .refused = refused
};

static void free_director(struct director *d)
{
	link_free(d->link);
	told_fini(&d->told);
	free(d->bases);
	free(d);
}

static void address_of(const struct config_host_port *at, char out[ADDRESS_MAX])
{
	bool v6 = strchr(at->host, ':') != NULL;
	snprintf(out, ADDRESS_MAX, v6 ? "[%s]:%u" : "%s:%u", at->host, at->port);
}

static struct director *find_director(struct reporter *r, const char *address)
{
	for (struct director *d = r->directors; d; d = d->next)
		if (strcmp(d->address, address) == 0)
			return d;
	return NULL;
}

static enum err_code add_director(struct reporter *r, const struct config_host_port *at,
				  struct err *e)
{
	struct link_options options = LINK_OPTIONS_DEFAULT;
	struct director *d = calloc(1, sizeof(*d));
	if (!d)
		return err_set(e, ERR_MEMORY, "out of memory");
	options.jobs = r->options.jobs;
	d->reporter = r;
	d->keep = true;
	address_of(at, d->address);
	enum err_code code = link_dial(&d->link, r->options.loop, r->options.tls, at->host,
				       at->port, &options, &handler, d, e);
	if (code != ERR_OK) {
		err_wrap(e, code, "director %s", d->address);
		free(d);
		return code;
	}
	d->next = r->directors;
	r->directors = d;
	r->n_directors++;
	return ERR_OK;
}

static void drop_directors(struct reporter *r, bool all)
{
	struct director **at = &r->directors;
	while (*at) {
		struct director *d = *at;
		if (!all && d->keep) {
			at = &d->next;
			continue;
		}
		*at = d->next;
		r->n_directors--;
		free_director(d);
	}
}

static enum err_code set_directors(struct reporter *r, const struct regiond_config *config,
				   struct err *e)
{
	enum err_code first = ERR_OK;
	char address[ADDRESS_MAX];
	for (struct director *d = r->directors; d; d = d->next)
		d->keep = false;
	for (size_t i = 0; i < config->n_directors; i++) {
		address_of(&config->directors[i], address);
		struct director *d = find_director(r, address);
		if (d) {
			d->keep = true;
			continue;
		}
		enum err_code code = add_director(r, &config->directors[i], e);
		first = first == ERR_OK ? code : first;
	}
	drop_directors(r, false);
	return first;
}

/* ---- the reporter */

enum err_code reporter_new(struct reporter **out, const struct reporter_options *options,
			   struct err *e)
{
	struct reporter *r = calloc(1, sizeof(*r));
	if (!r)
		return err_set(e, ERR_MEMORY, "out of memory");
	r->options = *options;
	if (loop_timer_new(options->loop, &r->delta_timer, on_delta, r) != ERR_OK ||
	    loop_timer_new(options->loop, &r->full_timer, on_full, r) != ERR_OK ||
	    loop_timer_new(options->loop, &r->beat_timer, on_beat, r) != ERR_OK) {
		reporter_free(r);
		return err_set(e, ERR_MEMORY, "out of memory");
	}
	*out = r;
	return ERR_OK;
}

static void free_timer(struct loop_timer *t)
{
	if (t)
		loop_timer_free(t);
}

void reporter_free(struct reporter *r)
{
	if (!r)
		return;
	drop_directors(r, true);
	free_timer(r->delta_timer);
	free_timer(r->full_timer);
	free_timer(r->beat_timer);
	free(r->now);
	free(r->last);
	free(r->changed);
	free(r);
}

static void start_timers(struct reporter *r, uint64_t beat_ms)
{
	if (!r->beat_ms) {
		loop_timer_every(r->delta_timer, DELTA_MS);
		loop_timer_every(r->full_timer, FULL_MS);
	}
	if (r->beat_ms != beat_ms)
		loop_timer_every(r->beat_timer, beat_ms);
	r->beat_ms = beat_ms;
}

enum err_code reporter_follow(struct reporter *r, const struct table *t, struct err *e)
{
	if (make_room(r, t->n_services) != ERR_OK)
		return err_set(e, ERR_MEMORY, "out of memory");
	r->table = t;
	start_timers(r, t->config->heartbeat_ms);
	take_tallies(r);
	send_to_all(r, true); /* also tells of services that are gone */
	return set_directors(r, t->config, e);
}

void reporter_use_tls(struct reporter *r, struct tls *tls)
{
	drop_directors(r, true);
	r->options.tls = tls;
}

void reporter_changed(struct reporter *r)
{
	bool any;
	if (!r->table)
		return;
	take_tallies(r);
	if (mark_changed(r, &any))
		send_to_all(r, false);
}

static bool is_note_equal(const struct report_note *a, const struct report_note *b)
{
	return strcmp(a->kind, b->kind) == 0 && strcmp(a->text, b->text) == 0;
}

void reporter_notes(struct reporter *r, const struct report_note *notes, size_t n)
{
	bool same = n == r->n_notes;
	for (size_t i = 0; i < n; i++) {
		same = same && is_note_equal(&notes[i], &r->notes[i]);
		r->notes[i] = notes[i];
	}
	r->n_notes = n;
	r->new_notes |= !same;
}

static void send_withdraw(struct director *d, const char *reason)
{
	struct buf bytes = BUF_INIT;
	struct err e = { "" };
	send_frame(d, &bytes, report_withdraw(&bytes, reason, &e), &e);
}

void reporter_withdraw(struct reporter *r, const char *reason)
{
	r->is_withdrawn = reason != NULL;
	snprintf(r->withdrawn, sizeof(r->withdrawn), "%s", reason ? reason : "");
	for (struct director *d = r->directors; reason && d; d = d->next)
		if (d->up)
			send_withdraw(d, r->withdrawn);
	reporter_changed(r);
}

static void on_drained(void *arg)
{
	struct reporter *r = arg;
	if (--r->finishing == 0)
		r->done(r->done_arg);
}

static void finish_one(struct director *d, const char *reason, uint64_t ms)
{
	struct buf bytes = BUF_INIT;
	struct err e = { "" };
	send_frame(d, &bytes, report_goodbye(&bytes, reason, &e), &e);
	d->up = false;
	link_drain(d->link, ms, on_drained, d->reporter);
}

void reporter_finish(struct reporter *r, const char *reason, uint64_t ms, loop_fn done, void *arg)
{
	r->done = done;
	r->done_arg = arg;
	r->finishing = 1; /* this call itself: done() comes once, and not before its end */
	for (struct director *d = r->directors; d; d = d->next) {
		if (!d->up)
			continue;
		r->finishing++;
		finish_one(d, reason, ms);
	}
	on_drained(r);
}

size_t reporter_directors(const struct reporter *r)
{
	return r->n_directors;
}

struct reporter_director reporter_director(const struct reporter *r, size_t i)
{
	const struct director *d = r->directors;
	while (i--)
		d = d->next;
	return (struct reporter_director){
		.address = d->address,
		.up = d->up,
		.peer = d->up ? link_peer(d->link)->name : "",
		.last_error = d->last_error,
	};
}
