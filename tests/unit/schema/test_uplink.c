/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about schema/wire/uplink: a real link over loopback, a director played by the test, a
 * clock wound by hand. */
#include "core/link_listen.h"
#include "schema/wire/send.h"
#include "schema/wire/uplink.h"
#include "tests/unit/certs.h"
#include "tests/unit/fail_alloc.h"
#include "tests/unit/unit.h"

static struct certs acme;

/* What was said and told, as words: "hello(500) up beat(500) full ..." */
struct trace {
	char text[4096];
};

static struct {
	struct clock_hand hand;
	struct loop *loop;
	struct tls *server_tls, *client_tls;
	struct link_listener *listener;
	struct link *accepted;
	struct uplink_world shared;
	struct uplink *uplink;
	struct trace director, reporter;
	unsigned beats, done;
} w;

static void note(struct trace *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void note(struct trace *t, const char *fmt, ...)
{
	size_t len = strlen(t->text);
	va_list args;

	va_start(args, fmt);
	vsnprintf(t->text + len, sizeof(t->text) - len, fmt, args);
	va_end(args);
	strncat(t->text, " ", sizeof(t->text) - strlen(t->text) - 1);
}

/* ---- the director */

static void server_up(void *ctx, struct link *link, const struct identity *peer)
{
	w.accepted = link;
}

static void server_frame(void *ctx, struct link *link, const uint8_t *bytes, size_t len)
{
	wire_message *m;
	struct err e;

	if (wire_unpack(bytes, len, &m, &e) != ERR_OK)
		fail_msg("%s", e.text);
	switch (m->body_case) {
	case FAIRLEAD__WIRE__MESSAGE__BODY_HELLO:
		note(&w.director, "hello(%u,%s,%d)", m->hello->heartbeat_ms, m->hello->software,
		     m->hello->lat_e4);
		break;
	case FAIRLEAD__WIRE__MESSAGE__BODY_HEARTBEAT:
		w.beats++;
		note(&w.director, "beat(%u)", m->heartbeat->period_ms);
		break;
	case FAIRLEAD__WIRE__MESSAGE__BODY_GOODBYE:
		note(&w.director, "goodbye(%s)", m->goodbye->reason);
		break;
	case FAIRLEAD__WIRE__MESSAGE__BODY_WITHDRAW:
		note(&w.director, "withdraw(%s)", m->withdraw->reason);
		break;
	default: note(&w.director, "%s", wire_kind(m));
	}
	wire_free(m);
}

static void server_down(void *ctx, struct link *link, const char *reason)
{
	w.accepted = NULL;
}

static const struct link_handler server = { .up = server_up,
					    .frame = server_frame,
					    .down = server_down };

static void say(const wire_message *m)
{
	assert_int_equal(send_message(w.accepted, m, NULL), ERR_OK);
}

/* ---- the reporter */

static void on_up(void *ctx)
{
	note(&w.reporter, "up");
}

static void on_full(void *ctx)
{
	note(&w.reporter, "full");
}

static void on_changes(void *ctx)
{
	note(&w.reporter, "changes");
}

static void on_message(void *ctx, const wire_message *m)
{
	note(&w.reporter, "%s", wire_kind(m));
}

static void on_down(void *ctx)
{
	note(&w.reporter, "down");
}

static const struct uplink_fns fns = { on_up, on_full, on_changes, on_message, on_down };

/* ---- the world */

static int start(void **state)
{
	memset(&w, 0, sizeof(w));
	clock_hand_init(&w.hand, 1000000, 0);
	assert_int_equal(loop_new_wound(&w.loop, &w.hand.clock, NULL), ERR_OK);
	w.server_tls = certs_tls(&acme, "ns1", &acme);
	w.client_tls = certs_tls(&acme, "r1", &acme);
	w.shared = (struct uplink_world){ .loop = w.loop,
					  .tls = w.client_tls,
					  .clock = &w.hand.clock,
					  .room = "tests",
					  .software = "test 1",
					  .fleet = "acme",
					  .heartbeat_ms = 500,
					  .lat_e4 = 42 };
	return 0;
}

static int finish(void **state)
{
	uplink_free(w.uplink);
	link_listener_free(w.listener);
	tls_free(w.server_tls);
	tls_free(w.client_tls);
	loop_free(w.loop);
	return 0;
}

static void turns(unsigned n)
{
	while (n--)
		loop_run_once(w.loop);
}

static void wind(uint64_t ms)
{
	clock_hand_advance_ms(&w.hand, ms);
	turns(10);
}

static void run_until(struct trace *t, const char *told)
{
	uint64_t began_us = clock_mono_us(clock_system());

	while (!strstr(t->text, told)) {
		clock_hand_advance_ms(&w.hand, 1);
		turns(1);
		if (clock_mono_us(clock_system()) - began_us > 20000000)
			fail_msg("waited for '%s': director '%s', reporter '%s'", told,
				 w.director.text, w.reporter.text);
	}
}

static enum err_code dial(void)
{
	static const struct endpoint any = { .addr = { .family = 4, .bytes = { 127, 0, 0, 1 } } };
	enum err_code code =
		link_listen(&w.listener, w.loop, w.server_tls, &any, NULL, &server, NULL, NULL);

	if (code != ERR_OK)
		return code;
	return uplink_new(&w.uplink, &w.shared, "127.0.0.1", link_listener_port(w.listener), &fns,
			  NULL, NULL);
}

static void link_up(void)
{
	assert_int_equal(dial(), ERR_OK);
	run_until(&w.reporter, "up");
	run_until(&w.director, "hello(");
	turns(10);
	w.reporter.text[0] = w.director.text[0] = 0;
	w.beats = 0;
}

/* ---- claims */

static void the_first_word_is_hello_and_then_the_state_is_due(void **state)
{
	assert_int_equal(dial(), ERR_OK);
	run_until(&w.director, "hello(500,test 1,42)");
	assert_string_equal(w.reporter.text, "up ");
	assert_string_equal(uplink_stats(w.uplink)->node, "ns1");
	assert_true(uplink_is_up(w.uplink));
	assert_true(uplink_is_at(w.uplink, "127.0.0.1", link_listener_port(w.listener)));
	assert_false(uplink_is_at(w.uplink, "127.0.0.2", link_listener_port(w.listener)));
}

static void it_is_heard_each_heartbeat_and_says_how_often(void **state)
{
	link_up();
	for (int i = 0; i < 6; i++)
		wind(500);
	assert_in_range(w.beats, 5, 7);
	run_until(&w.director, "beat(500)");
}

/* The director judges silence by what it was told: 500 ms to 5 s once made it flap for ever. */
static void another_heartbeat_is_told_at_once(void **state)
{
	link_up();
	w.shared.heartbeat_ms = 5000;
	uplink_retime(w.uplink);
	turns(10);
	assert_string_equal(w.director.text, "beat(5000) ");
	wind(4999);
	assert_int_equal(w.beats, 1);
	wind(1);
	assert_int_equal(w.beats, 2);
}

static void what_was_told_once_is_told_again_each_minute(void **state)
{
	wire_message m = FAIRLEAD__WIRE__MESSAGE__INIT;
	Fairlead__Wire__Heartbeat beat = FAIRLEAD__WIRE__HEARTBEAT__INIT;

	m.body_case = FAIRLEAD__WIRE__MESSAGE__BODY_HEARTBEAT;
	m.heartbeat = &beat;
	link_up();
	for (int s = 0; s < 59; s++) {
		wind(1000);
		say(&m); /* a director that says nothing for 10 s is down */
	}
	assert_null(strstr(w.reporter.text, "full"));
	wind(1000);
	assert_string_equal(w.reporter.text, "full ");
}

static void changes_of_one_turn_go_together(void **state)
{
	link_up();
	uplink_changed(w.uplink);
	uplink_changed(w.uplink);
	assert_string_equal(w.reporter.text, "");
	wind(0);
	assert_string_equal(w.reporter.text, "changes ");
}

static void say_welcome(void)
{
	wire_message m = FAIRLEAD__WIRE__MESSAGE__INIT;
	Fairlead__Wire__Welcome welcome = FAIRLEAD__WIRE__WELCOME__INIT;

	m.body_case = FAIRLEAD__WIRE__MESSAGE__BODY_WELCOME;
	m.welcome = &welcome;
	welcome.protocol = WIRE_PROTOCOL;
	welcome.node = (char *)"ns1";
	say(&m);
	wind(0);
}

static void a_link_that_is_back_begins_anew(void **state)
{
	link_up();
	link_close(w.accepted, "restart");
	run_until(&w.reporter, "down up");
	run_until(&w.director, "hello(500");
	assert_int_equal(uplink_stats(w.uplink)->lost, 1);
	assert_string_equal(uplink_stats(w.uplink)->trouble, "closed by the peer");
	say_welcome();
	assert_string_equal(uplink_stats(w.uplink)->trouble, "");
}

static void why_it_is_refused_is_the_trouble_until_it_is_welcome(void **state)
{
	wire_message m = FAIRLEAD__WIRE__MESSAGE__INIT;
	Fairlead__Wire__Goodbye goodbye = FAIRLEAD__WIRE__GOODBYE__INIT;

	link_up();
	goodbye.reason = (char *)"there is one of this name";
	m.body_case = FAIRLEAD__WIRE__MESSAGE__BODY_GOODBYE;
	m.goodbye = &goodbye;
	say(&m);
	link_drain(w.accepted, 1000, NULL, NULL);
	run_until(&w.reporter, "down up");
	run_until(&w.director, "hello(500");
	assert_string_equal(uplink_stats(w.uplink)->trouble, goodbye.reason);
	say_welcome();
	assert_string_equal(uplink_stats(w.uplink)->trouble, "");
}

static void a_redial_is_told_anew_too(void **state)
{
	link_up();
	w.shared.lat_e4 = 43;
	uplink_redial(w.uplink, "it has moved");
	run_until(&w.director, "hello(500,test 1,43)");
}

static void changes_while_it_is_down_are_in_the_next_full_state(void **state)
{
	link_up();
	link_listener_free(w.listener);
	w.listener = NULL;
	run_until(&w.reporter, "down");
	uplink_changed(w.uplink);
	wind(100);
	assert_string_equal(w.reporter.text, "down ");
}

static void who_is_no_director_of_ours_is_refused_and_named_once(void **state)
{
	tls_free(w.server_tls);
	w.server_tls = certs_tls(&acme, "p1", &acme);
	assert_int_equal(dial(), ERR_OK);
	while (uplink_stats(w.uplink)->refused < 3)
		wind(100);
	assert_string_equal(uplink_stats(w.uplink)->trouble, "expected a dnsd of fleet acme");
	assert_string_equal(w.reporter.text, "");
	assert_false(uplink_is_up(w.uplink));
}

static void a_plan_is_for_the_reporter_and_nonsense_ends_the_link(void **state)
{
	wire_message m = FAIRLEAD__WIRE__MESSAGE__INIT;
	Fairlead__Wire__Plan plan = FAIRLEAD__WIRE__PLAN__INIT;
	Fairlead__Wire__Withdraw withdraw = FAIRLEAD__WIRE__WITHDRAW__INIT;

	link_up();
	m.body_case = FAIRLEAD__WIRE__MESSAGE__BODY_PLAN;
	m.plan = &plan;
	say(&m);
	run_until(&w.reporter, "plan");
	m.body_case = FAIRLEAD__WIRE__MESSAGE__BODY_WITHDRAW;
	m.withdraw = &withdraw;
	say(&m);
	run_until(&w.reporter, "down");
	assert_int_equal(uplink_stats(w.uplink)->bad_frames, 1);
	assert_string_equal(uplink_stats(w.uplink)->trouble, "a director does not send a withdraw");
}

static void a_welcome_is_no_news(void **state)
{
	link_up();
	say_welcome();
	assert_true(uplink_is_up(w.uplink));
	assert_string_equal(w.reporter.text, "");
}

static void on_done(void *arg)
{
	w.done++;
}

static void who_leaves_says_goodbye_and_is_not_dialled_again(void **state)
{
	link_up();
	uplink_leave(w.uplink, "stopped", 1000, on_done, NULL);
	assert_int_equal(w.done, 0);
	run_until(&w.director, "goodbye(stopped)");
	while (!w.done)
		wind(1);
	for (int i = 0; i < 100; i++)
		wind(100);
	assert_false(uplink_is_up(w.uplink));
	assert_int_equal(uplink_stats(w.uplink)->lost, 0);
}

static void who_is_not_up_leaves_at_once(void **state)
{
	assert_int_equal(dial(), ERR_OK);
	uplink_leave(w.uplink, "stopped", 1000, on_done, NULL);
	assert_int_equal(w.done, 1);
}

static void what_cannot_be_said_is_not_sent(void **state)
{
	char long_reason[WIRE_REASON_MAX + 2] = "";
	struct err e = { "" };

	link_up();
	memset(long_reason, 'x', sizeof(long_reason) - 1);
	assert_int_equal(send_goodbye(w.accepted, long_reason, &e), ERR_INPUT);
	assert_ptr_equal(strstr(e.text, "a goodbye cannot be said: "), e.text);
	turns(20);
	assert_string_equal(w.reporter.text, "");
	assert_int_equal(send_goodbye(w.accepted, "short", &e), ERR_OK);
}

static void each_failed_allocation_is_said(void **state)
{
	bool failed = true;

	for (unsigned n = 1; failed; n++) {
		enum err_code code;

		fail_alloc_at(n);
		code = dial();
		failed = fail_alloc_end();
		assert_int_equal(code, failed ? ERR_MEMORY : ERR_OK);
		uplink_free(w.uplink);
		link_listener_free(w.listener);
		w.uplink = NULL;
		w.listener = NULL;
	}
}

static int make_fleets(void **state)
{
	certs_init(&acme, "acme");
	certs_issue(&acme, IDENTITY_DNSD, NULL, "ns1");
	certs_issue(&acme, IDENTITY_REGIOND, "eu", "r1");
	certs_issue(&acme, IDENTITY_PROBER, NULL, "p1");
	return 0;
}

static int remove_fleets(void **state)
{
	certs_fini(&acme);
	return 0;
}

#define WITH_WORLD(claim) cmocka_unit_test_setup_teardown(claim, start, finish)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_WORLD(the_first_word_is_hello_and_then_the_state_is_due),
		WITH_WORLD(it_is_heard_each_heartbeat_and_says_how_often),
		WITH_WORLD(another_heartbeat_is_told_at_once),
		WITH_WORLD(what_was_told_once_is_told_again_each_minute),
		WITH_WORLD(changes_of_one_turn_go_together),
		WITH_WORLD(a_link_that_is_back_begins_anew),
		WITH_WORLD(a_redial_is_told_anew_too),
		WITH_WORLD(changes_while_it_is_down_are_in_the_next_full_state),
		WITH_WORLD(who_is_no_director_of_ours_is_refused_and_named_once),
		WITH_WORLD(a_plan_is_for_the_reporter_and_nonsense_ends_the_link),
		WITH_WORLD(a_welcome_is_no_news),
		WITH_WORLD(why_it_is_refused_is_the_trouble_until_it_is_welcome),
		WITH_WORLD(who_leaves_says_goodbye_and_is_not_dialled_again),
		WITH_WORLD(who_is_not_up_leaves_at_once),
		WITH_WORLD(what_cannot_be_said_is_not_sent),
		WITH_WORLD(each_failed_allocation_is_said),
	};

	return cmocka_run_group_tests_name("schema/wire/uplink", tests, make_fleets, remove_fleets);
}
