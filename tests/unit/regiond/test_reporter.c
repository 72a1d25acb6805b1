/* SPDX-License-Identifier: Apache-2.0 */
/* test_reporter: a reporter and two directors on one loop, over mutual TLS on loopback.
 *
 * What a director hears goes into its trace: "hello full(2) delta(1) withdraw goodbye". The loop
 * turns until a trace ends with what the test waits for; a guard bounds it.
 */
#include "core/link_listen.h"
#include "regiond/report/reporter.h"
#include "tests/unit/certs.h"
#include "tests/unit/regiond/world.h"

#define GUARD_MS 10000

static struct certs acme;

struct director {
	struct world *world;
	struct link_listener *listener;
	struct link *link;
	struct buf trace;
	unsigned beats;
	uint64_t seq;
	Fairlead__Wire__Health health; /* of the first service, as last heard */
};

struct world {
	struct loop *loop;
	struct loop_timer *guard;
	struct tls *server_tls, *client_tls, *prober_tls;
	struct director directors[2];
	struct table *table;
	struct reporter *reporter;
	size_t n_checkers;
	bool timed_out, done;
};

static void on_guard(void *arg)
{
	((struct world *)arg)->timed_out = true;
}

static void up(void *ctx, struct link *link, const struct identity *peer)
{
	struct director *d = ctx;
	d->link = link;
	d->seq = 0;
	assert_int_equal(peer->role, IDENTITY_REGIOND);
}

static void hear_report(struct director *d, const Fairlead__Wire__Report *r)
{
	assert_int_equal(r->seq, ++d->seq); /* without gaps */
	if (r->n_services)
		d->health = r->services[0]->health;
	buf_printf(&d->trace, "%s(%zu) ", r->full ? "full" : "delta", r->n_services);
	for (size_t i = 0; i < r->n_notes; i++)
		buf_printf(&d->trace, "note(%s) ", r->notes[i]->text);
}

static void frame(void *ctx, struct link *link, const uint8_t *bytes, size_t len)
{
	struct director *d = ctx;
	struct err e = { "" };
	wire_message *m;
	if (wire_unpack(bytes, len, &m, &e) != ERR_OK)
		fail_msg("%s", e.text);
	switch (m->body_case) {
	case FAIRLEAD__WIRE__MESSAGE__BODY_HELLO: buf_add_str(&d->trace, "hello "); break;
	case FAIRLEAD__WIRE__MESSAGE__BODY_REPORT: hear_report(d, m->report); break;
	case FAIRLEAD__WIRE__MESSAGE__BODY_HEARTBEAT: d->beats++; break;
	case FAIRLEAD__WIRE__MESSAGE__BODY_WITHDRAW: buf_add_str(&d->trace, "withdraw "); break;
	case FAIRLEAD__WIRE__MESSAGE__BODY_GOODBYE: buf_add_str(&d->trace, "goodbye "); break;
	default: fail_msg("body %d", m->body_case);
	}
	wire_free(m);
}

static void down(void *ctx, struct link *link, const char *reason)
{
	struct director *d = ctx;
	d->link = NULL;
	buf_add_str(&d->trace, "down ");
}

static const struct link_handler handler = { .up = up, .frame = frame, .down = down };

static void listen_at(struct world *w, struct director *d, struct tls *tls)
{
	const struct endpoint at = { .addr = { 4, { 127, 0, 0, 1 } } };
	struct err e = { "" };
	d->world = w;
	if (link_listen(&d->listener, w->loop, tls, &at, NULL, &handler, d, &e) != ERR_OK)
		fail_msg("%s", e.text);
}

static struct table *make_table(struct world *w, size_t n_directors)
{
	char text[1024];
	snprintf(text, sizeof(text),
		 WORLD_HEAD "heartbeat: 100ms\n"
			    "tls: {certificate: x, key: x, ca: x}\n"
			    "directors: ['127.0.0.1:%u', '127.0.0.1:%u']\n"
			    "pools:\n"
			    "  p:\n"
			    "    backends:\n"
			    "      - {az: a, address: '127.0.0.1:24101', max: 8}\n"
			    "      - {az: b, address: '127.0.0.1:24102', max: 8}\n"
			    "services:\n"
			    "  a.example.com: {listen: ['127.0.0.1:24110'], protocol: tcp, routes: "
			    "[{pool: p}]}\n"
			    "  b.example.com: {listen: ['127.0.0.1:24111'], protocol: tcp, routes: "
			    "[{pool: p}]}\n",
		 link_listener_port(w->directors[0].listener),
		 link_listener_port(w->directors[1].listener));
	struct table *t = world_table(text, w->table);
	t->config->n_directors = n_directors;
	world_all_up(t);
	return t;
}

