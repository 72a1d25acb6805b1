/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about dnsd/live and dnsd/admin: what operators and health do to the masks that queries
 * read, and that a restart and a reload forget nothing. */
#include "core/log.h"
#include "tests/unit/dnsd/control_world.h"

#define UP   FAIRLEAD__WIRE__HEALTH__HEALTH_UP
#define DOWN FAIRLEAD__WIRE__HEALTH__HEALTH_DOWN

/* ---- drain ---- */

static void a_drain_takes_a_region_out_of_every_service(void **state)
{
	assert_int_equal(post("drain", "{\"region\":\"us\",\"reason\":\"heat\"}"), ERR_OK);
	assert_int_equal(serving(S_CHAT), BIT(0) | BIT(2));
	assert_int_equal(serving(S_EVEN), BIT(0));
	assert_int_equal(member_for(S_CHAT, "10.2.0.1"), 0);
	assert_true(json_integer_value(json_object_get(last.doc, "id")) > 0);
	assert_string_equal(json_string_value(json_array_get(json_object_get(last.doc, "live"), 0)),
			    "ns1");
	assert_int_equal(post("undrain", "{\"region\":\"us\"}"), ERR_OK);
	assert_int_equal(serving(S_CHAT), BIT(0) | BIT(1) | BIT(2));
}

static void a_drain_of_one_service_leaves_the_others(void **state)
{
	assert_int_equal(post("drain", "{\"region\":\"us\",\"service\":\"chat.example.com\"}"),
			 ERR_OK);
	assert_int_equal(serving(S_CHAT), BIT(0) | BIT(2));
	assert_int_equal(serving(S_EVEN), BIT(0) | BIT(1));
}

static void a_service_may_be_written_as_people_write_it(void **state)
{
	assert_int_equal(post("drain", "{\"region\":\"us\",\"service\":\"Chat.Example.com.\"}"),
			 ERR_OK);
	assert_int_equal(serving(S_CHAT), BIT(0) | BIT(2));
	assert_int_equal(post("undrain", "{\"region\":\"us\",\"service\":\"CHAT.example.com\"}"),
			 ERR_OK);
	assert_int_equal(serving(S_CHAT), BIT(0) | BIT(1) | BIT(2));
}

static void what_is_not_drained_cannot_be_undrained(void **state)
{
	assert_int_equal(post("undrain", "{\"region\":\"us\"}"), ERR_REFUSED);
	assert_int_equal(post("drain", "{\"region\":\"us\",\"service\":\"chat.example.com\"}"),
			 ERR_OK);
	assert_int_equal(post("undrain", "{\"region\":\"us\"}"), ERR_REFUSED);
}

/* ---- dial ---- */

static uint32_t dial_of(uint32_t service, uint32_t member)
{
	return service_now(service)->picks[member].dial_ppm;
}

static void a_dial_is_live_when_it_is_answered(void **state)
{
	uint64_t generation = rooms_snapshot(rooms)->generation;

	assert_int_equal(post("dial", "{\"region\":\"us\",\"share_ppm\":250000}"), ERR_OK);
	assert_int_equal(rooms_snapshot(rooms)->generation, generation + 1);
	assert_int_equal(dial_of(S_CHAT, 1), 250000);
	assert_int_equal(dial_of(S_EVEN, 1), 250000);
	assert_int_equal(atomic_load(&service_now(S_CHAT)->live->dialled), BIT(1));
	assert_int_equal(post("dial", "{\"region\":\"us\",\"share_ppm\":1000000}"), ERR_OK);
	assert_int_equal(dial_of(S_CHAT, 1), 1000000);
	assert_int_equal(atomic_load(&service_now(S_CHAT)->live->dialled), 0);
}

static void a_dial_of_a_service_goes_before_one_of_its_region(void **state)
{
	assert_int_equal(post("dial", "{\"region\":\"us\",\"share_ppm\":250000}"), ERR_OK);
	assert_int_equal(post("dial", "{\"region\":\"us\",\"service\":\"chat.example.com\","
				      "\"share_ppm\":500000}"),
			 ERR_OK);
	assert_int_equal(dial_of(S_CHAT, 1), 500000);
	assert_int_equal(dial_of(S_EVEN, 1), 250000);
}

