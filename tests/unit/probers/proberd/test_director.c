/* SPDX-License-Identifier: Apache-2.0 */
/* test_director: a real link over loopback; the name server is played by the test. */
#include "core/link_listen.h"
#include "probers/proberd/director.h"
#include "tests/unit/certs.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GUARD_MS 10000

static struct certs fleet;

struct world {
	struct loop *loop;
	struct loop_timer *guard;
	struct tls *server_tls, *client_tls;
	struct link_listener *listener;
	struct link *accepted;
	struct schedule *schedule;
	struct director_world shared;
	struct director *director;

	char trace[4096]; /* "hello verdicts(rev=1,full,n=2,known=0) ..." */
	const char *stop_after;
	bool has_timed_out, is_done;
	bool fails; /* what checks find from now on */
};

static void note(struct world *w, const char *text)
{
	size_t len = strlen(w->trace);

	snprintf(w->trace + len, sizeof(w->trace) - len, "%s ", text);
	if (w->stop_after && strstr(w->trace, w->stop_after))
		loop_stop(w->loop);
}

/* ---- the name server */

static void on_up(void *ctx, struct link *link, const struct identity *peer)
{
	struct world *w = ctx;

	w->accepted = link;
	note(w, "up");
}

static void on_frame(void *ctx, struct link *link, const uint8_t *bytes, size_t len)
{
	struct world *w = ctx;
	wire_message *m;
	struct err e = { "" };
	char text[128];
	size_t i, known = 0;

	if (wire_unpack(bytes, len, &m, &e) != ERR_OK)
		fail_msg("%s", e.text);
	snprintf(text, sizeof(text), "%s", wire_kind(m));
	if (m->body_case == FAIRLEAD__WIRE__MESSAGE__BODY_HELLO)
		snprintf(text, sizeof(text), "hello(%u,%d,%d,%u)", m->hello->protocol,
			 m->hello->lat_e4, m->hello->lon_e4, m->hello->heartbeat_ms);
	if (m->body_case == FAIRLEAD__WIRE__MESSAGE__BODY_GOODBYE)
		snprintf(text, sizeof(text), "goodbye(%s)", m->goodbye->reason);
	if (m->body_case == FAIRLEAD__WIRE__MESSAGE__BODY_VERDICTS) {
		for (i = 0; i < m->verdicts->n_verdicts; i++)
			known += m->verdicts->verdicts[i]->known;
		snprintf(text, sizeof(text), "verdicts(rev=%u,%s,n=%zu,known=%zu,pass=%d)",
			 (unsigned)m->verdicts->revision, m->verdicts->full ? "full" : "some",
			 m->verdicts->n_verdicts, known,
			 m->verdicts->n_verdicts ? m->verdicts->verdicts[0]->pass : 0);
	}
	wire_free(m);
	note(w, text);
}

static void on_down(void *ctx, struct link *link, const char *reason)
{
	struct world *w = ctx;

	w->accepted = NULL;
	note(w, "down");
}

static void on_refused(void *ctx, const char *who, const struct err *why)
{
	note(ctx, "refused");
}

static const struct link_handler server = { NULL, on_up, on_frame, on_down, on_refused };

static void say(struct world *w, const wire_message *m)
{
	struct buf bytes = BUF_INIT;

	assert_int_equal(wire_pack(m, &bytes, NULL), ERR_OK);
	assert_int_equal(link_send(w->accepted, bytes.data, bytes.len), ERR_OK);
	buf_fini(&bytes);
}

static void send_plan(struct world *w, uint64_t revision)
{
	Fairlead__Wire__Message m = FAIRLEAD__WIRE__MESSAGE__INIT;
	Fairlead__Wire__Plan plan = FAIRLEAD__WIRE__PLAN__INIT;
	Fairlead__Wire__Monitor monitor = FAIRLEAD__WIRE__MONITOR__INIT, *monitors[] = { &monitor };
	Fairlead__Wire__Target target = FAIRLEAD__WIRE__TARGET__INIT, *targets[] = { &target };
	uint8_t address[4] = { 127, 0, 0, 1 };

	monitor.name = target.monitor = (char *)"m";
	monitor.type = (char *)"tcp";
	monitor.port = 80;
	monitor.interval_ms = 20;
	monitor.timeout_ms = 10;
	monitor.rise = monitor.fall = 1;
	target.pool = (char *)"chat";
	target.region = (char *)"eu-west";
	target.address.data = address;
	target.address.len = 4;
	plan.revision = revision;
	plan.monitors = monitors;
	plan.n_monitors = 1;
	plan.targets = targets;
	plan.n_targets = 1;
	m.body_case = FAIRLEAD__WIRE__MESSAGE__BODY_PLAN;
	m.plan = &plan;
	say(w, &m);
}

/* ---- the checks: they end at the next turn of the loop */

struct fake_check {
	struct world *world;
	struct loop_timer *timer;
	check_done_fn done;
	void *arg;
};

static void fake_cancel(void *ctx, struct check *check)
{
	struct fake_check *c = (struct fake_check *)check;

	loop_timer_free(c->timer);
	free(c);
}