static void on_checkers(void *ctx, const struct addr *addrs, size_t n)
{
	struct world *w = ctx;
	w->n_checkers = n;
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct err e = { "" };
	assert_int_equal(loop_new(&w->loop, &e), ERR_OK);
	assert_int_equal(loop_timer_new(w->loop, &w->guard, on_guard, w), ERR_OK);
	w->server_tls = certs_tls(&acme, "ns1", &acme);
	w->client_tls = certs_tls(&acme, "one", &acme);
	w->prober_tls = certs_tls(&acme, "p1", &acme);
	listen_at(w, &w->directors[0], w->server_tls);
	listen_at(w, &w->directors[1], w->server_tls);
	const struct reporter_options options = {
		.loop = w->loop,
		.clock = clock_system(),
		.tls = w->client_tls,
		.incarnation = 1,
		.checkers = on_checkers,
		.ctx = w,
	};
	assert_int_equal(reporter_new(&w->reporter, &options, &e), ERR_OK);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	reporter_free(w->reporter);
	for (int i = 0; i < 2; i++) {
		link_listener_free(w->directors[i].listener);
		buf_fini(&w->directors[i].trace);
	}
	loop_timer_free(w->guard);
	loop_free(w->loop);
	tls_free(w->server_tls);
	tls_free(w->client_tls);
	tls_free(w->prober_tls);
	table_free(w->table);
	free(w);
	return 0;
}

static void follow(struct world *w, size_t n_directors)
{
	struct err e = { "" };
	struct table *t = make_table(w, n_directors);
	if (reporter_follow(w->reporter, t, &e) != ERR_OK)
		fail_msg("%s", e.text);
	table_free(w->table);
	w->table = t;
}

/* Turns the loop until the trace ends with `told`. */
static void run_until(struct world *w, struct director *d, const char *told)
{
	size_t n = strlen(told);
	loop_timer_after(w->guard, GUARD_MS);
	while (!w->timed_out) {
		const char *text = buf_text(&d->trace);
		if (d->trace.len >= n && strcmp(text + d->trace.len - n, told) == 0)
			break;
		loop_run_once(w->loop);
	}
	loop_timer_stop(w->guard);
	if (w->timed_out)
		fail_msg("waited for '%s', heard '%s'", told, buf_text(&d->trace));
}

static void clear(struct world *w)
{
	buf_clear(&w->directors[0].trace);
	buf_clear(&w->directors[1].trace);
}

static void both_know(struct world *w)
{
	follow(w, 2);
	for (int i = 0; i < 2; i++)
		run_until(w, &w->directors[i], "hello full(2) ");
	clear(w);
}

static struct backend *backend(struct world *w, int i)
{
	return w->table->pools[0].slots[i].backend;
}

static void every_director_gets_hello_and_everything_first(void **state)
{
	struct world *w = *state;
	both_know(w);
	assert_int_equal(w->directors[1].health, FAIRLEAD__WIRE__HEALTH__HEALTH_UP);
	assert_int_equal(reporter_directors(w->reporter), 2);
	assert_true(reporter_director(w->reporter, 0).up);
	assert_string_equal(reporter_director(w->reporter, 0).peer, "ns1");
}

static void say(struct world *w, const char *bytes, size_t len)
{
	assert_int_equal(link_send(w->directors[0].link, bytes, len), ERR_OK);
}

static void a_message_of_a_newer_director_is_ignored(void **state)
{
	struct world *w = *state;
	both_know(w);
	say(w, "\x7a\x02\x08\x07", 4); /* field 15 */
	loop_timer_after(w->guard, GUARD_MS);
	while (!w->timed_out && !reporter_ignored(w->reporter))
		loop_run_once(w->loop);
	assert_int_equal(reporter_ignored(w->reporter), 1);
	loop_timer_stop(w->guard);
	backend_set_state(backend(w, 0), BACKEND_DOWN, 1);
	reporter_changed(w->reporter);
	run_until(w, &w->directors[0], "delta(2) ");
	assert_string_equal(buf_text(&w->directors[0].trace), "delta(2) ");
}

static void what_a_director_does_not_say_ends_the_link(void **state)
{
	struct world *w = *state;
	both_know(w);
	say(w, "\x3a\x00", 2); /* withdraw */
	run_until(w, &w->directors[0], "down ");
}

static void a_change_of_health_is_told_at_once(void **state)
{
	struct world *w = *state;
	both_know(w);
	unsigned beats = w->directors[0].beats;
	backend_set_state(backend(w, 0), BACKEND_DOWN, 1);
	reporter_changed(w->reporter);
	for (int i = 0; i < 2; i++) {
		run_until(w, &w->directors[i], "delta(2) ");
		/* Before the second's delta, which is nearly ten heartbeats away. */
		assert_in_range(w->directors[0].beats, beats, beats + 5);
		assert_int_equal(w->directors[i].health, FAIRLEAD__WIRE__HEALTH__HEALTH_DEGRADED);
	}
	clear(w);
	reporter_changed(w->reporter); /* nothing new: nothing said */
	atomic_store(&w->table->services[0].service->arrivals, 5);
	run_until(w, &w->directors[0], "delta(1) "); /* the next second's */
	assert_string_equal(buf_text(&w->directors[0].trace), "delta(1) ");
}

