/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about dnsd/fleet with true probers (their plan, schedule and proof) in random histories of
 * faults, one at a time and two at once: regions die, wholly or only to the outside, probers are
 * cut off or lose their links, flap, streams are lost, monitors are edited. The clock is wound by
 * hand, the network is a table of who reaches whom.
 *
 *   no false DOWN     a member goes DOWN only when its region is dead, or was 3 s ago
 *   no dead answer    8 s after its death a region is DOWN, unless no prober could have seen it:
 *                     each one cut off or without its link, or no other region well to prove it by
 *
 * FLEET_RANDOM=N runs N histories; a history that fails names its seed. */
#include "core/log.h"
#include "probers/proberd/plan.h"
#include "tests/unit/dnsd/fleet_world.h"

enum { PROBERS = 2, REGIONS = 2, CHECKS = 256, HISTORIES = 40, HISTORY_S = 120 };

#define STEP_MS	       10
#define RTT_US	       20000
#define DETECTED_US    3000000 /* what was dead so long ago may still go DOWN */
#define ANSWERED_US    8000000 /* who has been able for so long has told */
#define FAULTS_AT_ONCE 2

static uint32_t rng;

static uint32_t roll(uint32_t n)
{
	rng ^= rng << 13;
	rng ^= rng >> 17;
	rng ^= rng << 5;
	return rng % n;
}

/* ---- the network ---- */

struct prober;

struct running {
	struct prober *prober;
	uint64_t begun_us, timeout_us;
	uint32_t region;
	bool is_lost; /* a packet of it was */
	check_done_fn done;
	void *arg;
	bool is_used;
};

struct prober {
	struct line *line; /* NULL: no link */
	struct schedule *schedule;
	struct plan *plan;
	struct running running[CHECKS];
	bool has_changed;
	bool is_cut, is_unlinked;
	uint64_t able_us; /* since when it could tell */
};

struct region {
	struct line *line;
	bool is_dead;	     /* to the outside */
	bool is_off;	     /* its stream too */
	bool is_unheard;     /* only its stream */
	uint64_t changed_us; /* of is_dead */
};

static struct prober probers[PROBERS];
static struct region regions[REGIONS];
static uint32_t seed;
static struct dnsd_config *old_configs[8];
static size_t n_old;

static uint64_t now(void)
{
	return hand.now_us;
}

static enum err_code fake_start(void *ctx, struct check_spec *spec, const struct endpoint *to,
				check_done_fn done, void *arg, struct check **out)
{
	struct prober *p = ctx;

	for (int i = 0; i < CHECKS; i++) {
		struct running *r = &p->running[i];

		if (r->is_used)
			continue;
		*r = (struct running){ .prober = p,
				       .begun_us = now(),
				       .timeout_us = spec->timeout_ms * 1000,
				       .region = to->addr.bytes[3] >= 20 ? US : EU,
				       .done = done,
				       .arg = arg,
				       .is_used = true };
		*out = (struct check *)r;
		return ERR_OK;
	}
	return ERR_MEMORY;
}

static void fake_cancel(void *ctx, struct check *check)
{
	((struct running *)check)->is_used = false;
}

static void run_checks(struct prober *p)
{
	for (int i = 0; i < CHECKS; i++) {
		struct running *r = &p->running[i];
		struct check_result result = { 0 };

		if (!r->is_used)
			continue;
		r->is_lost |= p->is_cut || regions[r->region].is_dead;
		result.pass = !r->is_lost && now() - r->begun_us >= RTT_US;
		if (!result.pass && now() - r->begun_us < r->timeout_us)
			continue;
		snprintf(result.reason, sizeof(result.reason), "%s", result.pass ? "" : "timeout");
		r->is_used = false;
		r->done(r->arg, &result);
	}
	schedule_turn(p->schedule);
}

/* ---- probers ---- */

static void on_plan_changed(void *arg)
{
	((struct prober *)arg)->has_changed = true;
}

static void send_verdicts(struct prober *p, bool full)
{
	struct buf bytes = BUF_INIT;
	size_t from = 0;

	if (!p->line)
		return;
	assert_int_equal(plan_write_verdicts(p->plan, full, &from, &bytes, NULL), ERR_OK);
	if (bytes.len)
		fleet_session_handler.frame(p->line->ctx, (struct link *)p->line, bytes.data,
					    bytes.len);
	buf_fini(&bytes);
	p->has_changed = false;
}

