/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about dnsd/fleet: what regions and proberds say, and what follows from their silence. */
#include "schema/config/config.h"
#include "tests/unit/dnsd/fleet_world.h"

/* ---- who may speak ---- */

static enum err_code may(const char *fleet_name, enum identity_role role, const char *region,
			 struct err *e)
{
	struct identity peer = { .role = role };
	enum err_code rc;

	snprintf(peer.fleet, sizeof(peer.fleet), "%s", fleet_name);
	snprintf(peer.region, sizeof(peer.region), "%s", region);
	rc = fleet_session_handler.may(fleet_link_ctx(fleet), &peer, e);
	if (rc != ERR_OK)
		fleet_session_handler.refused(fleet_link_ctx(fleet), "127.0.0.1:1", e);
	return rc;
}

static double metric(const char *sample)
{
	struct buf out = BUF_INIT;
	char *at;
	double n;

	for (uint32_t part = 0; fleet_metrics(fleet, part, &out); part++)
		;
	at = strstr((char *)buf_text(&out), sample);
	assert_non_null(at);
	n = atof(at + strlen(sample));
	buf_fini(&out);
	return n;
}

static double refusals(const char *reason)
{
	char sample[64];

	snprintf(sample, sizeof(sample), "refused_total{reason=\"%s\"} ", reason);
	return metric(sample);
}

static void regions_of_ours_and_proberds_may_speak_and_others_are_counted(void **state)
{
	struct err e = { "" };

	assert_int_equal(may("example", IDENTITY_REGIOND, "eu", &e), ERR_OK);
	assert_int_equal(may("example", IDENTITY_PROBER, "", &e), ERR_OK);
	assert_int_equal(may("other", IDENTITY_REGIOND, "eu", &e), ERR_DENIED);
	assert_non_null(strstr(e.text, "other"));
	assert_int_equal(may("example", IDENTITY_ADMIN, "", &e), ERR_DENIED);
	assert_non_null(strstr(e.text, "admin"));
	assert_int_equal(may("example", IDENTITY_DNSD, "", &e), ERR_DENIED);
	assert_int_equal(may("example", IDENTITY_REGIOND, "mars", &e), ERR_DENIED);
	assert_non_null(strstr(e.text, "mars"));
	err_set(&e, ERR_DENIED, "certificate has expired");
	fleet_session_handler.refused(fleet_link_ctx(fleet), "127.0.0.1:1", &e);
	err_set_sub(&e, ERR_DENIED, ERR_SUB_FLEET, "a certificate of another fleet");
	fleet_session_handler.refused(fleet_link_ctx(fleet), "127.0.0.1:1", &e);
	err_set_sub(&e, ERR_LIMIT, ERR_SUB_UNVERIFIED, "made room");
	fleet_session_handler.refused(fleet_link_ctx(fleet), "127.0.0.1:1", &e);
	assert_float_equal(refusals("fleet"), 2, 0);
	assert_float_equal(refusals("unverified"), 1, 0);
	assert_float_equal(refusals("role"), 2, 0);
	assert_float_equal(refusals("region"), 1, 0);
	assert_float_equal(refusals("certificate"), 1, 0);
	assert_float_equal(refusals("protocol"), 0, 0);
}

static void the_first_frame_is_a_hello_of_our_protocol(void **state)
{
	struct line *silent = line_of(IDENTITY_REGIOND, "eu", "a");
	struct line *old = line_of(IDENTITY_REGIOND, "eu", "b");
	static const uint8_t hello_without_protocol[] = { 0x0a, 0x00 };

	say_beat(silent);
	assert_true(silent->is_closed);
	fleet_session_handler.frame(old->ctx, (struct link *)old, hello_without_protocol, 2);
	assert_true(old->is_closed);
	assert_non_null(strstr(old->reason, "protocol"));
	assert_float_equal(refusals("protocol"), 2, 0);
	line_free(silent);
	line_free(old);
}