static void notes_are_told_in_every_report_until_they_are_over(void **state)
{
	static const struct report_note note = { "descriptors", "none left" };
	struct world *w = *state;
	both_know(w);
	reporter_notes(w->reporter, &note, 1);
	run_until(w, &w->directors[0], "delta(0) note(none left) ");
	run_until(w, &w->directors[1], "delta(0) note(none left) ");
	clear(w);
	reporter_notes(w->reporter, &note, 1); /* the same: nothing new */
	atomic_store(&w->table->services[0].service->arrivals, 5);
	run_until(w, &w->directors[0], "delta(1) note(none left) ");
	assert_string_equal(buf_text(&w->directors[0].trace), "delta(1) note(none left) ");
	clear(w);
	reporter_notes(w->reporter, NULL, 0);
	run_until(w, &w->directors[0], "delta(0) ");
}

static void say_checkers(struct director *d, uint8_t last)
{
	uint8_t address[4] = { 198, 51, 100, last };
	ProtobufCBinaryData one = { .len = 4, .data = address };
	Fairlead__Wire__Checkers checkers = FAIRLEAD__WIRE__CHECKERS__INIT;
	wire_message m = FAIRLEAD__WIRE__MESSAGE__INIT;
	struct buf bytes = BUF_INIT;
	checkers.n_addresses = 1;
	checkers.addresses = &one;
	m.body_case = FAIRLEAD__WIRE__MESSAGE__BODY_CHECKERS;
	m.checkers = &checkers;
	assert_int_equal(wire_pack(&m, &bytes, NULL), ERR_OK);
	assert_int_equal(link_send(d->link, bytes.data, bytes.len), ERR_OK);
	buf_fini(&bytes);
}

/* Turns the loop until so many addresses are known. */
static void run_until_checkers(struct world *w, size_t n)
{
	loop_timer_after(w->guard, GUARD_MS);
	while (!w->timed_out && w->n_checkers != n)
		loop_run_once(w->loop);
	loop_timer_stop(w->guard);
	assert_int_equal(w->n_checkers, n);
}

static void where_the_probers_of_all_directors_check_from_is_known(void **state)
{
	struct world *w = *state;
	both_know(w);
	say_checkers(&w->directors[0], 7);
	run_until_checkers(w, 1);
	say_checkers(&w->directors[1], 8);
	run_until_checkers(w, 2);
}

static void say_services(struct director *d, const char *not_here, const char *missing)
{
	wire_message m = FAIRLEAD__WIRE__MESSAGE__INIT;
	Fairlead__Wire__Services services = FAIRLEAD__WIRE__SERVICES__INIT;
	struct buf bytes = BUF_INIT;
	services.not_here = (char **)&not_here;
	services.n_not_here = not_here != NULL;
	services.missing = (char **)&missing;
	services.n_missing = missing != NULL;
	m.body_case = FAIRLEAD__WIRE__MESSAGE__BODY_SERVICES;
	m.services = &services;
	assert_int_equal(wire_pack(&m, &bytes, NULL), ERR_OK);
	assert_int_equal(link_send(d->link, bytes.data, bytes.len), ERR_OK);
	buf_fini(&bytes);
	for (int turn = 0; turn < 20; turn++)
		loop_run_once(d->world->loop);
}

static void services_that_only_one_side_knows_are_a_problem_until_they_match(void **state)
{
	struct world *w = *state;
	struct problems p = PROBLEMS_INIT;
	both_know(w);
	say_services(&w->directors[0], "dbx.example.com", "db.example.com");
	reporter_problems(w->reporter, &p);
	assert_int_equal(p.n, 2);
	assert_non_null(strstr(p.list[0].what, " does not know: dbx.example.com"));
	assert_non_null(strstr(p.list[1].what, " misses here: db.example.com"));
	problems_fini(&p);
	say_services(&w->directors[0], NULL, NULL);
	p = PROBLEMS_INIT;
	reporter_problems(w->reporter, &p);
	assert_int_equal(p.n, 0);
	problems_fini(&p);
}