static void a_member_that_leaves_0_percent_waits_for_its_share(void **state)
{
	struct store_override o = { .kind = STORE_DIAL, .service = "", .region = "us", .by = "x" };
	const struct store_actor actor = { "x", "unix", "", "dial", "{}" };
	int64_t id;

	assert_int_equal(post("dial", "{\"region\":\"us\",\"share_ppm\":0}"), ERR_OK);
	assert_int_equal(serving(S_CHAT), BIT(0) | BIT(2));
	o.value = 100000;
	assert_int_equal(store_override_put(rooms->store, &o, &actor, &id, NULL), ERR_OK);
	assert_int_equal(overrides_load(rooms->overrides, NULL), ERR_OK);
	live_apply_all(rooms->live); /* the build is not done yet */
	assert_int_equal(serving(S_CHAT), BIT(0) | BIT(2));
	reload_request(rooms->reload, false, false);
	for (int i = 0; i < 10000 && reload_is_busy(rooms->reload); i++) {
		loop_run_once(rooms->loop);
		poll(NULL, 0, 1);
	}
	assert_int_equal(serving(S_CHAT), BIT(0) | BIT(1) | BIT(2));
	assert_int_equal(dial_of(S_CHAT, 1), 100000);
}

static void a_zone_that_is_being_edited_does_not_hold_up_a_dial(void **state)
{
	world_write(&w, "example.com.zone", "half a line");
	assert_int_equal(post("dial", "{\"region\":\"us\",\"share_ppm\":250000}"), ERR_OK);
	assert_int_equal(dial_of(S_CHAT, 1), 250000);
	assert_int_equal(json_array_size(json_object_get(last.doc, "live")), 1);
}

/* ---- failover ---- */

static void a_failover_moves_a_service_and_a_failback_gives_it_back(void **state)
{
	assert_int_equal(post("failover", "{\"service\":\"chat.example.com\",\"to\":\"ap\"}"),
			 ERR_OK);
	assert_int_equal(forced_to(S_CHAT), BIT(2));
	assert_int_equal(member_for(S_CHAT, "10.1.0.1"), 2);
	assert_int_equal(atomic_load(&service_now(S_CHAT)->live->ttl_s), 20);
	assert_int_equal(forced_to(S_EVEN), 0);
	assert_int_equal(post("failback", "{\"service\":\"chat.example.com\"}"), ERR_OK);
	assert_int_equal(forced_to(S_CHAT), 0);
	assert_int_equal(atomic_load(&service_now(S_CHAT)->live->ttl_s), 30);
	assert_int_equal(post("failback", "{\"service\":\"chat.example.com\"}"), ERR_REFUSED);
}

static void a_second_failover_replaces_the_first(void **state)
{
	assert_int_equal(post("failover", "{\"service\":\"chat.example.com\",\"to\":\"ap\"}"),
			 ERR_OK);
	assert_int_equal(post("failover", "{\"service\":\"chat.example.com\",\"to\":\"us\"}"),
			 ERR_OK);
	assert_int_equal(forced_to(S_CHAT), BIT(1));
	assert_int_equal(overrides_now(rooms->overrides).n, 1);
}

static void a_failover_to_who_is_down_needs_force_and_moves_when_that_is_back(void **state)
{
	struct line *us = region_up("us");

	region_says(us, DOWN);
	assert_int_equal(post("failover", "{\"service\":\"chat.example.com\",\"to\":\"us\"}"),
			 ERR_UNSAFE);
	assert_int_equal(overrides_now(rooms->overrides).n, 0);
	assert_int_equal(
		post("failover", "{\"service\":\"chat.example.com\",\"to\":\"us\",\"force\":true}"),
		ERR_OK);
	assert_int_equal(member_for(S_CHAT, "10.1.0.1"), 0);
	beat_for_ms(20000, &us, 1);
	region_says(us, UP);
	assert_int_equal(member_for(S_CHAT, "10.1.0.1"), 1);
	line_free(us);
}

static void a_failover_that_could_move_nobody_is_refused(void **state)
{
	assert_int_equal(post("drain", "{\"region\":\"us\"}"), ERR_OK);
	assert_int_equal(post("failover", "{\"service\":\"chat.example.com\",\"to\":\"us\"}"),
			 ERR_REFUSED);
	assert_int_equal(post("failover", "{\"service\":\"even.example.com\",\"to\":\"ap\"}"),
			 ERR_INPUT);
	assert_non_null(strstr(last.text, "no member in ap"));
	assert_int_equal(post("failover", "{\"to\":\"us\"}"), ERR_NOT_FOUND);
}

/* ---- failback: manual ---- */