static void on_fake_end(void *arg)
{
	struct fake_check c = *(struct fake_check *)arg;
	struct check_result result = { .pass = !c.world->fails, .rtt_us = 1 };

	fake_cancel(NULL, arg);
	c.done(c.arg, &result);
}

static enum err_code fake_start(void *ctx, struct check_spec *spec, const struct endpoint *to,
				check_done_fn done, void *arg, struct check **out)
{
	struct fake_check *c = calloc(1, sizeof(*c));

	*c = (struct fake_check){ .world = ctx, .done = done, .arg = arg };
	assert_int_equal(loop_timer_new(c->world->loop, &c->timer, on_fake_end, c), ERR_OK);
	loop_timer_after(c->timer, 0);
	*out = (struct check *)c;
	return ERR_OK;
}

/* ---- the bench */

static void on_guard(void *arg)
{
	struct world *w = arg;

	w->has_timed_out = true;
	loop_stop(w->loop);
}

static void wait_for(struct world *w, const char *text)
{
	w->stop_after = text;
	if (!strstr(w->trace, text)) {
		loop_timer_after(w->guard, GUARD_MS);
		loop_run(w->loop);
		loop_timer_stop(w->guard);
	}
	w->stop_after = NULL;
	if (w->has_timed_out)
		fail_msg("waited for '%s' in '%s'", text, w->trace);
}

static void wait_until(struct world *w, bool (*is_so)(const struct director_stats *))
{
	struct director_stats stats;

	loop_timer_after(w->guard, GUARD_MS);
	for (;;) {
		director_stats(w->director, &stats);
		if (is_so(&stats))
			break;
		loop_run_once(w->loop);
		assert_false(w->has_timed_out);
	}
	loop_timer_stop(w->guard);
}

static void listen_as(struct world *w, const char *certificate)
{
	struct endpoint any = { .addr = { .family = 4, .bytes = { 127, 0, 0, 1 } } };
	struct err e = { "" };

	w->server_tls = certs_tls(&fleet, certificate, &fleet);
	if (link_listen(&w->listener, w->loop, w->server_tls, &any, NULL, &server, w, &e) != ERR_OK)
		fail_msg("%s", e.text);
}

static void world_init(struct world *w, const char *certificate)
{
	struct schedule_options options = { 0 };
	struct err e = { "" };

	memset(w, 0, sizeof(*w));
	assert_int_equal(loop_new(&w->loop, &e), ERR_OK);
	assert_int_equal(loop_timer_new(w->loop, &w->guard, on_guard, w), ERR_OK);
	options.loop = w->loop;
	options.runner = (struct schedule_runner){ fake_start, fake_cancel, w };
	assert_int_equal(schedule_new(&w->schedule, &options), ERR_OK);
	listen_as(w, certificate);
	w->client_tls = certs_tls(&fleet, "probe", &fleet);
	w->shared = (struct director_world){ .link = { .loop = w->loop,
						       .tls = w->client_tls,
						       .clock = clock_system(),
						       .room = "proberd",
						       .software = "test",
						       .fleet = "acme",
						       .heartbeat_ms = 500,
						       .lat_e4 = 501100,
						       .lon_e4 = -86800 },
					     .schedule = w->schedule };
	if (director_new(&w->director, &w->shared, "127.0.0.1", link_listener_port(w->listener),
			 &e) != ERR_OK)
		fail_msg("%s", e.text);
}

static void world_fini(struct world *w)
{
	director_free(w->director);
	link_listener_free(w->listener);
	schedule_free(w->schedule);
	tls_free(w->server_tls);
	tls_free(w->client_tls);
	loop_timer_free(w->guard);
	loop_free(w->loop);
}

/* ---- */

static void it_says_hello_and_then_its_heartbeats(void **state)
{
	struct director_stats stats;
	struct world w;

	world_init(&w, "ns1");
	wait_for(&w, "up hello(2,501100,-86800,500) heartbeat heartbeat");
	director_stats(w.director, &stats);
	assert_true(stats.is_up);
	assert_string_equal(stats.link.node, "ns1");
	assert_string_equal(stats.link.trouble, "");
	assert_int_equal(stats.link.refused, 0);
	world_fini(&w);
}

static void a_plan_is_answered_by_a_full_set_and_changes_follow(void **state)
{
	struct world w;

	world_init(&w, "ns1");
	wait_for(&w, "hello");
	send_plan(&w, 4);
	wait_for(&w, "verdicts(rev=4,full,n=1,known=0,pass=0)");
	wait_for(&w, "verdicts(rev=4,some,n=1,known=1,pass=1)");
	w.fails = true;
	wait_for(&w, "verdicts(rev=4,some,n=1,known=1,pass=0)");
	world_fini(&w);
}

static bool has_lost_one(const struct director_stats *stats)
{
	return stats->link.lost == 1 && !stats->is_up;
}