static void a_hello_is_welcomed_by_name(void **state)
{
	struct line *node = line_of(IDENTITY_REGIOND, "eu", "a");
	wire_message *m;

	say_hello(node);
	assert_int_equal(wire_unpack(node->sent.data, node->sent.len, &m, NULL), ERR_OK);
	assert_int_equal(m->body_case, FAIRLEAD__WIRE__MESSAGE__BODY_WELCOME);
	assert_string_equal(m->welcome->node, "ns1");
	assert_int_equal(m->welcome->protocol, WIRE_PROTOCOL);
	wire_free(m);
	line_free(node);
}

static void a_message_of_a_newer_peer_is_ignored_and_counted(void **state)
{
	struct line *node = linked_node("eu", "a"), *prober = linked_prober("x", 0, 0);
	static const uint8_t newer[] = { 0x7a, 0x02, 0x08, 0x07 }; /* field 15 */

	fleet_session_handler.frame(node->ctx, (struct link *)node, newer, sizeof(newer));
	fleet_session_handler.frame(prober->ctx, (struct link *)prober, newer, sizeof(newer));
	assert_false(node->is_closed);
	assert_false(prober->is_closed);
	assert_float_equal(metric("\nfairlead_frames_ignored_total "), 2, 0);
	line_free(node);
	line_free(prober);
}

static void nobody_says_what_is_not_his(void **state)
{
	struct line *node = linked_node("eu", "a"), *prober = linked_prober("x", 0, 0);
	struct line *junk = linked_node("us", "b");

	say_seen(node, 1, true, "pppppp");
	assert_true(node->is_closed);
	say_report(prober, 1, true, NULL, 0, "");
	assert_true(prober->is_closed);
	fleet_session_handler.frame(junk->ctx, (struct link *)junk, (const uint8_t *)"\xff\xff", 2);
	assert_true(junk->is_closed);
	assert_float_equal(refusals("protocol"), 3, 0);
	line_free(node);
	line_free(prober);
	line_free(junk);
}

/* ---- reports ---- */

static void a_first_report_makes_a_member_known(void **state)
{
	struct line *node = linked_node("eu", "a");
	struct fleet_member_view v;

	changes_are("chat eu unknown>up\n");
	assert_int_equal(health(CHAT, US), HEALTH_UNKNOWN);
	clock_hand_advance_ms(&hand, 250);
	fleet_member(fleet, CHAT, EU, &v);
	assert_true(v.has_report);
	assert_float_equal(v.report_age_s, 0.25, 0.001);
	assert_int_equal(v.capacity, 100);
	assert_int_equal(v.used, 40);
	say_beat(node); /* nothing has changed */
	fleet_member(fleet, CHAT, EU, &v);
	assert_float_equal(v.report_age_s, 0, 0.001);
	fleet_member(fleet, CHAT, US, &v);
	assert_false(v.has_report);
	assert_float_equal(v.report_age_s, -1, 0);
	line_free(node);
}

static void a_heartbeat_says_that_the_report_still_holds(void **state)
{
	struct line *node = linked_node("eu", "a");
	struct fleet_region_view v[8];
	struct fleet_member_view m;

	beat_for_ms(60000, &node, 1);
	clock_hand_advance_ms(&hand, 300);
	fleet_member(fleet, CHAT, EU, &m);
	assert_float_equal(m.report_age_s, 0.3, 0.001);
	assert_int_equal(fleet_regions(fleet, v), ERR_OK);
	assert_float_equal(v[EU].report_age_s, 0.3, 0.001);
	hang_up(node);
	wait_ms(10000);
	fleet_member(fleet, CHAT, EU, &m);
	assert_float_equal(m.report_age_s, 10.3, 0.1);
	line_free(node);
}

static void a_region_speaks_for_itself_alone(void **state)
{
	struct line *node = linked_node("eu", "a");

	say_report(node, 0, false, "chat.example.com", FAIRLEAD__WIRE__HEALTH__HEALTH_DOWN, "x");
	assert_int_equal(health(CHAT, EU), HEALTH_DOWN);
	assert_int_equal(health(CHAT, US), HEALTH_UNKNOWN);
	assert_int_equal(health(MAIL, EU), HEALTH_UNKNOWN);
	line_free(node);
}