static void who_served_and_failed_is_held_until_a_failback(void **state)
{
	struct line *eu = region_up("eu"), *us = region_up("us"), *lines[] = { eu, us };
	json_t *list;

	assert_int_equal(member_for(S_STAND, "10.1.0.1"), 0);
	region_says(eu, DOWN);
	assert_int_equal(member_for(S_STAND, "10.1.0.1"), 1);
	beat_for_ms(20000, lines, 2);
	region_says(eu, UP);
	assert_int_equal(member_for(S_STAND, "10.1.0.1"), 1);
	assert_int_equal(member_for(S_CHAT, "10.1.0.1"), 0); /* failback: auto */
	list = get("/v1/overrides", NULL);
	assert_int_equal(json_array_size(list), 1);
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "kind")),
			    "held");
	assert_int_equal(post("failback", "{\"service\":\"stand.example.com\"}"), ERR_OK);
	assert_int_equal(member_for(S_STAND, "10.1.0.1"), 0);
	line_free(eu);
	line_free(us);
}

static void who_only_stood_by_is_not_held(void **state)
{
	struct line *us = region_up("us");

	region_says(us, DOWN);
	assert_int_equal(overrides_now(rooms->overrides).n, 0);
	line_free(us);
}

static void who_was_never_seen_well_is_not_held(void **state)
{
	struct line *eu = line_of(IDENTITY_REGIOND, "eu", "eu");

	say_hello(eu);
	region_says(eu, DOWN); /* its backends are starting */
	assert_int_equal(overrides_now(rooms->overrides).n, 0);
	region_says(eu, UP);
	assert_int_equal(member_for(S_STAND, "10.1.0.1"), 0);
	line_free(eu);
}

static void those_who_must_serve_are_let_go(void **state)
{
	struct line *eu = region_up("eu"), *us = region_up("us"), *ap = region_up("ap");
	struct line *lines[] = { eu, us, ap };

	region_says(eu, DOWN); /* us serves */
	region_says(us, DOWN); /* ap serves */
	beat_for_ms(20000, lines, 3);
	region_says(us, UP); /* held */
	assert_int_equal(member_for(S_STAND, "10.1.0.1"), 2);
	region_says(ap, DOWN); /* only us is left, and is where the traffic is now */
	assert_int_equal(member_for(S_STAND, "10.1.0.1"), 1);
	region_says(eu, UP);
	beat_for_ms(60000, lines, 3);
	region_says(ap, UP);
	assert_int_equal(member_for(S_STAND, "10.1.0.1"), 1); /* no move of its own accord */
	for (int i = 0; i < 3; i++)
		line_free(lines[i]);
}

static void a_drain_of_the_region_goes_before_what_is_held(void **state)
{
	struct line *eu = region_up("eu");

	region_says(eu, DOWN);
	beat_for_ms(20000, &eu, 1);
	region_says(eu, UP);
	assert_int_equal(post("drain", "{\"region\":\"eu\"}"), ERR_OK);
	assert_int_equal(post("drain", "{\"region\":\"us\",\"service\":\"stand.example.com\"}"),
			 ERR_OK);
	assert_int_equal(serving(S_STAND), BIT(2));
	line_free(eu);
}

static void an_operator_may_fail_over_to_who_is_held(void **state)
{
	struct line *eu = region_up("eu");

	region_says(eu, DOWN);
	beat_for_ms(20000, &eu, 1);
	region_says(eu, UP);
	assert_int_equal(member_for(S_STAND, "10.1.0.1"), 1);
	assert_int_equal(post("failover", "{\"service\":\"stand.example.com\",\"to\":\"eu\"}"),
			 ERR_OK);
	assert_int_equal(member_for(S_STAND, "10.1.0.1"), 0);
	line_free(eu);
}

/* ---- health ---- */

/* Without a turn of the loop, in which what waits would be written. */
static size_t events_on_disk(void)
{
	struct store_event *list;
	size_t n;

	assert_int_equal(store_event_list(rooms->store, 0, 1000, &list, &n, NULL), ERR_OK);
	store_event_free(list, n);
	return n;
}

static void health_is_on_disk_before_the_answers_move(void **state)
{
	struct line *eu = region_up("eu");
	size_t n = events_on_disk();

	say_report(eu, 0, false, "chat.example.com", DOWN, "");
	assert_int_equal(keep_waiting(rooms->keep), 1);
	assert_int_equal(serving(S_CHAT), BIT(0) | BIT(1) | BIT(2));
	assert_int_equal(events_on_disk(), n);
	loop_run_once(rooms->loop);
	assert_int_equal(keep_waiting(rooms->keep), 0);
	assert_int_equal(serving(S_CHAT), BIT(1) | BIT(2));
	assert_int_equal(atomic_load(&service_now(S_CHAT)->live->ttl_s), 20);
	assert_int_equal(events_on_disk(), n + 1);
	line_free(eu);
}