static void a_withdrawal_comes_first_and_then_the_report_that_says_so(void **state)
{
	struct world *w = *state;
	both_know(w);
	reporter_withdraw(w->reporter, "stopping");
	for (int i = 0; i < 2; i++) {
		run_until(w, &w->directors[i], "withdraw delta(2) ");
		assert_int_equal(w->directors[i].health, FAIRLEAD__WIRE__HEALTH__HEALTH_WITHDRAWN);
	}
	reporter_withdraw(w->reporter, NULL);
	run_until(w, &w->directors[0], "delta(2) delta(2) ");
	assert_int_equal(w->directors[0].health, FAIRLEAD__WIRE__HEALTH__HEALTH_UP);
}

static void heartbeats_come_as_the_configuration_says(void **state)
{
	struct world *w = *state;
	both_know(w);
	unsigned before = w->directors[0].beats;
	loop_timer_after(w->guard, GUARD_MS);
	while (w->directors[0].beats < before + 5 && !w->timed_out)
		loop_run_once(w->loop);
	assert_false(w->timed_out);
}

static void a_director_that_comes_back_gets_everything_again(void **state)
{
	struct world *w = *state;
	both_know(w);
	link_close(w->directors[0].link, "restart");
	run_until(w, &w->directors[0], "down hello full(2) ");
	assert_true(reporter_director(w->reporter, 0).up);
}

static void a_reload_drops_and_adds_directors(void **state)
{
	struct world *w = *state;
	both_know(w);
	follow(w, 1);
	run_until(w, &w->directors[1], "down ");
	run_until(w, &w->directors[0], "full(2) ");
	assert_int_equal(reporter_directors(w->reporter), 1);
	clear(w);
	follow(w, 2);
	run_until(w, &w->directors[1], "hello full(2) ");
	assert_null(strstr(buf_text(&w->directors[0].trace), "hello")); /* the link stayed */
}

static void who_is_not_a_director_is_told_nothing(void **state)
{
	struct world *w = *state;
	link_listener_free(w->directors[1].listener);
	w->directors[1].listener = NULL;
	listen_at(w, &w->directors[1], w->prober_tls);
	follow(w, 2);
	loop_timer_after(w->guard, GUARD_MS);
	while (!w->timed_out && !(reporter_director(w->reporter, 0).last_error[0] ||
				  reporter_director(w->reporter, 1).last_error[0]))
		loop_run_once(w->loop);
	assert_false(w->timed_out);
	run_until(w, &w->directors[0], "hello full(2) ");
	assert_string_equal(buf_text(&w->directors[1].trace), "");
	bool named = false;
	for (size_t i = 0; i < 2; i++)
		named |= strstr(reporter_director(w->reporter, i).last_error,
				"expected a dnsd of fleet") != NULL;
	assert_true(named);
}

static void on_done(void *arg)
{
	((struct world *)arg)->done = true;
}

static void goodbye_reaches_all_before_it_is_over(void **state)
{
	struct world *w = *state;
	both_know(w);
	reporter_finish(w->reporter, "stopped", 5000, on_done, w);
	loop_timer_after(w->guard, GUARD_MS);
	while (!w->done && !w->timed_out)
		loop_run_once(w->loop);
	assert_true(w->done);
	for (int i = 0; i < 2; i++)
		assert_non_null(strstr(buf_text(&w->directors[i].trace), "goodbye"));
}

static void without_directors_it_is_over_at_once(void **state)
{
	struct world *w = *state;
	follow(w, 0);
	reporter_finish(w->reporter, "stopped", 5000, on_done, w);
	assert_true(w->done);
}

static int make_fleet(void **state)
{
	certs_init(&acme, "acme");
	certs_issue(&acme, IDENTITY_DNSD, NULL, "ns1");
	certs_issue(&acme, IDENTITY_REGIOND, "here", "one");
	certs_issue(&acme, IDENTITY_PROBER, NULL, "p1");
	return 0;
}

static int remove_fleet(void **state)
{
	certs_fini(&acme);
	return 0;
}

int main(void)
{
#define CLAIM(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		CLAIM(every_director_gets_hello_and_everything_first),
		CLAIM(a_message_of_a_newer_director_is_ignored),
		CLAIM(what_a_director_does_not_say_ends_the_link),
		CLAIM(a_change_of_health_is_told_at_once),
		CLAIM(notes_are_told_in_every_report_until_they_are_over),
		CLAIM(where_the_probers_of_all_directors_check_from_is_known),
		CLAIM(a_withdrawal_comes_first_and_then_the_report_that_says_so),
		CLAIM(services_that_only_one_side_knows_are_a_problem_until_they_match),
		CLAIM(heartbeats_come_as_the_configuration_says),
		CLAIM(a_director_that_comes_back_gets_everything_again),
		CLAIM(a_reload_drops_and_adds_directors),
		CLAIM(who_is_not_a_director_is_told_nothing),
		CLAIM(goodbye_reaches_all_before_it_is_over),
		CLAIM(without_directors_it_is_over_at_once),
	};
	return cmocka_run_group_tests(tests, make_fleet, remove_fleet);
}
