/* SPDX-License-Identifier: Apache-2.0 */
/* plan: what one director wants checked, and what is known of it in its own ids. */
#include "probers/proberd/plan.h"

#include "core/log.h"
#include "probers/check_compile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a verdict takes on the wire beside its reason: tags and numbers at their longest. */
#define VERDICT_ROOM 40

struct entry {
	struct plan *plan;
	uint32_t id;
	bool has_changed; /* since the director was told */
	struct endpoint to;
	char *pool, *region, *monitor;
	struct schedule_watch *watch; /* NULL: its monitor makes no sense */
	const char *trouble;	      /* then why, in the plan's monitors */
};

/* A monitor of the message. */
struct monitor {
	const char *name;	 /* the message's: only while replacing */
	struct check_spec *spec; /* NULL: no sense, */
	char *trouble;		 /* and why */
};

/* What is replaced as a whole. */
struct content {
	uint64_t revision;
	struct monitor *monitors;
	size_t n_monitors;
	struct entry *entries;
	size_t n_entries;
};

struct plan {
	char *director;
	struct schedule *schedule;
	const struct clock *clock;
	plan_changed_fn changed;
	void *arg;
	struct content now;
};

enum err_code plan_new(struct plan **out, const char *director, struct schedule *schedule,
		       const struct clock *clock, plan_changed_fn changed, void *arg)
{
	struct plan *p = calloc(1, sizeof(*p));

	if (!p)
		return ERR_MEMORY;
	p->director = strdup(director);
	if (!p->director) {
		free(p);
		return ERR_MEMORY;
	}
	p->schedule = schedule;
	p->clock = clock;
	p->changed = changed;
	p->arg = arg;
	*out = p;
	return ERR_OK;
}

static void content_fini(struct content *c)
{
	size_t i;

	for (i = 0; i < c->n_entries; i++) {
		schedule_unwatch(c->entries[i].watch);
		free(c->entries[i].pool);
		free(c->entries[i].region);
		free(c->entries[i].monitor);
	}
	for (i = 0; i < c->n_monitors; i++) {
		check_spec_free(c->monitors[i].spec);
		free(c->monitors[i].trouble);
	}
	free(c->entries);
	free(c->monitors);
	*c = (struct content){ 0 };
}

void plan_free(struct plan *p)
{
	if (!p)
		return;
	content_fini(&p->now);
	free(p->director);
	free(p);
}

/* ---- replacing */

static void on_result(void *arg, const struct schedule_state *state,
		      const struct check_result *result, bool changed)
{
	struct entry *entry = arg;

	if (!changed)
		return;
	entry->has_changed = true;
	entry->plan->changed(entry->plan->arg);
}

static enum err_code take_monitor(const struct plan *p, struct monitor *to,
				  const Fairlead__Wire__Monitor *from)
{
	struct err e = { "" };
	enum err_code code;

	to->name = from->name;
	code = check_compile_wire(from, &to->spec, &e);
	if (code != ERR_INPUT)
		return code;
	log_warn("proberd", "director %s: its plan's %s: not checked", p->director, e.text);
	check_printable(e.text);
	to->trouble = strdup(e.text);
	return to->trouble ? ERR_OK : ERR_MEMORY;
}

static enum err_code take_monitors(const struct plan *p, struct content *c,
				   const Fairlead__Wire__Plan *message)
{
	enum err_code code = ERR_OK;

	c->monitors = calloc(message->n_monitors + 1, sizeof(*c->monitors));
	if (!c->monitors)
		return ERR_MEMORY;
	while (c->n_monitors < message->n_monitors && code == ERR_OK) {
		code = take_monitor(p, &c->monitors[c->n_monitors],
				    message->monitors[c->n_monitors]);
		c->n_monitors++;
	}
	return code;
}

static const struct monitor *find_monitor(const struct content *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->n_monitors; i++)
		if (strcmp(c->monitors[i].name, name) == 0)
			return &c->monitors[i];
	return NULL;
}

static enum err_code watch_entry(struct entry *entry, const struct monitor *monitor,
				 const Fairlead__Wire__Target *from)
{
	struct endpoint own = { .addr.family = from->address.len == 4 ? 4 : 6 };

	memcpy(own.addr.bytes, from->address.data, from->address.len);
	entry->to = own;
	if (!monitor || !monitor->spec) {
		entry->trouble = monitor ? monitor->trouble : "its monitor is not in the plan";
		return ERR_OK;
	}
	entry->to = check_spec_endpoint(monitor->spec, &own);
	return schedule_watch(entry->plan->schedule, monitor->spec, &entry->to, on_result, entry,
			      &entry->watch);
}

static enum err_code take_target(struct plan *p, const struct content *c, struct entry *entry,
				 const Fairlead__Wire__Target *from)
{
	entry->plan = p;
	entry->id = from->id;
	entry->pool = strdup(from->pool);
	entry->region = strdup(from->region);
	entry->monitor = strdup(from->monitor);
	if (!entry->pool || !entry->region || !entry->monitor)
		return ERR_MEMORY;
	return watch_entry(entry, find_monitor(c, from->monitor), from);
}

