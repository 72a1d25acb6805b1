/* SPDX-License-Identifier: Apache-2.0 */
/* verdict: from single results to "this member is down". */
#include "steer/verdict.h"

#define FLAP_HALF_LIFE_US  (5 * 60 * UINT64_C(1000000))
#define FLAP_DOUBLINGS_MAX 4 /* hold_down x16 */

/* ---- one monitor at one place ---- */

void verdict_count_init(struct verdict_count *c, uint32_t rise, uint32_t fall)
{
	*c = (struct verdict_count){ .rise = rise ? rise : 1, .fall = fall ? fall : 1 };
}

bool verdict_count_add(struct verdict_count *c, bool pass)
{
	uint32_t needed = pass ? c->rise : c->fall;

	if (c->last != pass)
		c->streak = 0;
	if (c->streak < UINT32_MAX)
		c->streak++;
	c->last = pass;
	if (c->known ? c->pass == pass || c->streak < needed : !pass && c->streak < needed)
		return false;
	c->known = true;
	c->pass = pass;
	return true;
}

void verdict_count_carry(struct verdict_count *c, bool known, bool pass)
{
	c->known = known;
	c->pass = c->last = pass;
	c->streak = 0;
}

/* ---- one member ---- */

const char *verdict_health_name(enum verdict_health h)
{
	static const char *const names[] = { "unknown", "up", "degraded", "stale", "down" };

	return (unsigned)h < sizeof(names) / sizeof(names[0]) ? names[h] : "unknown";
}

const char *verdict_cause_name(enum verdict_cause c)
{
	static const char *const names[] = {
		"",
		"said by the region",
		"failed at two thirds of the vantages",
		"stream lost and failed at half of the vantages",
		"stream lost",
		"recovered",
		"first heard",
		"no longer reported",
	};

	return (unsigned)c < sizeof(names) / sizeof(names[0]) ? names[c] : "";
}

/* Recovery on the stream's word alone waits so long for vantages that saw the member fail and have
 * gone: a prober's link is back within 2 s, and its verdicts with it. */
#define WITNESS_BACK_US (10 * UINT64_C(1000000))

/* The witnesses, counted. */
struct tally {
	size_t seen, passed, failed;
	bool two_places;	/* they are at two places or more */
	bool failed_two_places; /* and so are those that see it fail */
};

static struct tally count_vantages(const struct verdict_vantage *vantages, size_t n)
{
	struct tally t = { 0 };
	uint32_t seen_at = 0, failed_at = 0;

	for (size_t i = 0; i < n; i++) {
		const struct verdict_vantage *v = &vantages[i];

		if (!v->fresh)
			continue;
		if (t.seen++ == 0)
			seen_at = v->place;
		t.two_places |= v->place != seen_at;
		t.passed += v->known && v->pass;
		if (!v->known || v->pass)
			continue;
		if (t.failed++ == 0)
			failed_at = v->place;
		t.failed_two_places |= v->place != failed_at;
	}
	return t;
}

/* The three reasons to be DOWN, in the order in which they are told. */
static enum verdict_cause find_fault(const struct verdict_stream *s, const struct tally *t)
{
	if (s->ever && s->down)
		return CAUSE_SAID;
	if (t->failed && 3 * t->failed >= 2 * t->seen && (t->failed_two_places || !t->two_places))
		return CAUSE_VANTAGES;
	if (s->ever && s->stale && t->failed && 2 * t->failed >= t->seen)
		return CAUSE_STALE_AND_FAILED;
	return CAUSE_NONE;
}

void verdict_member_init(struct verdict_member *m, uint64_t now_us)
{
	*m = (struct verdict_member){ .health = HEALTH_UNKNOWN, .since_us = now_us };
}

void verdict_member_restore(struct verdict_member *m, enum verdict_health health,
			    enum verdict_cause cause, uint32_t flaps, uint64_t age_us,
			    uint64_t now_us)
{
	/* The monotonic clock may have begun after it. */
	uint64_t since_us = age_us < now_us ? now_us - age_us : 0;

	*m = (struct verdict_member){ .health = health,
				      .cause = cause,
				      .since_us = since_us,
				      .flaps = flaps,
				      .flap_at_us = since_us };
	if (health == HEALTH_DOWN)
		m->down_at_us = since_us;
}

