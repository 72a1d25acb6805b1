/* SPDX-License-Identifier: Apache-2.0 */
/* trouble: all that is wrong with this node now, and since when. */
#include "regiond/control/trouble.h"

#include "core/expiry.h"
#include "core/utf8.h"

#include <stdlib.h>
#include <string.h>

/* A shortage is over in a moment; clients that wait or were reset are worth a line for longer. */
#define SHORT_FOR_US 10000000

/* A problem of the turn before. */
struct seen {
	const char *kind;
	char *subject;
	uint64_t since_us;
};

struct trouble {
	const struct node *node;
	const struct changeover *reload;
	struct problems now;
	struct seen *seen;
	size_t n_seen;
	uint64_t pauses, paused_us; /* of accepting: how many, and when there was a new one */
	uint64_t short_of[SHORTAGES], short_us[SHORTAGES]; /* the same of the dialled connections */
};

enum err_code trouble_new(struct trouble **out, const struct node *node,
			  const struct changeover *reload)
{
	struct trouble *t = calloc(1, sizeof(*t));
	if (!t)
		return ERR_MEMORY;
	t->node = node;
	t->reload = reload;
	t->now = PROBLEMS_INIT;
	*out = t;
	return ERR_OK;
}

static void forget_seen(struct trouble *t)
{
	for (size_t i = 0; i < t->n_seen; i++)
		free(t->seen[i].subject);
	free(t->seen);
	t->seen = NULL;
	t->n_seen = 0;
}

void trouble_free(struct trouble *t)
{
	if (!t)
		return;
	forget_seen(t);
	problems_fini(&t->now);
	free(t);
}

/* ---- what there is */

static void add_services(const struct node *n, struct problems *out)
{
	for (size_t i = 0; i < n->table->n_services; i++) {
		struct tally t;
		tally_take(&t, &n->table->services[i], NULL);
		if (t.health == FAIRLEAD__WIRE__HEALTH__HEALTH_UP)
			continue;
		bool down = t.health != FAIRLEAD__WIRE__HEALTH__HEALTH_DEGRADED;
		problems_add(out, down ? PROBLEM_CRITICAL : PROBLEM_WARNING,
			     down ? "service_down" : "service_degraded", t.service->name, -1,
			     t.reason, "service %s: %s", t.service->name, t.reason);
	}
}

static void add_checks(const struct node *n, struct problems *out)
{
	struct schedule_stats s;
	schedule_stats(n->schedule, &s);
	if (s.targets_not_made)
		problems_add(out, PROBLEM_CRITICAL, "backend_unchecked", "", -1, s.not_made_reason,
			     "checks cannot be made, %zu backends stay as they were: %s",
			     s.targets_not_made, s.not_made_reason);
	if (s.stretch_ppm > 1000000)
		problems_add(out, PROBLEM_WARNING, "checks_stretched", "", -1, "",
			     "%u checks a second are asked for and %u made: intervals are longer",
			     s.need_per_second, s.per_second);
}

static void add_descriptors(struct trouble *t)
{
	uint64_t pauses = front_pauses(t->node->front), now_us = clock_mono_us(t->node->clock);
	if (pauses != t->pauses)
		t->paused_us = now_us;
	t->pauses = pauses;
	if (t->paused_us && now_us - t->paused_us < SHORT_FOR_US)
		problems_add(&t->now, PROBLEM_CRITICAL, "descriptors", "", -1,
			     "LimitNOFILE raises the limit",
			     "out of file descriptors: new connections wait");
}

/* Were there new ones of this shortage in the last seconds? */
static bool is_short(struct trouble *t, enum shortage s)
{
	uint64_t n = front_shortages(t->node->front, s), now_us = clock_mono_us(t->node->clock);
	if (n != t->short_of[s])
		t->short_us[s] = now_us;
	t->short_of[s] = n;
	return t->short_us[s] && now_us - t->short_us[s] < SHORT_FOR_US;
}