static enum err_code take_targets(struct plan *p, struct content *c,
				  const Fairlead__Wire__Plan *message)
{
	enum err_code code = ERR_OK;

	c->entries = calloc(message->n_targets + 1, sizeof(*c->entries));
	if (!c->entries)
		return ERR_MEMORY;
	while (c->n_entries < message->n_targets && code == ERR_OK) {
		code = take_target(p, c, &c->entries[c->n_entries], message->targets[c->n_entries]);
		c->n_entries++;
	}
	return code;
}

/* The new one is watched before the old one is let go: what both have keeps its history. */
enum err_code plan_replace(struct plan *p, const Fairlead__Wire__Plan *message, struct err *e)
{
	struct content next = { .revision = message->revision };
	enum err_code code = take_monitors(p, &next, message);

	if (code == ERR_OK)
		code = take_targets(p, &next, message);
	if (code != ERR_OK) {
		content_fini(&next);
		return err_set(e, code, "plan %llu: no memory",
			       (unsigned long long)message->revision);
	}
	content_fini(&p->now);
	p->now = next;
	return ERR_OK;
}

/* ---- showing */

uint64_t plan_revision(const struct plan *p)
{
	return p->now.revision;
}

size_t plan_size(const struct plan *p)
{
	return p->now.n_entries;
}

void plan_target(const struct plan *p, size_t i, struct plan_target *out)
{
	const struct entry *entry = &p->now.entries[i];

	*out = (struct plan_target){ .id = entry->id,
				     .pool = entry->pool,
				     .region = entry->region,
				     .monitor = entry->monitor,
				     .to = entry->to };
	if (entry->watch)
		out->state = *schedule_state(entry->watch);
	else
		snprintf(out->state.reason, sizeof(out->state.reason), "%s", entry->trouble);
}

/* ---- verdicts */

/* A full set must fit in one frame, so many targets leave room for short reasons only. */
static size_t reason_room(size_t n)
{
	size_t each = (WIRE_FRAME_MAX - 64) / (n ? n : 1);
	size_t room = each > VERDICT_ROOM ? each - VERDICT_ROOM : 0;

	return room < CHECK_REASON_MAX - 1 ? room : CHECK_REASON_MAX - 1;
}

/* A verdict and its text, side by side: the message points to both. */
struct said {
	Fairlead__Wire__Verdict verdict;
	char reason[CHECK_REASON_MAX];
};

static void say(struct said *to, const struct plan *p, size_t i, size_t room, uint64_t now_us)
{
	struct plan_target t;

	plan_target(p, i, &t);
	fairlead__wire__verdict__init(&to->verdict);
	to->verdict.target = t.id;
	to->verdict.known = t.state.known;
	to->verdict.pass = t.state.pass;
	to->verdict.streak = t.state.streak;
	to->verdict.rtt_us = t.state.rtt_us;
	if (t.state.at_us)
		to->verdict.age_ms = (uint32_t)((now_us - t.state.at_us) / 1000);
	if (!t.state.known || !t.state.pass)
		snprintf(to->reason, sizeof(to->reason), "%.*s", (int)room, t.state.reason);
	to->verdict.reason = to->reason;
}

static size_t count_due(const struct plan *p, bool full)
{
	size_t i, n = 0;

	for (i = 0; i < p->now.n_entries; i++)
		n += full || p->now.entries[i].has_changed;
	return n;
}

static enum err_code write_message(const struct plan *p, bool full, struct said *said,
				   Fairlead__Wire__Verdict **list, size_t n, struct buf *out,
				   struct err *e)
{
	Fairlead__Wire__Message message = FAIRLEAD__WIRE__MESSAGE__INIT;
	Fairlead__Wire__Verdicts verdicts = FAIRLEAD__WIRE__VERDICTS__INIT;
	uint64_t now_us = clock_mono_us(p->clock);
	size_t i, k = 0;

	for (i = 0; i < p->now.n_entries; i++) {
		if (!full && !p->now.entries[i].has_changed)
			continue;
		say(&said[k], p, i, reason_room(n), now_us);
		list[k] = &said[k].verdict;
		k++;
	}
	verdicts.revision = p->now.revision;
	verdicts.full = full;
	verdicts.verdicts = list;
	verdicts.n_verdicts = n;
	message.body_case = FAIRLEAD__WIRE__MESSAGE__BODY_VERDICTS;
	message.verdicts = &verdicts;
	return wire_pack(&message, out, e);
}

enum err_code plan_write_verdicts(struct plan *p, bool full, struct buf *out, struct err *e)
{
	size_t n = count_due(p, full), i;
	Fairlead__Wire__Verdict **list;
	enum err_code code = ERR_MEMORY;
	struct said *said;

	if (n == 0 && !full)
		return ERR_OK;
	said = calloc(n + 1, sizeof(*said));
	list = calloc(n + 1, sizeof(Fairlead__Wire__Verdict *));
	if (said && list)
		code = write_message(p, full, said, list, n, out, e);
	else
		err_set(e, code, "verdicts: no memory");
	free(said);
	free(list);
	for (i = 0; i < p->now.n_entries && code == ERR_OK; i++)
		p->now.entries[i].has_changed = false;
	return code;
}
