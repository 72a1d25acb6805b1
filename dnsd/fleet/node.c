/* SPDX-License-Identifier: Apache-2.0 */
/* node: a regiond as this name server knows it: its stream, and what it said last of each service.
 */
#include "dnsd/fleet/node.h"

#include "core/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t region_index(const struct dnsd_config *c, const char *name)
{
	for (uint32_t i = 0; c && i < c->n_regions; i++)
		if (strcmp(c->regions[i].name, name) == 0)
			return i;
	return UINT32_MAX;
}

struct fleet_node *fleet_node_get(struct fleet_node **list, const char *region, const char *name)
{
	struct fleet_node *n;

	for (n = *list; n; n = n->next)
		if (strcmp(n->region_name, region) == 0 && strcmp(n->name, name) == 0)
			return n;
	n = calloc(1, sizeof(*n));
	if (!n)
		return NULL;
	n->owner.node = n;
	snprintf(n->region_name, sizeof(n->region_name), "%s", region);
	snprintf(n->name, sizeof(n->name), "%s", name);
	n->region = UINT32_MAX;
	n->was_stale = true;
	n->phi.closed = true;
	n->next = *list;
	*list = n;
	return n;
}

void fleet_node_free(struct fleet_node *n)
{
	for (size_t i = 0; i < n->n_reports; i++)
		free(n->reports[i].service);
	free(n->reports);
	free(n);
}

void fleet_node_free_all(struct fleet_node **list)
{
	while (*list) {
		struct fleet_node *n = *list;

		*list = n->next;
		fleet_node_free(n);
	}
}

void fleet_node_resolve(struct fleet_node *n, const struct dnsd_config *config)
{
	n->region = region_index(config, n->region_name);
}

bool fleet_node_is_stale(const struct fleet_node *n, uint64_t now_us)
{
	return !n->link || phi_is_stale(&n->phi, now_us);
}

bool fleet_node_is_awaited(const struct fleet_node *n, uint64_t now_us)
{
	return !n->is_heard && now_us < n->await_us;
}

/* A frame of any kind that follows the reports says that nothing else has changed. */
uint64_t fleet_node_told_us(const struct fleet_node *n)
{
	return n->report_seq && n->phi.last_us > n->report_us ? n->phi.last_us : n->report_us;
}

/* ---- reports ---- */

