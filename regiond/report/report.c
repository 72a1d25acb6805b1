/* SPDX-License-Identifier: Apache-2.0 */
/* report: the frames a regiond sends, from tallies. */
#include "regiond/report/report.h"

#include <stdlib.h>

static uint64_t base_of(const struct report_scope *scope, uint32_t id)
{
	return id < scope->n_bases ? scope->bases[id] : 0;
}

static void fill(Fairlead__Wire__ServiceReport *to, const struct tally *t,
		 const struct report_scope *scope)
{
	fairlead__wire__service_report__init(to);
	to->service = t->service->name;
	to->health = t->health;
	to->reason = (char *)t->reason; /* packing only reads it */
	to->unit = TALLY_UNIT;
	to->capacity = t->capacity;
	to->used = t->used;
	to->arrivals = t->arrivals - base_of(scope, t->service->id);
	to->backends_up = t->backends_up;
	to->backends_all = t->backends_all;
}

static void fill_notes(const struct report_scope *scope, Fairlead__Wire__Note *notes,
		       Fairlead__Wire__Note **list)
{
	for (size_t i = 0; i < scope->n_notes; i++) {
		fairlead__wire__note__init(&notes[i]);
		notes[i].kind = (char *)scope->notes[i].kind; /* packing only reads it */
		notes[i].text = (char *)scope->notes[i].text;
		list[i] = &notes[i];
	}
}

enum err_code report_pack(struct buf *out, const struct tally *tallies, size_t n,
			  const struct report_scope *scope, struct err *e)
{
	Fairlead__Wire__Report report = FAIRLEAD__WIRE__REPORT__INIT;
	wire_message m = FAIRLEAD__WIRE__MESSAGE__INIT;
	Fairlead__Wire__ServiceReport *services = calloc(n + 1, sizeof(*services));
	Fairlead__Wire__ServiceReport **list = calloc(n + 1, sizeof(*list));
	Fairlead__Wire__Note notes[WIRE_NOTES_MAX], *note_list[WIRE_NOTES_MAX];
	enum err_code code = ERR_MEMORY;
	if (!services || !list) {
		err_set(e, code, "out of memory");
		goto done;
	}
	for (size_t i = 0; i < n; i++) {
		if (!scope->full && !scope->changed[i])
			continue;
		fill(&services[i], &tallies[i], scope);
		list[report.n_services++] = &services[i];
	}
	report.seq = scope->seq;
	report.full = scope->full;
	report.services = list;
	fill_notes(scope, notes, note_list);
	report.notes = note_list;
	report.n_notes = scope->n_notes;
	m.body_case = FAIRLEAD__WIRE__MESSAGE__BODY_REPORT;
	m.report = &report;
	code = wire_pack(&m, out, e);
done:
	free(list);
	free(services);
	return code;
}