static void take_plan(struct prober *p)
{
	wire_message *m;

	assert_int_equal(wire_unpack(p->line->sent.data, p->line->sent.len, &m, NULL), ERR_OK);
	assert_int_equal(m->body_case, FAIRLEAD__WIRE__MESSAGE__BODY_PLAN);
	assert_int_equal(plan_replace(p->plan, m->plan, NULL), ERR_OK);
	wire_free(m);
	send_verdicts(p, true);
}

static void link_prober(struct prober *p)
{
	char name[8];

	snprintf(name, sizeof(name), "x%d", (int)(p - probers));
	p->line = linked_prober(name, p == probers ? 501100 : -338700, p == probers ? 86800 : 0);
	take_plan(p);
}

static void unlink_line(struct line **line)
{
	if (!*line)
		return;
	hang_up(*line);
	line_free(*line);
	*line = NULL;
}

static void step_prober(struct prober *p, bool beats)
{
	run_checks(p);
	if (p->is_unlinked)
		unlink_line(&p->line);
	else if (!p->line)
		link_prober(p);
	if (p->line && beats)
		say_beat(p->line);
	if (p->has_changed)
		send_verdicts(p, false);
	if (p->is_cut || p->is_unlinked)
		p->able_us = now();
}

/* ---- regions ---- */

static void step_region(uint32_t i, bool beats)
{
	static const char *const names[REGIONS] = { "eu", "us" };
	struct region *r = &regions[i];

	if (r->is_off || r->is_unheard) {
		if (r->line && roll(50) == 0) /* the link is reset, some time */
			unlink_line(&r->line);
		return;
	}
	if (!r->line) {
		r->line = linked_node(names[i], names[i]);
		say_up(r->line, "mail.example.com");
	} else if (beats) {
		say_beat(r->line);
	}
}

/* ---- faults ---- */

enum kind { REGION_OFF, REGION_OUTSIDE, STREAM, CUT, UNLINKED, CUT_FLAPS, LINK_FLAPS, KINDS };

struct fault {
	enum kind kind;
	uint32_t who;
	uint64_t end_us, turn_us;
	bool is_on, is_used;
};

static void set_fault(struct fault *f, bool on)
{
	struct prober *p = &probers[f->who];
	struct region *r = &regions[f->who];

	f->is_on = on;
	switch (f->kind) {
	case REGION_OFF:
	case REGION_OUTSIDE:
		r->is_dead = on;
		r->is_off = on && f->kind == REGION_OFF;
		r->changed_us = now();
		break;
	case STREAM: r->is_unheard = on; break;
	case CUT:
	case CUT_FLAPS: p->is_cut = on; break;
	default: p->is_unlinked = on; break;
	}
}

static bool is_taken(const struct fault *faults, const struct fault *f)
{
	for (int i = 0; i < FAULTS_AT_ONCE; i++)
		if (&faults[i] != f && faults[i].is_used && faults[i].who == f->who &&
		    (faults[i].kind < CUT) == (f->kind < CUT))
			return true;
	return false;
}

static void step_fault(struct fault *faults, struct fault *f)
{
	if (!f->is_used) {
		f->kind = roll(KINDS);
		f->who = roll(2);
		if (roll(300) || is_taken(faults, f))
			return;
		f->is_used = true;
		f->end_us = now() + (1000 + roll(40000)) * 1000ull;
		f->turn_us = 0;
		set_fault(f, true);
		return;
	}
	if (now() >= f->end_us) {
		set_fault(f, false);
		f->is_used = false;
	} else if (f->kind >= CUT_FLAPS && now() >= f->turn_us) {
		set_fault(f, !f->is_on);
		f->turn_us = now() + (100 + roll(2500)) * 1000ull;
	}
}

/* Another pace; the monitor asks for the same. */
static void edit_monitor(void)
{
	char yaml[4096];

	if (n_old == 8)
		return;
	snprintf(yaml, sizeof(yaml),
		 WORLD_REGIONS "monitors:\n  m: {type: tcp, port: 80, interval: %ums, "
			       "timeout: 500ms, rise: 2, fall: %u}\n" FLEET_POOLS FLEET_SERVICES,
		 800 + roll(400), 2 + roll(2));
	old_configs[n_old++] = w.config;
	w.config = world_parse(&w, yaml);
	assert_int_equal(fleet_configure(fleet, w.config, &w.e), ERR_OK);
	for (int i = 0; i < PROBERS; i++)
		if (probers[i].line)
			take_plan(&probers[i]);
}

/* ---- the checker ---- */