static void on_a_new_link_nothing_is_said_before_its_plan(void **state)
{
	struct world w;

	world_init(&w, "ns1");
	wait_for(&w, "hello");
	send_plan(&w, 4);
	wait_for(&w, "verdicts(rev=4,some,n=1,known=1,pass=1)");
	link_close(w.accepted, "test");
	wait_until(&w, has_lost_one);
	w.trace[0] = '\0';
	w.fails = true; /* changes while it is down and before the plan are for the full set */
	wait_for(&w, "hello(2,501100,-86800,500) heartbeat");
	assert_null(strstr(w.trace, "verdicts"));
	send_plan(&w, 1);
	/* The target is the same, so what is known of it is there at once. */
	wait_for(&w, "verdicts(rev=1,full,n=1,known=1,pass=0)");
	world_fini(&w);
}

static bool is_refused(const struct director_stats *stats)
{
	return stats->link.refused > 0;
}

static void whoever_is_no_dnsd_is_refused_by_name(void **state)
{
	struct director_stats stats;
	struct world w;

	world_init(&w, "r1");
	wait_until(&w, is_refused);
	director_stats(w.director, &stats);
	assert_false(stats.is_up);
	assert_string_equal(stats.link.node, "");
	assert_non_null(strstr(stats.link.trouble, "expected a dnsd of fleet acme"));
	world_fini(&w);
}

static bool has_bad_frame(const struct director_stats *stats)
{
	return stats->link.bad_frames == 1 && stats->link.lost == 1;
}

static void what_a_director_does_not_say_closes_the_link(void **state)
{
	Fairlead__Wire__Message m = FAIRLEAD__WIRE__MESSAGE__INIT;
	Fairlead__Wire__Withdraw withdraw = FAIRLEAD__WIRE__WITHDRAW__INIT;
	struct director_stats stats;
	struct world w;

	world_init(&w, "ns1");
	wait_for(&w, "hello");
	m.body_case = FAIRLEAD__WIRE__MESSAGE__BODY_WITHDRAW;
	m.withdraw = &withdraw;
	say(&w, &m);
	wait_until(&w, has_bad_frame);
	director_stats(w.director, &stats);
	assert_non_null(strstr(stats.link.trouble, "a director does not send a withdraw"));
	world_fini(&w);

	world_init(&w, "ns1"); /* checkers are a regiond's */
	wait_for(&w, "hello");
	assert_int_equal(link_send(w.accepted, "\x52\x00", 2), ERR_OK);
	wait_until(&w, has_bad_frame);
	world_fini(&w);

	world_init(&w, "ns1");
	wait_for(&w, "hello");
	assert_int_equal(link_send(w.accepted, "\xff\xff\xff", 3), ERR_OK);
	wait_until(&w, has_bad_frame);
	world_fini(&w);
}

static bool has_ignored(const struct director_stats *stats)
{
	return stats->link.ignored == 1;
}

static void a_message_of_a_newer_director_is_ignored(void **state)
{
	struct director_stats stats;
	struct world w;

	world_init(&w, "ns1");
	wait_for(&w, "hello");
	assert_int_equal(link_send(w.accepted, "\x7a\x02\x08\x07", 4), ERR_OK); /* field 15 */
	wait_until(&w, has_ignored);
	send_plan(&w, 1);
	wait_for(&w, "verdicts(rev=1");
	director_stats(w.director, &stats);
	assert_int_equal(stats.link.bad_frames + stats.link.lost, 0);
	world_fini(&w);
}

static void on_left(void *arg)
{
	struct world *w = arg;

	w->is_done = true;
	note(w, "left");
}

static void leaving_says_goodbye_first(void **state)
{
	struct world w;

	world_init(&w, "ns1");
	wait_for(&w, "hello");
	director_leave(w.director, "stopping", on_left, &w);
	wait_for(&w, "goodbye(stopping)");
	wait_for(&w, "left");
	world_fini(&w);
}

static void leaving_without_a_link_is_at_once(void **state)
{
	struct world w;

	world_init(&w, "ns1");
	director_leave(w.director, "stopping", on_left, &w);
	assert_true(w.is_done);
	world_fini(&w);
}

static int make_certs(void **state)
{
	certs_init(&fleet, "acme");
	certs_issue(&fleet, IDENTITY_DNSD, NULL, "ns1");
	certs_issue(&fleet, IDENTITY_REGIOND, "eu-west", "r1");
	certs_issue(&fleet, IDENTITY_PROBER, NULL, "probe");
	return 0;
}

static int drop_certs(void **state)
{
	certs_fini(&fleet);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_says_hello_and_then_its_heartbeats),
		cmocka_unit_test(a_plan_is_answered_by_a_full_set_and_changes_follow),
		cmocka_unit_test(on_a_new_link_nothing_is_said_before_its_plan),
		cmocka_unit_test(whoever_is_no_dnsd_is_refused_by_name),
		cmocka_unit_test(what_a_director_does_not_say_closes_the_link),
		cmocka_unit_test(a_message_of_a_newer_director_is_ignored),
		cmocka_unit_test(leaving_says_goodbye_first),
		cmocka_unit_test(leaving_without_a_link_is_at_once),
	};

	return cmocka_run_group_tests(tests, make_certs, drop_certs);
}
