/* SPDX-License-Identifier: Apache-2.0 */
/* plan: what one director wants checked, and what is known of it in its own ids. */
#include "probers/proberd/plan.h"

#include "core/log.h"
#include "probers/check_compile.h"
#include "probers/proberd/proof.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* So many verdicts with the longest reasons fit into one frame. */
#define VERDICTS_A_FRAME 4096

struct entry {
	struct plan *plan;
	uint32_t id;
	struct addr own;
	struct endpoint to;
	char *pool, *region, *monitor;
	struct proof_target proof; /* has the watch; without one its monitor makes no sense */
	const char *trouble;	   /* then why, in the plan's monitors */
};

/* A monitor of the message. */
struct monitor {
	char *name;
	struct check_spec *spec; /* NULL: no sense, */
	char *trouble;		 /* and why */
};

/* What is replaced as a whole. */
struct content {
	uint64_t revision;
	uint32_t next_part; /* while its parts come in */
	struct monitor *monitors;
	size_t n_monitors;
	struct entry **entries;
	struct proof_target **targets; /* the entries', for `proof` */
	size_t n_entries;
	struct proof proof;
};

struct plan {
	char *director;
	struct schedule *schedule;
	const struct clock *clock;
	plan_changed_fn changed;
	void *arg;
	struct content now, coming;
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

static void entry_free(struct entry *entry)
{
	schedule_unwatch(entry->proof.watch);
	free(entry->pool);
	free(entry->region);
	free(entry->monitor);
	free(entry);
}

static void content_fini(struct content *c)
{
	size_t i;

	proof_fini(&c->proof);
	for (i = 0; i < c->n_entries; i++)
		entry_free(c->entries[i]);
	for (i = 0; i < c->n_monitors; i++) {
		check_spec_free(c->monitors[i].spec);
		free(c->monitors[i].name);
		free(c->monitors[i].trouble);
	}
	free(c->targets);
	free(c->entries);
	free(c->monitors);
	*c = (struct content){ 0 };
}

void plan_free(struct plan *p)
{
	if (!p)
		return;
	content_fini(&p->coming);
	content_fini(&p->now);
	free(p->director);
	free(p);
}

/* ---- results */

/* Of the plan that is in force: one whose parts still come in listens, and says nothing. */
static void on_result(void *arg, const struct schedule_state *state,
		      const struct check_result *result, bool changed)
{
	struct entry *entry = arg;
	struct plan *p = entry->plan;
	size_t i = entry->proof.place;
	bool news;

	if (i >= p->now.n_entries || p->now.entries[i] != entry)
		return;
	news = proof_take(&p->now.proof, &entry->proof, state, result->pass,
			  clock_mono_us(p->clock));
	entry->proof.has_news |= changed;
	if (news || changed)
		p->changed(p->arg);
}

/* ---- replacing */

static enum err_code take_monitor(const struct plan *p, struct monitor *to,
				  const Fairlead__Wire__Monitor *from)
{
	struct err e = { "" };
	enum err_code code;

	to->name = strdup(from->name);
	if (!to->name)
		return ERR_MEMORY;
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
	struct monitor *grown =
		realloc(c->monitors, (c->n_monitors + message->n_monitors + 1) * sizeof(*grown));
	enum err_code code = ERR_OK;
	size_t i;

	if (!grown)
		return ERR_MEMORY;
	c->monitors = grown;
	for (i = 0; i < message->n_monitors && code == ERR_OK; i++) {
		grown[c->n_monitors] = (struct monitor){ 0 };
		code = take_monitor(p, &grown[c->n_monitors], message->monitors[i]);
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
	entry->own = own.addr;
	entry->to = own;
	if (!monitor || !monitor->spec) {
		entry->trouble = monitor ? monitor->trouble : "its monitor is not in the plan";
		return ERR_OK;
	}
	entry->to = check_spec_endpoint(monitor->spec, &own);
	return schedule_watch(entry->plan->schedule, monitor->spec, &entry->to, on_result, entry,
			      &entry->proof.watch);
}

static enum err_code take_target(struct plan *p, struct content *c,
				 const Fairlead__Wire__Target *from)
{
	struct entry *entry = calloc(1, sizeof(*entry));

	if (!entry)
		return ERR_MEMORY;
	entry->proof.place = c->n_entries;
	c->targets[c->n_entries] = &entry->proof;
	c->entries[c->n_entries++] = entry;
	entry->plan = p;
	entry->id = from->id;
	entry->pool = strdup(from->pool);
	entry->region = strdup(from->region);
	entry->monitor = strdup(from->monitor);
	entry->proof.region = entry->region;
	entry->proof.family = from->address.len == 4 ? 4 : 6;
	if (!entry->pool || !entry->region || !entry->monitor)
		return ERR_MEMORY;
	return watch_entry(entry, find_monitor(c, from->monitor), from);
}

static enum err_code take_targets(struct plan *p, struct content *c,
				  const Fairlead__Wire__Plan *message)
{
	size_t room = c->n_entries + message->n_targets + 1, i;
	struct entry **entries = realloc(c->entries, room * sizeof(struct entry *));
	struct proof_target **targets;
	enum err_code code = ERR_OK;

	if (!entries)
		return ERR_MEMORY;
	c->entries = entries;
	targets = realloc(c->targets, room * sizeof(struct proof_target *));
	if (!targets)
		return ERR_MEMORY;
	c->targets = targets;
	for (i = 0; i < message->n_targets && code == ERR_OK; i++)
		code = take_target(p, c, message->targets[i]);
	return code;
}

static int by_target(const void *a, const void *b)
{
	const struct entry *x = *(struct entry *const *)a, *y = *(struct entry *const *)b;
	int order = strcmp(x->pool, y->pool);

	if (order == 0)
		order = strcmp(x->region, y->region);
	if (order == 0)
		order = (int)x->own.family - (int)y->own.family;
	return order ? order : memcmp(x->own.bytes, y->own.bytes, sizeof(x->own.bytes));
}

/* What was known of a target stays known: its verdict under another monitor, and its proof. */
static void carry(const struct entry *old, struct entry *entry)
{
	if (!old->proof.watch || !entry->proof.watch)
		return;
	schedule_inherit(entry->proof.watch, old->proof.watch);
	entry->proof.is_proven = old->proof.is_proven;
}

static enum err_code carry_all(const struct content *old, struct content *next)
{
	struct entry **known = calloc(old->n_entries + 1, sizeof(struct entry *));
	size_t i;

	if (!known)
		return ERR_MEMORY;
	for (i = 0; i < old->n_entries; i++)
		known[i] = old->entries[i];
	qsort(known, old->n_entries, sizeof(struct entry *), by_target);
	for (i = 0; i < next->n_entries; i++) {
		struct entry **at = bsearch(&next->entries[i], known, old->n_entries,
					    sizeof(struct entry *), by_target);

		if (at)
			carry(*at, next->entries[i]);
	}
	free(known);
	return ERR_OK;
}

/* The new one is watched before the old one is let go: what both have keeps its history. */
static enum err_code adopt(struct plan *p, struct content *next)
{
	enum err_code code = carry_all(&p->now, next);

	if (code == ERR_OK)
		code = proof_init(&next->proof, next->targets, next->n_entries);
	if (code != ERR_OK)
		return code;
	content_fini(&p->now);
	p->now = *next;
	*next = (struct content){ 0 };
	return ERR_OK;
}

enum err_code plan_replace(struct plan *p, const Fairlead__Wire__Plan *message, struct err *e)
{
	struct content *next = &p->coming;
	enum err_code code;

	if (message->part == 0)
		content_fini(next);
	if (message->part != next->next_part ||
	    (message->part && message->revision != next->revision))
		return err_set(e, ERR_INPUT, "plan %llu: part %u is not the next one",
			       (unsigned long long)message->revision, message->part);
	next->revision = message->revision;
	next->next_part = message->part + 1;
	code = take_monitors(p, next, message);
	if (code == ERR_OK)
		code = take_targets(p, next, message);
	if (code == ERR_OK && next->next_part < message->parts)
		return ERR_AGAIN;
	if (code == ERR_OK)
		code = adopt(p, next);
	if (code == ERR_OK)
		return ERR_OK;
	content_fini(next);
	return err_set(e, code, "plan %llu: out of memory", (unsigned long long)message->revision);
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
	const struct entry *entry = p->now.entries[i];

	*out = (struct plan_target){ .id = entry->id,
				     .pool = entry->pool,
				     .region = entry->region,
				     .monitor = entry->monitor,
				     .to = entry->to,
				     .is_proven = entry->proof.is_proven };
	if (entry->proof.watch)
		out->state = *schedule_state(entry->proof.watch);
	else
		snprintf(out->state.reason, sizeof(out->state.reason), "%s", entry->trouble);
}

/* ---- verdicts */

/* A verdict and its text, side by side: the message points to both. */
struct said {
	Fairlead__Wire__Verdict verdict;
	char reason[CHECK_REASON_MAX];
};

static void say(struct said *to, const struct plan *p, size_t i, uint64_t now_us)
{
	struct plan_target t;

	plan_target(p, i, &t);
	fairlead__wire__verdict__init(&to->verdict);
	to->verdict.target = t.id;
	to->verdict.known = t.state.known;
	to->verdict.pass = t.state.pass;
	to->verdict.streak = t.state.streak;
	to->verdict.rtt_us = t.state.rtt_us;
	to->verdict.proven = t.is_proven;
	if (t.state.at_us)
		to->verdict.age_ms = (uint32_t)((now_us - t.state.at_us) / 1000);
	if (!t.state.known || !t.state.pass)
		snprintf(to->reason, sizeof(to->reason), "%s", t.state.reason);
	to->verdict.reason = to->reason;
}

static bool is_due(const struct plan *p, size_t i, bool full)
{
	return full || p->now.entries[i]->proof.has_news;
}

/* How many targets from there on go into one message; *end is the first that does not. */
static size_t count_due(const struct plan *p, bool full, size_t from, size_t *end)
{
	size_t i, n = 0;

	for (i = from; i < p->now.n_entries && n < VERDICTS_A_FRAME; i++)
		n += is_due(p, i, full);
	while (i < p->now.n_entries && !is_due(p, i, full))
		i++;
	*end = i;
	return n;
}

static uint32_t stretch_of(const struct plan *p)
{
	struct schedule_stats stats;

	schedule_stats(p->schedule, &stats);
	return stats.stretch_ppm;
}

static enum err_code write_message(const struct plan *p, bool full, size_t from, size_t end,
				   struct said *said, Fairlead__Wire__Verdict **list,
				   struct buf *out, struct err *e)
{
	Fairlead__Wire__Message message = FAIRLEAD__WIRE__MESSAGE__INIT;
	Fairlead__Wire__Verdicts verdicts = FAIRLEAD__WIRE__VERDICTS__INIT;
	uint64_t now_us = clock_mono_us(p->clock);
	size_t i, k = 0;

	for (i = from; i < end; i++) {
		if (!is_due(p, i, full))
			continue;
		say(&said[k], p, i, now_us);
		list[k] = &said[k].verdict;
		k++;
	}
	verdicts.revision = p->now.revision;
	verdicts.full = full;
	if (full && p->now.n_entries > VERDICTS_A_FRAME) {
		verdicts.part = (uint32_t)(from / VERDICTS_A_FRAME);
		verdicts.parts = (uint32_t)((p->now.n_entries - 1) / VERDICTS_A_FRAME + 1);
	}
	verdicts.stretch_ppm = stretch_of(p);
	verdicts.verdicts = list;
	verdicts.n_verdicts = k;
	message.body_case = FAIRLEAD__WIRE__MESSAGE__BODY_VERDICTS;
	message.verdicts = &verdicts;
	return wire_pack(&message, out, e);
}

enum err_code plan_write_verdicts(struct plan *p, bool full, size_t *from, struct buf *out,
				  struct err *e)
{
	size_t end, n = count_due(p, full, *from, &end), i;
	Fairlead__Wire__Verdict **list;
	enum err_code code = ERR_MEMORY;
	struct said *said;

	if (n == 0 && !(full && *from == 0))
		return ERR_OK;
	said = calloc(n + 1, sizeof(*said));
	list = calloc(n + 1, sizeof(Fairlead__Wire__Verdict *));
	if (said && list)
		code = write_message(p, full, *from, end, said, list, out, e);
	else
		err_set(e, code, "verdicts: out of memory");
	free(said);
	free(list);
	if (code != ERR_OK)
		return code;
	for (i = *from; i < end; i++)
		p->now.entries[i]->proof.has_news = false;
	*from = end;
	return end < p->now.n_entries ? ERR_AGAIN : ERR_OK;
}
