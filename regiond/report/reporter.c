/* SPDX-License-Identifier: Apache-2.0 */
/* reporter: keeps every director told, over one link each. */
#include "regiond/report/reporter.h"

#include "core/log.h"
#include "regiond/report/report.h"
#include "regiond/report/told.h"
#include "schema/wire/uplink.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DELTA_MS 1000
#define ROOM	 "regiond/report"
#define SOFTWARE "fairlead-regiond " PACKAGE_VERSION

struct director {
	struct reporter *reporter;
	struct uplink *uplink;
	bool is_told, keep; /* told: the full report of this link is out */
	uint64_t seq;
	uint64_t *bases; /* arrivals by service id when the link came up */
	size_t n_bases;
	struct told told;
	struct buf not_here, missing; /* services that only one side knows, as the director says */
	struct director *next;
};

struct reporter {
	struct reporter_options options;
	const struct table *table;
	struct director *directors;
	size_t n_directors;
	struct uplink_world world;
	struct loop_timer *delta_timer;
	char withdrawn[WIRE_REASON_MAX + 1];
	bool is_withdrawn;

	struct tally *now, *last; /* one each service of the table; last = what was sent */
	bool *changed;
	size_t n, room;
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

enum err_code reporter_reserve(struct reporter *r, size_t n)
{
	size_t room = n + 1; /* never none */
	struct tally *now, *last;
	bool *changed;
	if (room <= r->room)
		return ERR_OK;
	now = reallocarray(r->now, room, sizeof(*now));
	r->now = now ? now : r->now;
	last = reallocarray(r->last, room, sizeof(*last));
	r->last = last ? last : r->last;
	changed = reallocarray(r->changed, room, sizeof(*changed));
	r->changed = changed ? changed : r->changed;
	if (!now || !last || !changed)
		return ERR_MEMORY;
	r->room = room;
	return ERR_OK;
}

/* ---- sending */

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
	if (report_pack(&frame, r->now, r->n, &scope, &e) == ERR_OK)
		uplink_send_packed(d->uplink, &frame);
	else
		log_error(ROOM, "a report to %s: %s", uplink_address(d->uplink), e.text);
	buf_fini(&frame);
}