static void on_random_change(void *ctx, const struct fleet_change *x)
{
	const struct region *r = &regions[x->member];

	if (x->to != HEALTH_DOWN || r->is_dead || now() - r->changed_us < DETECTED_US)
		return;
	fail_msg("seed %u at %.2f s: %s is DOWN (%s: %s), and is well for %.2f s", seed,
		 (double)now() / 1e6, x->member == EU ? "eu" : "us", verdict_cause_name(x->cause),
		 x->reason, (double)(now() - r->changed_us) / 1e6);
}

static bool has_witness(uint32_t region)
{
	const struct region *other = &regions[!region];

	if (other->is_dead || now() - other->changed_us < ANSWERED_US)
		return false;
	for (int i = 0; i < PROBERS; i++)
		if (now() - probers[i].able_us >= ANSWERED_US)
			return true;
	return false;
}

static void look_for_the_dead(void)
{
	for (uint32_t i = 0; i < REGIONS; i++)
		for (uint32_t s = CHAT; s <= MAIL; s++)
			if (regions[i].is_dead && now() - regions[i].changed_us > ANSWERED_US &&
			    has_witness(i) && health(s, i) != HEALTH_DOWN)
				fail_msg("seed %u at %.2f s: %s is dead for %.2f s and serves",
					 seed, (double)now() / 1e6, i == EU ? "eu" : "us",
					 (double)(now() - regions[i].changed_us) / 1e6);
}

/* ---- a history ---- */

static void begin(void)
{
	static const struct fleet_handler handler = { .changed = on_random_change };

	world_init(&w, FLEET_YAML, WORLD_ZONE);
	assert_int_equal(loop_new(&loop, NULL), ERR_OK);
	clock_hand_init(&hand, 1000000000, 1767323045678);
	assert_int_equal(fleet_new(&fleet, loop, &hand.clock, &handler, NULL), ERR_OK);
	assert_int_equal(fleet_configure(fleet, w.config, &w.e), ERR_OK);
	memset(probers, 0, sizeof(probers));
	memset(regions, 0, sizeof(regions));
	n_old = 0;
	for (int i = 0; i < PROBERS; i++) {
		struct prober *p = &probers[i];
		const struct schedule_options options = {
			.clock = &hand.clock, .runner = { fake_start, fake_cancel, p }
		};

		assert_int_equal(schedule_new(&p->schedule, &options), ERR_OK);
		assert_int_equal(
			plan_new(&p->plan, "ns1:1", p->schedule, &hand.clock, on_plan_changed, p),
			ERR_OK);
		p->able_us = now();
	}
}

static void end(void)
{
	for (int i = 0; i < PROBERS; i++) {
		unlink_line(&probers[i].line);
		plan_free(probers[i].plan);
		schedule_free(probers[i].schedule);
	}
	for (int i = 0; i < REGIONS; i++)
		unlink_line(&regions[i].line);
	fleet_free(fleet);
	loop_free(loop);
	world_fini(&w);
	while (n_old > 0)
		config_dnsd_free(old_configs[--n_old]);
}

static void live_through(uint32_t number, int at_once)
{
	struct fault faults[FAULTS_AT_ONCE] = { 0 };

	seed = number;
	rng = 2463534242u ^ (number * 2654435761u);
	begin();
	for (uint32_t step = 1; step <= HISTORY_S * 1000 / STEP_MS; step++) {
		bool beats = step % (500 / STEP_MS) == 0;

		clock_hand_advance_ms(&hand, STEP_MS);
		for (int i = 0; i < at_once && step > 500; i++)
			step_fault(faults, &faults[i]);
		if (step > 500 && roll(4000) == 0)
			edit_monitor();
		for (uint32_t i = 0; i < REGIONS; i++)
			step_region(i, beats);
		for (int i = 0; i < PROBERS; i++)
			step_prober(&probers[i], beats);
		fleet_tick(fleet);
		look_for_the_dead();
	}
	end();
}

static uint32_t n_histories(void)
{
	const char *asked = getenv("FLEET_RANDOM");

	return asked ? (uint32_t)strtoul(asked, NULL, 10) : HISTORIES;
}

static void with_one_fault_at_a_time_nobody_is_out_by_mistake_and_nobody_dead_is_in(void **state)
{
	for (uint32_t i = 1; i <= n_histories(); i++)
		live_through(i, 1);
}

static void with_two_faults_at_once_neither(void **state)
{
	for (uint32_t i = 1; i <= n_histories(); i++)
		live_through(1000000 + i, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			with_one_fault_at_a_time_nobody_is_out_by_mistake_and_nobody_dead_is_in),
		cmocka_unit_test(with_two_faults_at_once_neither),
	};

	log_set_level(LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
