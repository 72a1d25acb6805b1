/* SPDX-License-Identifier: Apache-2.0 */
/* moves: what an operation would move. */
#include "dnsd/admin/moves.h"

#include <stdlib.h>
#include <string.h>

/* Keys like any client's, so that a class that is split by weight is split here too. */
#define SAMPLES 8
#define NOBODY	CONFIG_MEMBERS_MAX

/* A service's live state as the data path reads it. */
struct side {
	struct pick_live live;
	struct pick_member members[CONFIG_MEMBERS_MAX];
};

/* Services that have all of this in common move alike. */
struct question {
	const struct rows *rows; /* a reference */
	uint32_t n_members;
	bool lasts_all;
	struct side now, after;
};

struct tally {
	uint32_t asked[NOBODY + 1]; /* by who answers now */
	uint32_t moved[NOBODY + 1][NOBODY + 1];
};

struct one {
	char *service;
	size_t question;
	uint16_t regions[CONFIG_MEMBERS_MAX];
	uint64_t answers[CONFIG_MEMBERS_MAX];
};

struct moves {
	const struct dnsd_config *config; /* until the last moves_add() */
	char **regions;
	size_t n_regions;
	struct one *list;
	size_t n, room;
	struct question *questions;
	struct tally *tallies;
	size_t n_questions, room_questions;
};

enum err_code moves_new(struct moves **out, const struct dnsd_config *config)
{
	struct moves *m = calloc(1, sizeof(*m));

	if (!m)
		return ERR_MEMORY;
	m->config = config;
	m->regions = calloc(config->n_regions + 1, sizeof(*m->regions));
	for (size_t i = 0; m->regions && i < config->n_regions; i++) {
		m->regions[i] = strdup(config->regions[i].name);
		m->n_regions += m->regions[i] != NULL;
	}
	if (m->n_regions != config->n_regions || !m->regions) {
		moves_free(m);
		return ERR_MEMORY;
	}
	*out = m;
	return ERR_OK;
}

void moves_free(struct moves *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->n_regions; i++)
		free(m->regions[i]);
	for (size_t i = 0; i < m->n; i++)
		free(m->list[i].service);
	for (size_t i = 0; i < m->n_questions; i++)
		rows_unref((struct rows *)m->questions[i].rows);
	free(m->regions);
	free(m->list);
	free(m->questions);
	free(m->tallies);
	free(m);
}

/* ---- the questions ---- */

static void make_side(const struct snapshot_service *s, const struct live_service *live,
		      struct side *out)
{
	memset(out, 0, sizeof(*out));
	out->live = live->masks.live;
	for (uint32_t m = 0; m < s->n_members; m++) {
		out->members[m].seed = s->picks[m].seed;
		out->members[m].weight = s->picks[m].weight;
		out->members[m].dial_ppm = live->dial_ppm[m];
	}
}

static bool grow(void **list, size_t n, size_t *room, size_t size)
{
	size_t wanted = *room ? *room * 2 : 16;
	void *grown;

	if (n < *room)
		return true;
	grown = realloc(*list, wanted * size);
	if (!grown)
		return false;
	*list = grown;
	*room = wanted;
	return true;
}

/* The question among those known, newest first: services of one pool stand side by side. */
static size_t find_question(const struct moves *m, const struct question *q)
{
	for (size_t i = m->n_questions; i-- > 0;)
		if (memcmp(&m->questions[i], q, sizeof(*q)) == 0)
			return i;
	return SIZE_MAX;
}

enum err_code moves_add(struct moves *m, uint32_t service, const struct snapshot_service *s,
			const struct live_service *now, const struct live_service *after,
			const uint64_t *answers)
{
	const struct config_service *cs = &m->config->services[service];
	const struct config_pool *pool = &m->config->pools[cs->pool];
	struct question q;
	struct one *one;

	memset(&q, 0, sizeof(q)); /* padding too: it is compared */
	q.rows = s->rows;
	q.n_members = s->n_members;
	q.lasts_all = s->last_resort == SNAPSHOT_ALL;
	make_side(s, now, &q.now);
	make_side(s, after, &q.after);
	if (memcmp(&q.now, &q.after, sizeof(q.now)) == 0)
		return ERR_OK;
	if (!grow((void **)&m->list, m->n, &m->room, sizeof(*m->list)) ||
	    !grow((void **)&m->questions, m->n_questions, &m->room_questions,
		  sizeof(*m->questions)))
		return ERR_MEMORY;
	one = &m->list[m->n];
	*one = (struct one){ .service = strdup(cs->name), .question = find_question(m, &q) };
	if (!one->service)
		return ERR_MEMORY;
	m->n++;
	for (uint32_t i = 0; i < s->n_members; i++) {
		one->regions[i] = (uint16_t)pool->members[i].region;
		one->answers[i] = answers[i];
	}
	if (one->question != SIZE_MAX)
		return ERR_OK;
	one->question = m->n_questions;
	rows_ref(s->rows);
	m->questions[m->n_questions++] = q;
	return ERR_OK;
}