static void add_shortages(struct trouble *t)
{
	const char *more = "net.ipv4.ip_local_port_range gives more; connections that clients "
			   "close first keep theirs for a minute";
	bool reused = is_short(t, SHORT_REUSED_PORT);
	if (is_short(t, SHORT_OF_PORTS))
		problems_add(&t->now, PROBLEM_CRITICAL, "ports", "", -1, more,
			     "no local port is left towards a backend: clients are reset");
	else if (reused)
		problems_add(&t->now, PROBLEM_WARNING, "ports", "", -1, more,
			     "local ports run out: those in TIME_WAIT are used again");
	if (is_short(t, SHORT_OF_MEMORY))
		problems_add(&t->now, PROBLEM_CRITICAL, "memory", "", -1, "",
			     "the kernel has no memory for connections: clients are reset");
}

static void add_directors(const struct node *n, struct problems *out)
{
	for (size_t i = 0; i < reporter_directors(n->reporter); i++) {
		struct reporter_director d = reporter_director(n->reporter, i);
		const char *why = d.last_error[0] ? d.last_error : "not connected";
		if (!d.up)
			problems_add(out, PROBLEM_WARNING, "director", d.address, -1, why,
				     "director %s: %s", d.address, why);
	}
}

/* ---- since when */

static int compare_seen(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;
	int order = strcmp(x->kind, y->kind);
	return order ? order : strcmp(x->subject, y->subject);
}

static const struct seen *find_seen(const struct trouble *t, const struct problem *p)
{
	const struct seen key = { .kind = p->kind, .subject = p->subject };
	if (!t->n_seen)
		return NULL;
	return bsearch(&key, t->seen, t->n_seen, sizeof(key), compare_seen);
}

/* Without memory they begin anew. */
static void remember(struct trouble *t, uint64_t now_us)
{
	struct seen *fresh = calloc(t->now.n + 1, sizeof(*fresh));
	size_t n = 0;
	for (size_t i = 0; fresh && i < t->now.n; i++) {
		struct problem *p = &t->now.list[i];
		const struct seen *before = find_seen(t, p);
		uint64_t since_us = before ? before->since_us : now_us;
		fresh[n].subject = strdup(p->subject);
		if (!fresh[n].subject)
			break;
		fresh[n].kind = p->kind;
		fresh[n++].since_us = since_us;
		if (p->since_s < 0)
			p->since_s = (double)(now_us - since_us) / 1e6;
	}
	forget_seen(t);
	if (n)
		qsort(fresh, n, sizeof(*fresh), compare_seen);
	t->seen = fresh;
	t->n_seen = n;
}

static bool is_note(const struct problem *p)
{
	static const char *const kinds[] = { "backend_unchecked", "descriptors", "ports", "memory",
					     "state" };
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(p->kind, kinds[i]) == 0)
			return true;
	return false;
}

static void tell_notes(const struct trouble *t)
{
	struct report_note notes[WIRE_NOTES_MAX];
	size_t n = 0;
	for (size_t i = 0; i < t->now.n && n < WIRE_NOTES_MAX; i++) {
		const struct problem *p = &t->now.list[i];
		if (!is_note(p))
			continue;
		notes[n].kind = p->kind;
		utf8_copy(notes[n].text, sizeof(notes[n].text), p->what);
		n++;
	}
	reporter_notes(t->node->reporter, notes, n);
}

void trouble_turn(struct trouble *t)
{
	const struct node *n = t->node;
	problems_fini(&t->now);
	add_services(n, &t->now);
	add_checks(n, &t->now);
	add_descriptors(t);
	add_shortages(t);
	add_directors(n, &t->now);
	reporter_problems(n->reporter, &t->now);
	forced_problems(n->forced, &t->now);
	changeover_problems(t->reload, &t->now);
	expiry_problems(n->tls, n->table->config->tls.certificate, clock_wall_ms(n->clock) / 1000,
			&t->now);
	remember(t, clock_mono_us(n->clock));
	problems_sort(&t->now);
	tell_notes(t);
}

const struct problems *trouble_list(const struct trouble *t)
{
	return &t->now;
}