static void a_gap_in_the_deltas_is_refused(void **state)
{
	struct line *node = linked_node("eu", "a");

	say_report(node, 2, false, "chat.example.com", FAIRLEAD__WIRE__HEALTH__HEALTH_UP, "");
	assert_false(node->is_closed);
	say_report(node, 4, false, "chat.example.com", FAIRLEAD__WIRE__HEALTH__HEALTH_DOWN, "");
	assert_true(node->is_closed);
	assert_non_null(strstr(node->reason, "report 4 after 2"));
	assert_int_equal(health(CHAT, EU), HEALTH_UP);
	line_free(node);
}

static void the_first_report_of_a_link_must_be_full(void **state)
{
	struct line *node = line_of(IDENTITY_REGIOND, "eu", "a");

	say_hello(node);
	say_report(node, 1, false, "chat.example.com", FAIRLEAD__WIRE__HEALTH__HEALTH_UP, "");
	assert_true(node->is_closed);
	line_free(node);
}

static void a_full_report_forgets_what_it_does_not_name(void **state)
{
	struct line *node = linked_node("eu", "a");
	struct fleet_member_view v;

	say_report(node, 0, false, "mail.example.com", FAIRLEAD__WIRE__HEALTH__HEALTH_UP, "");
	fleet_member(fleet, MAIL, EU, &v);
	assert_true(v.has_report);
	say_report(node, 0, true, "chat.example.com", FAIRLEAD__WIRE__HEALTH__HEALTH_UP, "");
	fleet_member(fleet, MAIL, EU, &v);
	assert_false(v.has_report);
	assert_int_equal(v.health, HEALTH_UP); /* silence is no fault */
	line_free(node);
}

static void two_nodes_of_a_region_are_down_when_both_say_so(void **state)
{
	struct line *a = linked_node("eu", "a"), *b = linked_node("eu", "b");
	struct fleet_member_view v;

	buf_clear(&changes);
	say_report(a, 0, false, "chat.example.com", FAIRLEAD__WIRE__HEALTH__HEALTH_DOWN, "gone");
	changes_are("chat eu up>degraded: a: gone\n");
	fleet_member(fleet, CHAT, EU, &v);
	assert_int_equal(v.capacity, 200);
	say_report(b, 0, false, "chat.example.com", FAIRLEAD__WIRE__HEALTH__HEALTH_DOWN, "too");
	assert_int_equal(health(CHAT, EU), HEALTH_DOWN);
	line_free(a);
	line_free(b);
}

static void report_three(struct line *node)
{
	say_report(node, 0, false, "www.example.com", FAIRLEAD__WIRE__HEALTH__HEALTH_UP, "");
	say_report(node, 0, false, "mail.example.com", FAIRLEAD__WIRE__HEALTH__HEALTH_UP, "");
	say_report(node, 0, false, "dbx.example.com", FAIRLEAD__WIRE__HEALTH__HEALTH_UP, "");
}

/* Each node reports 100 of each service. */
static void a_pool_that_services_share_has_its_capacity_once(void **state)
{
	struct dnsd_config *config = world_parse(
		&w, WORLD_REGIONS FLEET_MONITORS FLEET_POOLS
		"services:\n  chat.example.com: {pool: p}\n  www.example.com: {pool: p}\n"
		"  mail.example.com: {pool: q}\n");
	struct line *a, *b;
	struct fleet_region_view v[8];

	assert_int_equal(fleet_configure(fleet, config, &w.e), ERR_OK);
	config_dnsd_free(w.config);
	w.config = config;
	a = linked_node("eu", "a");
	b = linked_node("eu", "b");
	report_three(a);
	report_three(b);
	clock_hand_advance_ms(&hand, 250);
	assert_int_equal(fleet_regions(fleet, v), ERR_OK);
	assert_int_equal(v[EU].capacity, 400); /* p and q, of two nodes */
	assert_int_equal(v[EU].used, 160);
	assert_int_equal(v[EU].health, HEALTH_UP);
	assert_float_equal(v[EU].report_age_s, 0.25, 0.001);
	assert_int_equal(v[US].capacity, 0);
	assert_int_equal(v[US].health, HEALTH_UNKNOWN);
	assert_float_equal(v[US].report_age_s, -1, 0);
	say_withdraw(b, "SIGTERM");
	assert_int_equal(fleet_regions(fleet, v), ERR_OK);
	assert_int_equal(v[EU].capacity, 200);
	assert_int_equal(v[EU].health, HEALTH_DEGRADED); /* the worst of them */
	line_free(a);
	line_free(b);
}