static void what_happened_stands_before_what_was_done_about_it(void **state)
{
	struct line *eu = region_up("eu");
	json_t *list;
	size_t n;

	say_report(eu, 0, false, "chat.example.com", DOWN, "");
	assert_int_equal(post("drain", "{\"region\":\"eu\"}"), ERR_OK);
	list = get("/v1/events", NULL);
	n = json_array_size(list);
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, n - 2), "kind")),
			    "health");
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, n - 1), "kind")),
			    "drain");
	line_free(eu);
}

static void nobody_left_is_panic_and_not_an_empty_answer(void **state)
{
	struct line *lines[] = { region_up("eu"), region_up("us"), region_up("ap") };

	for (int i = 0; i < 3; i++)
		region_says(lines[i], DOWN);
	assert_int_equal(serving(S_CHAT), 0);
	assert_int_equal(member_for(S_CHAT, "10.2.0.1"), 1); /* last_resort: all */
	for (int i = 0; i < 3; i++)
		line_free(lines[i]);
}

/* ---- time, restarts ---- */

static void what_runs_out_is_over(void **state)
{
	assert_int_equal(post("drain", "{\"region\":\"us\",\"expires_s\":60}"), ERR_OK);
	assert_int_equal(post("dial", "{\"region\":\"eu\",\"share_ppm\":500000}"), ERR_OK);
	clock_hand_advance_ms(&hand, 59000);
	ops_expire(control_ops(control));
	assert_int_equal(serving(S_CHAT), BIT(0) | BIT(2));
	clock_hand_advance_ms(&hand, 1000);
	ops_expire(control_ops(control));
	assert_int_equal(serving(S_CHAT), BIT(0) | BIT(1) | BIT(2));
	assert_int_equal(overrides_now(rooms->overrides).n, 1);
}

static void a_restart_forgets_nothing(void **state)
{
	struct line *eu = region_up("eu");
	uint64_t chat, stand, even;

	region_says(eu, DOWN);
	assert_int_equal(post("drain", "{\"region\":\"us\",\"service\":\"even.example.com\"}"),
			 ERR_OK);
	assert_int_equal(post("dial", "{\"region\":\"us\",\"service\":\"chat.example.com\","
				      "\"share_ppm\":300000}"),
			 ERR_OK);
	assert_int_equal(post("failover", "{\"service\":\"stand.example.com\",\"to\":\"ap\"}"),
			 ERR_OK);
	chat = serving(S_CHAT);
	stand = serving(S_STAND);
	even = serving(S_EVEN);
	control_close();
	control_open();
	assert_int_equal(serving(S_CHAT), chat);
	assert_int_equal(serving(S_STAND), stand);
	assert_int_equal(serving(S_EVEN), even);
	assert_int_equal(forced_to(S_STAND), BIT(2));
	assert_int_equal(dial_of(S_CHAT, 1), 300000);
	assert_int_equal(atomic_load(&service_now(S_CHAT)->live->ttl_s), 20);
	line_free(eu);
}

/* ---- reload ---- */

static void a_reload_takes_a_new_configuration_and_keeps_what_is_forced(void **state)
{
	struct line *eu = region_up("eu");

	region_says(eu, DOWN);
	assert_int_equal(post("drain", "{\"region\":\"us\",\"service\":\"chat.example.com\"}"),
			 ERR_OK);
	control_write(WORLD_REGIONS FLEET_MONITORS CONTROL_POOLS
		      "services:\n  aaa.example.com: {pool: even}\n"
		      "  chat.example.com: {pool: p}\n");
	assert_int_equal(ask_as("uid:0", "POST", "/v1/reload", NULL, NULL), ERR_OK);
	assert_int_equal(json_integer_value(json_object_get(last.doc, "generation")), 2);
	assert_int_equal(rooms_snapshot(rooms)->n_services, 2);
	assert_string_equal(rooms_config(rooms)->services[1].name, "chat.example.com");
	assert_int_equal(serving(1), BIT(2));
	assert_int_equal(serving(0), BIT(0) | BIT(1));
	line_free(eu);
}