/* Where `service` stands or would stand. */
static size_t find_report(const struct fleet_node *n, const char *service, bool *found)
{
	size_t low = 0, high = n->n_reports;

	while (low < high) {
		size_t mid = (low + high) / 2;
		int order = strcmp(n->reports[mid].service, service);

		if (order == 0) {
			*found = true;
			return mid;
		}
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	*found = false;
	return low;
}

static struct fleet_report *get_report(struct fleet_node *n, const char *service)
{
	bool found;
	size_t at = find_report(n, service, &found);
	struct fleet_report *grown;
	char *copy;

	if (found)
		return &n->reports[at];
	if (n->n_reports >= WIRE_SERVICES_MAX)
		return NULL;
	copy = strdup(service);
	grown = realloc(n->reports, (n->n_reports + 1) * sizeof(*grown));
	if (grown)
		n->reports = grown;
	if (!copy || !grown) {
		free(copy);
		return NULL;
	}
	memmove(grown + at + 1, grown + at, (n->n_reports - at) * sizeof(*grown));
	memset(&grown[at], 0, sizeof(grown[at]));
	grown[at].service = copy;
	n->n_reports++;
	return &grown[at];
}

static void take(struct fleet_report *to, const Fairlead__Wire__ServiceReport *from)
{
	to->health = from->health;
	to->capacity = from->capacity;
	to->used = from->used;
	to->arrivals = from->arrivals;
	to->queue_delay_us = from->queue_delay_us;
	to->backends_up = from->backends_up;
	to->backends_all = from->backends_all;
	utf8_copy(to->reason, sizeof(to->reason), from->reason);
}

static void forget_reports(struct fleet_node *n)
{
	for (size_t i = 0; i < n->n_reports; i++)
		free(n->reports[i].service);
	n->n_reports = 0;
}

static void take_notes(struct fleet_node *n, const Fairlead__Wire__Report *r, uint64_t now_us)
{
	size_t count = r->n_notes < WIRE_NOTES_MAX ? r->n_notes : WIRE_NOTES_MAX;

	if (count && !n->n_notes)
		n->notes_us = now_us;
	n->n_notes = count;
	for (size_t i = 0; i < count; i++)
		utf8_copy(n->notes[i].text, sizeof(n->notes[i].text), r->notes[i]->text);
}

struct told {
	const Fairlead__Wire__ServiceReport *of;
	size_t at; /* in the report: the last word on a service is taken */
};

static int by_service(const void *a, const void *b)
{
	const struct told *x = a, *y = b;
	int order = strcmp(x->of->service, y->of->service);

	return order ? order : x->at < y->at ? -1 : 1;
}

/* In the order of their names, so that a full report is appended and nothing is moved. */
static enum err_code take_services(struct fleet_node *n, const Fairlead__Wire__Report *r,
				   struct err *e)
{
	struct told *list = calloc(r->n_services + 1, sizeof(*list));
	enum err_code code = list ? ERR_OK : err_set(e, ERR_LIMIT, "out of memory");

	for (size_t i = 0; list && i < r->n_services; i++)
		list[i] = (struct told){ r->services[i], i };
	if (list)
		qsort(list, r->n_services, sizeof(*list), by_service);
	for (size_t i = 0; code == ERR_OK && i < r->n_services; i++) {
		struct fleet_report *to = get_report(n, list[i].of->service);

		if (to)
			take(to, list[i].of);
		else
			code = err_set(e, ERR_LIMIT, "no room for %s beside %zu services",
				       list[i].of->service, n->n_reports);
	}
	free(list);
	return code;
}

enum err_code fleet_node_report(struct fleet_node *n, const Fairlead__Wire__Report *r,
				uint64_t now_us, struct err *e)
{
	if (!r->full && (!n->report_seq || r->seq != n->report_seq + 1))
		return err_set(e, ERR_INPUT, "report %llu after %llu: one was lost",
			       (unsigned long long)r->seq, (unsigned long long)n->report_seq);
	if (r->full)
		forget_reports(n);
	if (take_services(n, r, e) != ERR_OK)
		return ERR_LIMIT;
	take_notes(n, r, now_us);
	n->report_seq = r->seq;
	n->report_us = now_us;
	n->is_withdrawn = false;
	return ERR_OK;
}

void fleet_node_withdraw(struct fleet_node *n, const char *reason)
{
	n->is_withdrawn = true;
	snprintf(n->withdrawn_reason, sizeof(n->withdrawn_reason), "withdrawn: %.200s", reason);
	utf8_trim(n->withdrawn_reason);
}

const struct fleet_report *fleet_node_of(const struct fleet_node *n, const char *service)
{
	bool found;
	size_t at = find_report(n, service, &found);

	return found ? &n->reports[at] : NULL;
}

/* ---- all nodes of a region ---- */

static bool says_down(const struct fleet_node *n, const struct fleet_report *r)
{
	return n->is_withdrawn || r->health == FAIRLEAD__WIRE__HEALTH__HEALTH_DOWN ||
	       r->health == FAIRLEAD__WIRE__HEALTH__HEALTH_WITHDRAWN;
}

static void note_reason(const struct fleet_node *n, const struct fleet_report *r,
			char reason[FLEET_REASON_MAX])
{
	const char *text = n->is_withdrawn ? n->withdrawn_reason : r->reason;

	if (reason[0] || !text[0])
		return;
	snprintf(reason, FLEET_REASON_MAX, "%.60s: %.180s", n->name, text);
	utf8_trim(reason);
}

/* What the nodes of a region amount to, one after the other. */
struct tally {
	bool up_fresh, up_stale; /* one serves; one served when it was last heard, or may come */
	bool reported, awaited;
};

static void add(const struct fleet_node *n, const char *service, uint64_t now_us, struct tally *t,
		struct verdict_stream *out, char *reason)
{
	const struct fleet_report *r = fleet_node_of(n, service);

	t->reported |= n->report_us != 0;
	if (fleet_node_is_awaited(n, now_us))
		t->awaited = t->up_stale = true;
	if (!r)
		return;
	out->ever = true;
	if (says_down(n, r) || r->health == FAIRLEAD__WIRE__HEALTH__HEALTH_DEGRADED) {
		out->degraded = true;
		note_reason(n, r, reason);
	}
	if (says_down(n, r))
		return; /* its last word stands, linked or not */
	if (fleet_node_is_stale(n, now_us))
		t->up_stale = true;
	else
		t->up_fresh = true;
}

void fleet_node_stream(const struct fleet_node *list, uint32_t region, const char *service,
		       uint64_t now_us, struct verdict_stream *out, char reason[FLEET_REASON_MAX])
{
	struct tally t = { 0 };

	*out = (struct verdict_stream){ 0 };
	reason[0] = 0;
	for (const struct fleet_node *n = list; n; n = n->next)
		if (n->region == region)
			add(n, service, now_us, &t, out, reason);
	out->retracted = !out->ever && t.reported && !t.awaited;
	if (!out->ever)
		return;
	out->down = !t.up_fresh && !t.up_stale;
	out->stale = t.up_stale && !t.up_fresh;
}

bool fleet_node_is_known(const struct fleet_node *list, uint32_t region)
{
	for (const struct fleet_node *n = list; n; n = n->next)
		if (n->region == region)
			return true;
	return false;
}

bool fleet_node_is_live(const struct fleet_node *list, uint32_t region, uint64_t now_us)
{
	for (const struct fleet_node *n = list; n; n = n->next)
		if (n->region == region && !fleet_node_is_stale(n, now_us))
			return true;
	return false;
}