static void a_withdrawal_takes_the_region_out_at_once_and_outlives_the_link(void **state)
{
	struct line *node = linked_node("eu", "a"), *again;

	buf_clear(&changes);
	say_withdraw(node, "SIGTERM");
	changes_are("chat eu up>down: a: withdrawn: SIGTERM\n");
	hang_up(node);
	wait_ms(60000);
	assert_int_equal(health(CHAT, EU), HEALTH_DOWN);
	again = linked_node("eu", "a"); /* its hold_down is over */
	assert_int_equal(health(CHAT, EU), HEALTH_UP);
	line_free(node);
	line_free(again);
}

static void who_was_down_is_back_after_its_hold_down(void **state)
{
	struct line *node = linked_node("eu", "a");

	say_report(node, 0, false, "chat.example.com", FAIRLEAD__WIRE__HEALTH__HEALTH_DOWN, "");
	beat_for_ms(5000, &node, 1);
	say_up(node, "chat.example.com");
	assert_int_equal(health(CHAT, EU), HEALTH_DOWN);
	beat_for_ms(14500, &node, 1);
	assert_int_equal(health(CHAT, EU), HEALTH_DOWN);
	beat_for_ms(500, &node, 1); /* 20 s in all: by time alone */
	assert_int_equal(health(CHAT, EU), HEALTH_UP);
	line_free(node);
}

static void a_long_reason_is_cut_between_characters(void **state)
{
	struct line *node = linked_node("eu", "a");
	struct fleet_member_view v;
	char reason[256] = "";

	for (size_t i = 0; i + 3 < sizeof(reason); i += 3)
		memcpy(reason + i, "\xe2\x98\x80", 4);
	say_report(node, 0, false, "chat.example.com", FAIRLEAD__WIRE__HEALTH__HEALTH_DOWN, reason);
	fleet_member(fleet, CHAT, EU, &v);
	assert_true(strlen(v.reason) > 100);
	assert_int_equal((strlen(v.reason) - strlen("a: ")) % 3, 0);
	line_free(node);
}

/* ---- silence ---- */

static void a_lost_link_alone_makes_stale_and_it_serves_on(void **state)
{
	struct line *node = linked_node("eu", "a"), *again;

	buf_clear(&changes);
	hang_up(node);
	changes_are("chat eu up>stale\n");
	wait_ms(3600 * 1000);
	assert_int_equal(health(CHAT, EU), HEALTH_STALE);
	again = linked_node("eu", "a");
	changes_are("chat eu stale>up\n");
	line_free(node);
	line_free(again);
}

static void a_link_that_says_nothing_is_stale_after_two_seconds(void **state)
{
	struct line *node = linked_node("eu", "a");

	beat_for_ms(10000, &node, 1);
	wait_ms(1800);
	assert_int_equal(health(CHAT, EU), HEALTH_UP);
	wait_ms(300);
	assert_int_equal(health(CHAT, EU), HEALTH_STALE);
	say_beat(node); /* a heartbeat is enough */
	assert_int_equal(health(CHAT, EU), HEALTH_UP);
	line_free(node);
}