static void a_reload_with_a_mistake_leaves_everything_as_it_was(void **state)
{
	control_write(WORLD_REGIONS "pools:\n  p: {members: [{region: mars}]}\n");
	assert_int_equal(ask_as("uid:0", "POST", "/v1/reload", NULL, NULL), ERR_INPUT);
	assert_non_null(strstr(last.text, "dnsd.yaml:"));
	assert_non_null(strstr(last.text, "mars"));
	assert_int_equal(rooms_snapshot(rooms)->generation, 1);
	assert_int_equal(rooms_snapshot(rooms)->n_services, 3);
	control_write(CONTROL_YAML);
	world_write(&w, "example.com.zone", "bad\n");
	assert_int_equal(ask_as("uid:0", "POST", "/v1/reload", NULL, NULL), ERR_INPUT);
	assert_non_null(strstr(last.text, "example.com.zone:1"));
	assert_int_equal(rooms_snapshot(rooms)->generation, 1);
}

static void reloads_that_come_while_one_runs_are_one_more(void **state)
{
	struct said_reply replies[8] = { 0 };

	for (int i = 0; i < 8; i++)
		reload_request_for(rooms->reload, true, (struct http_reply *)&replies[i], NULL);
	for (int i = 0; i < 10000 && (reload_is_busy(rooms->reload)); i++) {
		loop_run_once(rooms->loop);
		poll(NULL, 0, 1);
	}
	for (int i = 0; i < 8; i++) {
		assert_true(replies[i].is_answered);
		assert_int_equal(replies[i].code, ERR_OK);
		json_decref(replies[i].doc);
	}
	assert_int_equal(rooms_snapshot(rooms)->generation, 3);
}

static void stopping_in_the_middle_of_a_build_answers_who_waits(void **state)
{
	struct said_reply replies[3] = { 0 };

	reload_request_for(rooms->reload, true, (struct http_reply *)&replies[0], NULL);
	reload_request_for(rooms->reload, true, (struct http_reply *)&replies[1], NULL);
	reload_request_for(rooms->reload, false, (struct http_reply *)&replies[2],
			   json_pack("{s:i}", "id", 7));
	control_close();
	assert_int_equal(replies[0].code, ERR_AGAIN);
	assert_int_equal(replies[1].code, ERR_AGAIN);
	assert_int_equal(replies[2].code, ERR_OK); /* it is on disk */
	for (int i = 0; i < 3; i++) {
		assert_true(replies[i].is_answered);
		json_decref(replies[i].doc);
	}
	control_open();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CONTROL(a_drain_takes_a_region_out_of_every_service),
		WITH_CONTROL(a_drain_of_one_service_leaves_the_others),
		WITH_CONTROL(a_service_may_be_written_as_people_write_it),
		WITH_CONTROL(what_is_not_drained_cannot_be_undrained),
		WITH_CONTROL(a_dial_is_live_when_it_is_answered),
		WITH_CONTROL(a_dial_of_a_service_goes_before_one_of_its_region),
		WITH_CONTROL(a_member_that_leaves_0_percent_waits_for_its_share),
		WITH_CONTROL(a_zone_that_is_being_edited_does_not_hold_up_a_dial),
		WITH_CONTROL(a_failover_moves_a_service_and_a_failback_gives_it_back),
		WITH_CONTROL(a_second_failover_replaces_the_first),
		WITH_CONTROL(a_failover_to_who_is_down_needs_force_and_moves_when_that_is_back),
		WITH_CONTROL(a_failover_that_could_move_nobody_is_refused),
		WITH_CONTROL(who_served_and_failed_is_held_until_a_failback),
		WITH_CONTROL(who_only_stood_by_is_not_held),
		WITH_CONTROL(who_was_never_seen_well_is_not_held),
		WITH_CONTROL(those_who_must_serve_are_let_go),
		WITH_CONTROL(a_drain_of_the_region_goes_before_what_is_held),
		WITH_CONTROL(an_operator_may_fail_over_to_who_is_held),
		WITH_CONTROL(health_is_on_disk_before_the_answers_move),
		WITH_CONTROL(what_happened_stands_before_what_was_done_about_it),
		WITH_CONTROL(nobody_left_is_panic_and_not_an_empty_answer),
		WITH_CONTROL(what_runs_out_is_over),
		WITH_CONTROL(a_restart_forgets_nothing),
		WITH_CONTROL(a_reload_takes_a_new_configuration_and_keeps_what_is_forced),
		WITH_CONTROL(a_reload_with_a_mistake_leaves_everything_as_it_was),
		WITH_CONTROL(reloads_that_come_while_one_runs_are_one_more),
		WITH_CONTROL(stopping_in_the_middle_of_a_build_answers_who_waits),
	};

	log_set_level(LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