static void send_to_all(struct reporter *r, bool full)
{
	for (struct director *d = r->directors; d; d = d->next)
		if (d->is_told)
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

/* ---- links */

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

/* Before a link gets its full report, the others get what changed until then. */
static void send_full(struct director *d)
{
	send_changes(d->reporter);
	d->is_told = true;
	send_report(d, true);
}

static void up(void *ctx)
{
	struct director *d = ctx;
	if (note_bases(d) != ERR_OK) {
		uplink_redial(d->uplink, "out of memory");
		return;
	}
	d->seq = 0;
	send_full(d);
}

static void full(void *ctx)
{
	struct director *d = ctx;
	if (d->is_told)
		send_full(d);
}

static void forget_services(struct director *d)
{
	buf_clear(&d->not_here);
	buf_clear(&d->missing);
}

static void down(void *ctx)
{
	struct director *d = ctx;
	d->is_told = false;
	forget_services(d);
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
		log_error(ROOM, "out of memory: where probers check from is not known");
}

static void list_names(struct buf *to, char **names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_printf(to, "%s%s", i ? ", " : "", names[i]);
}

static void take_services(struct director *d, const Fairlead__Wire__Services *m)
{
	forget_services(d);
	list_names(&d->not_here, m->not_here, m->n_not_here);
	list_names(&d->missing, m->missing, m->n_missing);
}

static void on_message(void *ctx, const wire_message *m)
{
	struct director *d = ctx;
	if (m->body_case == FAIRLEAD__WIRE__MESSAGE__BODY_CHECKERS)
		take_checkers(d, m->checkers);
	else if (m->body_case == FAIRLEAD__WIRE__MESSAGE__BODY_SERVICES)
		take_services(d, m->services);
	else
		uplink_refuse(d->uplink, "a director does not tell a regiond what to check");
}

static const struct uplink_fns fns = {
	.up = up, .full = full, .message = on_message, .down = down
};

static void free_director(struct director *d)
{
	uplink_free(d->uplink);
	told_fini(&d->told);
	free(d->bases);
	buf_fini(&d->not_here);
	buf_fini(&d->missing);
	free(d);
}

static struct director *find_director(struct reporter *r, const struct config_host_port *at)
{
	for (struct director *d = r->directors; d; d = d->next)
		if (uplink_is_at(d->uplink, at->host, at->port))
			return d;
	return NULL;
}

static enum err_code add_director(struct reporter *r, const struct config_host_port *at,
				  struct err *e)
{
	struct director *d = calloc(1, sizeof(*d));
	if (!d)
		return err_set(e, ERR_MEMORY, "out of memory");
	d->reporter = r;
	d->keep = true;
	enum err_code code = uplink_new(&d->uplink, &r->world, at->host, at->port, &fns, d, e);
	if (code != ERR_OK) {
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
	for (struct director *d = r->directors; d; d = d->next)
		d->keep = false;
	for (size_t i = 0; i < config->n_directors; i++) {
		struct director *d = find_director(r, &config->directors[i]);
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
	r->world = (struct uplink_world){
		.loop = options->loop,
		.tls = options->tls,
		.jobs = options->jobs,
		.clock = options->clock,
		.room = ROOM,
		.software = SOFTWARE,
		.incarnation = options->incarnation,
	};
	if (loop_timer_new(options->loop, &r->delta_timer, on_delta, r) != ERR_OK) {
		reporter_free(r);
		return err_set(e, ERR_MEMORY, "out of memory");
	}
	*out = r;
	return ERR_OK;
}

void reporter_free(struct reporter *r)
{
	if (!r)
		return;
	drop_directors(r, true);
	loop_timer_free(r->delta_timer);
	free(r->now);
	free(r->last);
	free(r->changed);
	free(r);
}

/* What a reload may change of what was told in hello is told again. */
static void follow_config(struct reporter *r, const struct regiond_config *config)
{
	bool is_retimed = r->world.heartbeat_ms != config->heartbeat_ms;
	snprintf(r->world.fleet, sizeof(r->world.fleet), "%s", config->fleet);
	r->world.heartbeat_ms = (uint32_t)config->heartbeat_ms;
	for (struct director *d = r->directors; is_retimed && d; d = d->next)
		uplink_retime(d->uplink);
}

enum err_code reporter_follow(struct reporter *r, const struct table *t, struct err *e)
{
	if (reporter_reserve(r, t->n_services) != ERR_OK)
		return err_set(e, ERR_MEMORY, "out of memory");
	r->n = t->n_services;
	memset(r->changed, 0, r->n * sizeof(*r->changed));
	if (!r->table)
		loop_timer_every(r->delta_timer, DELTA_MS);
	r->table = t;
	follow_config(r, t->config);
	take_tallies(r);
	send_to_all(r, true); /* also tells of services that are gone */
	return set_directors(r, t->config, e);
}

void reporter_use_tls(struct reporter *r, struct tls *tls)
{
	drop_directors(r, true);
	r->world.tls = tls;
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
	wire_message m = FAIRLEAD__WIRE__MESSAGE__INIT;
	Fairlead__Wire__Withdraw withdraw = FAIRLEAD__WIRE__WITHDRAW__INIT;
	withdraw.reason = (char *)reason;
	m.body_case = FAIRLEAD__WIRE__MESSAGE__BODY_WITHDRAW;
	m.withdraw = &withdraw;
	uplink_send(d->uplink, &m);
}

void reporter_withdraw(struct reporter *r, const char *reason)
{
	r->is_withdrawn = reason != NULL;
	snprintf(r->withdrawn, sizeof(r->withdrawn), "%s", reason ? reason : "");
	for (struct director *d = r->directors; reason && d; d = d->next)
		if (d->is_told)
			send_withdraw(d, r->withdrawn);
	reporter_changed(r);
}

static void on_drained(void *arg)
{
	struct reporter *r = arg;
	if (--r->finishing == 0)
		r->done(r->done_arg);
}

void reporter_finish(struct reporter *r, const char *reason, uint64_t ms, loop_fn done, void *arg)
{
	r->done = done;
	r->done_arg = arg;
	r->finishing = 1; /* this call itself: done() comes once, and not before its end */
	for (struct director *d = r->directors; d; d = d->next) {
		r->finishing++;
		d->is_told = false;
		uplink_leave(d->uplink, reason, ms, on_drained, r);
	}
	on_drained(r);
}

size_t reporter_directors(const struct reporter *r)
{
	return r->n_directors;
}

uint64_t reporter_ignored(const struct reporter *r)
{
	uint64_t n = 0;
	for (const struct director *d = r->directors; d; d = d->next)
		n += uplink_stats(d->uplink)->ignored;
	return n;
}

struct reporter_director reporter_director(const struct reporter *r, size_t i)
{
	const struct director *d = r->directors;
	while (i--)
		d = d->next;
	const struct uplink_stats *stats = uplink_stats(d->uplink);
	return (struct reporter_director){
		.address = uplink_address(d->uplink),
		.up = d->is_told,
		.peer = d->is_told ? stats->node : "",
		.last_error = stats->trouble,
	};
}

void reporter_problems(const struct reporter *r, struct problems *out)
{
	for (struct director *d = r->directors; d; d = d->next) {
		const char *address = uplink_address(d->uplink);
		if (d->not_here.len)
			problems_add(out, PROBLEM_WARNING, "services_differ", address, -1,
				     "each side has its own name for it, or one has it not yet",
				     "%s does not know: %s", address, buf_text(&d->not_here));
		if (d->missing.len)
			problems_add(out, PROBLEM_WARNING, "services_differ", address, -1,
				     "each side has its own name for it, or one has it not yet",
				     "%s misses here: %s", address, buf_text(&d->missing));
	}
}