static void the_same_node_twice_has_its_first_link_closed(void **state)
{
	struct line *first = linked_node("eu", "a"), *second;
	struct fleet_node_view nodes[4];

	second = linked_node("eu", "a");
	assert_true(first->is_closed);
	hang_up(first);
	assert_int_equal(health(CHAT, EU), HEALTH_UP);
	assert_int_equal(fleet_nodes(fleet, nodes, 4), 1);
	assert_true(nodes[0].is_up && !nodes[0].is_stale);
	assert_string_equal(nodes[0].region, "eu");
	assert_string_equal(nodes[0].software, "test 1");
	line_free(first);
	line_free(second);
}

static void a_node_long_gone_is_forgotten_when_another_serves_its_region(void **state)
{
	struct line *gone = linked_node("eu", "a"), *stays = linked_node("eu", "b");
	struct line *alone = linked_node("us", "c");
	struct fleet_node_view nodes[4];

	say_report(gone, 0, false, "chat.example.com", FAIRLEAD__WIRE__HEALTH__HEALTH_DOWN, "x");
	assert_int_equal(health(CHAT, EU), HEALTH_DEGRADED);
	hang_up(gone);
	hang_up(alone);
	beat_for_ms(601000, &stays, 1);
	for (int i = 0; i < 120; i++) /* every so many heartbeats */
		fleet_beat(fleet);
	assert_int_equal(fleet_nodes(fleet, nodes, 4), 2);
	assert_int_equal(health(CHAT, EU), HEALTH_UP); /* its last word is gone with it */
	assert_int_equal(health(CHAT, US), HEALTH_STALE);
	line_free(gone);
	line_free(stays);
	line_free(alone);
}

static void everybody_hears_our_heartbeat(void **state)
{
	struct line *node = linked_node("eu", "a"), *prober = linked_prober("x", 0, 0);
	unsigned before;

	fleet_beat(fleet); /* and where probers are linked from */
	before = node->n_sent + prober->n_sent;
	fleet_beat(fleet);
	assert_int_equal(node->n_sent + prober->n_sent, before + 2);
	hang_up(node);
	fleet_beat(fleet);
	assert_int_equal(node->n_sent + prober->n_sent, before + 3);
	line_free(node);
	line_free(prober);
}

/* The message that a line got last. */
static wire_message *last_of(const struct line *line)
{
	wire_message *m = NULL;

	assert_int_equal(wire_unpack(line->sent.data, line->sent.len, &m, NULL), ERR_OK);
	return m;
}

static struct line *prober_from(const char *name, const char *address)
{
	struct line *line = line_of(IDENTITY_PROBER, "", name);

	snprintf(line->address, sizeof(line->address), "%s", address);
	say_hello(line);
	return line;
}

static void regionds_hear_once_where_probers_are_linked_from(void **state)
{
	struct line *node = linked_node("eu", "a"), *prober, *other;
	wire_message *m;
	unsigned sent;

	say_up(node, "chat.example.com");
	prober = prober_from("x", "198.51.100.7:4711");
	fleet_beat(fleet);
	m = last_of(node);
	assert_int_equal(m->body_case, FAIRLEAD__WIRE__MESSAGE__BODY_CHECKERS);
	assert_int_equal(m->checkers->n_addresses, 1);
	assert_int_equal(m->checkers->addresses[0].len, 4);
	assert_memory_equal(m->checkers->addresses[0].data, "\306\063\144\007", 4);
	wire_free(m);
	sent = node->n_sent;
	fleet_beat(fleet);
	assert_int_equal(node->n_sent, sent + 1); /* the heartbeat alone */
	other = prober_from("y", "[2001:db8::7]:4711");
	fleet_beat(fleet);
	m = last_of(node);
	assert_int_equal(m->checkers->n_addresses, 2);
	wire_free(m);
	line_free(node);
	line_free(prober);
	line_free(other);
}

static bool has_note(const char *text)
{
	struct problems list = PROBLEMS_INIT;
	bool found = false;

	fleet_problems(fleet, &list);
	for (size_t i = 0; i < list.n; i++)
		found |= strcmp(list.list[i].kind, "node_note") == 0 &&
			 strstr(list.list[i].what, text);
	problems_fini(&list);
	return found;
}