/* ---- counting ---- */

/* Whom all clients of a class get, whatever their key; PICK_NOBODY = that depends. */
static int whole_class(const struct decide_row *row, const struct pick_live *live)
{
	uint64_t group = 0;

	if (live->forced & live->serve & row->allowed)
		return PICK_NOBODY;
	for (size_t i = 0; !group && i < row->n_groups; i++)
		group = row->groups[i] & live->serve;
	if (!group || group & (group - 1) || group & live->dialled)
		return PICK_NOBODY;
	return __builtin_ctzll(group);
}

static uint32_t choose(const struct question *q, const struct side *side,
		       const struct decide_row *row, uint64_t key)
{
	struct decide_choice choice;

	decide_choose(row, &side->live, side->members, q->lasts_all ? row->allowed : 0, key,
		      &choice);
	return choice.member == PICK_NOBODY ? NOBODY : (uint32_t)choice.member;
}

static void count_one(struct tally *t, uint32_t from, uint32_t to, uint32_t n)
{
	t->asked[from] += n;
	if (from != to)
		t->moved[from][to] += n;
}

static void count_class(const struct question *q, uint32_t class, struct tally *t)
{
	struct decide_row row = rows_get(q->rows, class);
	int now = whole_class(&row, &q->now.live), after = whole_class(&row, &q->after.live);

	if (now != PICK_NOBODY && after != PICK_NOBODY) {
		count_one(t, (uint32_t)now, (uint32_t)after, SAMPLES);
		return;
	}
	for (uint8_t i = 0; i < SAMPLES; i++) {
		const uint8_t address[4] = { (uint8_t)(class >> 8), (uint8_t) class, i, 0 };
		uint64_t key = pick_client_key(4, address);

		count_one(t, choose(q, &q->now, &row, key), choose(q, &q->after, &row, key), 1);
	}
}

void moves_count(struct moves *m)
{
	m->tallies = calloc(m->n_questions + 1, sizeof(*m->tallies));
	for (size_t i = 0; m->tallies && i < m->n_questions; i++)
		for (uint32_t k = 0; k < m->questions[i].rows->n_classes; k++)
			count_class(&m->questions[i], k, &m->tallies[i]);
}

/* ---- the document ---- */

/* What a member gives of all, 0 to 1. Answers are counted by region: members of one share them as
 * they share its classes. */
static double part_of(const struct one *one, const struct tally *t, uint32_t from)
{
	double answers = 0, of_region = 0, asked = 0, asked_of_region = 0;

	for (uint32_t i = 0; i < CONFIG_MEMBERS_MAX; i++) {
		bool same = from != NOBODY && one->regions[i] == one->regions[from];

		answers += (double)one->answers[i];
		asked += t->asked[i];
		of_region += same ? (double)one->answers[i] : 0;
		asked_of_region += same ? t->asked[i] : 0;
	}
	if (answers <= 0)
		return t->asked[from] / (asked + t->asked[NOBODY]);
	return asked_of_region > 0 ? of_region / answers * t->asked[from] / asked_of_region : 0;
}

static bool gave_answers(const struct one *one)
{
	for (uint32_t i = 0; i < CONFIG_MEMBERS_MAX; i++)
		if (one->answers[i])
			return true;
	return false;
}

static json_t *region_name(const struct moves *m, const struct one *one, uint32_t member)
{
	return member == NOBODY ? json_null() : json_string(m->regions[one->regions[member]]);
}

static void add_moves(const struct moves *m, const struct one *one, const struct tally *t,
		      json_t *out)
{
	const char *basis = gave_answers(one) ? "answers" : "classes";

	for (uint32_t from = 0; from <= NOBODY; from++)
		for (uint32_t to = 0; to <= NOBODY; to++) {
			double part = t->moved[from][to]
					      ? part_of(one, t, from) * t->moved[from][to] /
							t->asked[from]
					      : 0;

			if (part > 0)
				json_array_append_new(out,
						      json_pack("{s:s, s:o, s:o, s:f, s:s}",
								"service", one->service, "from",
								region_name(m, one, from), "to",
								region_name(m, one, to), "share",
								part, "basis", basis));
		}
}

json_t *moves_doc(const struct moves *m)
{
	json_t *out = json_array();

	for (size_t i = 0; m->tallies && i < m->n; i++)
		add_moves(m, &m->list[i], &m->tallies[m->list[i].question], out);
	return out;
}