uint64_t verdict_hold_down_us(const struct verdict_member *m, uint64_t hold_down_us)
{
	uint32_t doublings;

	if (m->flaps == 0 || m->is_resumed)
		return 0;
	doublings = m->flaps - 1 < FLAP_DOUBLINGS_MAX ? m->flaps - 1 : FLAP_DOUBLINGS_MAX;
	return hold_down_us << doublings;
}

void verdict_resume(struct verdict_member *m)
{
	m->is_resumed = m->health == HEALTH_DOWN;
}

static bool turn(struct verdict_member *m, enum verdict_health health, enum verdict_cause cause,
		 uint64_t now_us)
{
	if (m->health == health)
		return false;
	m->health = health;
	m->cause = cause;
	m->since_us = now_us;
	m->good_at_us = 0;
	m->is_resumed = false;
	return true;
}

static void count_flap(struct verdict_member *m, uint64_t now_us)
{
	uint64_t halvings = (now_us - m->flap_at_us) / FLAP_HALF_LIFE_US;

	m->flaps = halvings < 32 ? m->flaps >> halvings : 0;
	m->flaps++;
	m->flap_at_us = now_us;
}

static bool go_down(struct verdict_member *m, enum verdict_cause cause, uint64_t now_us)
{
	if (m->health == HEALTH_DOWN) {
		m->good_at_us = 0;
		return false;
	}
	m->down_at_us = now_us;
	if (m->health != HEALTH_UNKNOWN) /* never seen up: nothing flapped, nothing to hold down */
		count_flap(m, now_us);
	return turn(m, HEALTH_DOWN, cause, now_us);
}

/* What a member is that nothing speaks against. */
static enum verdict_health serving_health(const struct verdict_stream *s)
{
	if (s->ever && s->stale)
		return HEALTH_STALE;
	return s->ever && s->degraded ? HEALTH_DEGRADED : HEALTH_UP;
}

static bool was_seen_down(const struct verdict_member *m)
{
	return m->cause == CAUSE_VANTAGES || m->cause == CAUSE_STALE_AND_FAILED;
}

/* DOWN, and no fault any more. Silence is no proof of health: somebody has to see it well. */
static bool recover(struct verdict_member *m, const struct verdict_input *in, const struct tally *t,
		    uint64_t now_us, uint64_t *next_us)
{
	uint64_t up_at_us = m->down_at_us + verdict_hold_down_us(m, in->hold_down_us);

	if (!t->passed && (!in->stream.ever || in->stream.stale)) {
		m->good_at_us = 0;
		return false;
	}
	if (m->good_at_us == 0)
		m->good_at_us = now_us;
	if (!t->passed && was_seen_down(m) && up_at_us < m->good_at_us + WITNESS_BACK_US)
		up_at_us = m->good_at_us + WITNESS_BACK_US;
	if (now_us < up_at_us) {
		*next_us = up_at_us;
		return false;
	}
	return turn(m, serving_health(&in->stream), CAUSE_RECOVERED, now_us);
}

bool verdict_member_update(struct verdict_member *m, const struct verdict_input *in,
			   uint64_t now_us, uint64_t *next_us)
{
	const struct verdict_stream *s = &in->stream;
	struct tally t = count_vantages(in->vantages, in->n_vantages);
	enum verdict_cause fault = find_fault(s, &t);
	enum verdict_health health = serving_health(s);

	*next_us = 0;
	if (fault)
		return go_down(m, fault, now_us);
	if (m->health == HEALTH_DOWN && m->cause == CAUSE_SAID && s->retracted && !t.passed)
		return turn(m, HEALTH_UNKNOWN, CAUSE_RETRACTED, now_us);
	if (m->health == HEALTH_DOWN)
		return recover(m, in, &t, now_us, next_us);
	if (health == HEALTH_STALE)
		return turn(m, health, CAUSE_STALE, now_us);
	if (!s->ever && !t.passed) /* nothing heard of it now: as it was */
		return false;
	if (m->health == HEALTH_UNKNOWN)
		return turn(m, health, CAUSE_FIRST, now_us);
	return turn(m, health, health == HEALTH_DEGRADED ? CAUSE_SAID : CAUSE_RECOVERED, now_us);
}