static void what_a_node_says_of_itself_is_a_problem_while_it_says_so(void **state)
{
	struct line *node = linked_node("eu", "a");
	Fairlead__Wire__Note note = FAIRLEAD__WIRE__NOTE__INIT, *list = &note;
	Fairlead__Wire__Report report = FAIRLEAD__WIRE__REPORT__INIT;
	wire_message m = FAIRLEAD__WIRE__MESSAGE__INIT;

	say_up(node, "chat.example.com");
	note.kind = "descriptors";
	note.text = "out of file descriptors";
	report.seq = ++node->seq;
	report.notes = &list;
	report.n_notes = 1;
	m.body_case = FAIRLEAD__WIRE__MESSAGE__BODY_REPORT;
	m.report = &report;
	say(node, &m);
	assert_true(has_note("regiond a of eu: out of file descriptors"));
	assert_int_equal(health(CHAT, EU), HEALTH_UP);
	say_up(node, "chat.example.com");
	assert_false(has_note("descriptors"));
	line_free(node);
}

/* ---- memory across restarts and reloads ---- */

static void what_was_on_disk_is_what_is_known(void **state)
{
	struct store_health rows[] = {
		{ .service = "chat.example.com",
		  .region = "eu",
		  .health = HEALTH_DOWN,
		  .cause = CAUSE_SAID,
		  .flaps = 1 },
		{ .service = "chat.example.com",
		  .region = "us",
		  .health = HEALTH_STALE,
		  .cause = CAUSE_STALE },
		{ .service = "gone.example.com", .region = "eu", .health = HEALTH_DOWN },
		{ .service = "mail.example.com", .region = "eu", .health = 99 },
	};
	struct line *prober = linked_prober("x", 0, 0), *node;

	for (int i = 0; i < 4; i++)
		rows[i].since_ms = hand.now_ms - 3600 * 1000;
	fleet_restore(fleet, rows, 4);
	assert_int_equal(health(CHAT, EU), HEALTH_DOWN);
	assert_int_equal(health(CHAT, US), HEALTH_STALE);
	assert_int_equal(health(MAIL, EU), HEALTH_UNKNOWN);
	/* The region's own word holds, though a vantage sees it well; a lost stream waits. */
	say_seen(prober, 1, true, "pppppp");
	assert_int_equal(health(CHAT, EU), HEALTH_DOWN);
	assert_int_equal(health(CHAT, US), HEALTH_STALE);
	node = linked_node("eu", "a");
	assert_int_equal(health(CHAT, EU), HEALTH_UP);
	line_free(node);
	line_free(prober);
}

static void members_of_one_region_have_keys_of_their_own(void **state)
{
	struct dnsd_config *config = world_parse(&w, WORLD_REGIONS
						 "pools:\n  p:\n    members:\n"
						 "      - {region: eu, addresses: [192.0.2.10]}\n"
						 "      - {region: us, addresses: [192.0.2.20]}\n"
						 "      - {region: eu, addresses: [192.0.2.11]}\n"
						 "services:\n  chat.example.com: {pool: p}\n");
	struct store_health row = { .service = "chat.example.com",
				    .region = "eu#2",
				    .health = HEALTH_DOWN,
				    .since_ms = hand.now_ms };
	char key[FLEET_KEY_MAX];

	assert_int_equal(fleet_configure(fleet, config, &w.e), ERR_OK);
	fleet_member_key(fleet, CHAT, 0, key);
	assert_string_equal(key, "eu");
	fleet_member_key(fleet, CHAT, 2, key);
	assert_string_equal(key, "eu#2");
	fleet_restore(fleet, &row, 1);
	assert_int_equal(health(CHAT, 0), HEALTH_UNKNOWN);
	assert_int_equal(health(CHAT, 2), HEALTH_DOWN);
	config_dnsd_free(w.config);
	w.config = config;
}

static void a_reload_keeps_the_health_of_members_that_stay(void **state)
{
	struct line *node = linked_node("eu", "a"), *us = linked_node("us", "b");
	struct dnsd_config *config = world_parse(
		&w, WORLD_REGIONS FLEET_MONITORS
		"pools:\n  n: {members: [{region: us, addresses: [192.0.2.99]}]}\n"
		"  p:\n    monitor: m\n    members:\n"
		"      - {region: us, addresses: [192.0.2.20]}\n"
		"      - {region: eu, addresses: [192.0.2.10]}\n"
		"services:\n  a.example.com: {pool: n}\n  chat.example.com: {pool: p}\n");

	say_report(node, 0, false, "chat.example.com", FAIRLEAD__WIRE__HEALTH__HEALTH_DOWN, "x");
	assert_int_equal(fleet_configure(fleet, config, &w.e), ERR_OK);
	config_dnsd_free(w.config);
	w.config = config;
	assert_int_equal(health(1, 1), HEALTH_DOWN);
	assert_int_equal(health(1, 0), HEALTH_UP);
	assert_int_equal(health(0, 0), HEALTH_UNKNOWN);
	line_free(node);
	line_free(us);
}

static void a_reload_closes_the_link_of_a_region_that_is_gone(void **state)
{
	struct line *node = linked_node("us", "b");
	struct dnsd_config *config =
		world_parse(&w, "regions: {eu: {}}\n"
				"pools:\n  p: {members: [{region: eu, addresses: [192.0.2.10]}]}\n"
				"services:\n  chat.example.com: {pool: p}\n");

	assert_int_equal(fleet_configure(fleet, config, &w.e), ERR_OK);
	config_dnsd_free(w.config);
	w.config = config;
	assert_true(node->is_closed);
	hang_up(node);
	fleet_tick(fleet);
	line_free(node);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FLEET(regions_of_ours_and_proberds_may_speak_and_others_are_counted),
		WITH_FLEET(the_first_frame_is_a_hello_of_our_protocol),
		WITH_FLEET(a_hello_is_welcomed_by_name),
		WITH_FLEET(a_message_of_a_newer_peer_is_ignored_and_counted),
		WITH_FLEET(nobody_says_what_is_not_his),
		WITH_FLEET(a_first_report_makes_a_member_known),
		WITH_FLEET(a_heartbeat_says_that_the_report_still_holds),
		WITH_FLEET(a_region_speaks_for_itself_alone),
		WITH_FLEET(a_gap_in_the_deltas_is_refused),
		WITH_FLEET(the_first_report_of_a_link_must_be_full),
		WITH_FLEET(a_full_report_forgets_what_it_does_not_name),
		WITH_FLEET(two_nodes_of_a_region_are_down_when_both_say_so),
		WITH_FLEET(a_pool_that_services_share_has_its_capacity_once),
		WITH_FLEET(a_withdrawal_takes_the_region_out_at_once_and_outlives_the_link),
		WITH_FLEET(who_was_down_is_back_after_its_hold_down),
		WITH_FLEET(a_long_reason_is_cut_between_characters),
		WITH_FLEET(a_lost_link_alone_makes_stale_and_it_serves_on),
		WITH_FLEET(a_link_that_says_nothing_is_stale_after_two_seconds),
		WITH_FLEET(the_same_node_twice_has_its_first_link_closed),
		WITH_FLEET(a_node_long_gone_is_forgotten_when_another_serves_its_region),
		WITH_FLEET(everybody_hears_our_heartbeat),
		WITH_FLEET(regionds_hear_once_where_probers_are_linked_from),
		WITH_FLEET(what_a_node_says_of_itself_is_a_problem_while_it_says_so),
		WITH_FLEET(what_was_on_disk_is_what_is_known),
		WITH_FLEET(members_of_one_region_have_keys_of_their_own),
		WITH_FLEET(a_reload_keeps_the_health_of_members_that_stay),
		WITH_FLEET(a_reload_closes_the_link_of_a_region_that_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
