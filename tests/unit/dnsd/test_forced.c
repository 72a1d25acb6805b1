/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about dnsd/forced, dnsd/live and dnsd/admin under trouble: who is held back, a full disk,
 * clocks that are set, names that are gone, and who asks too often. */
#include "core/log.h"
#include "dnsd/live/gauges.h"
#include "tests/unit/dnsd/control_world.h"

#include <signal.h>
#include <sys/resource.h>

#define UP   FAIRLEAD__WIRE__HEALTH__HEALTH_UP
#define DOWN FAIRLEAD__WIRE__HEALTH__HEALTH_DOWN

static json_t *at(json_t *list, size_t i)
{
	return json_array_get(list, i);
}

static const char *text(json_t *doc, const char *key)
{
	const char *value = json_string_value(json_object_get(doc, key));

	return value ? value : "(none)";
}

static json_t *problem_of(const char *kind)
{
	json_t *list = json_object_get(get("/v1/status", NULL), "problems"), *one;
	size_t i;

	json_array_foreach (list, i, one)
		if (strcmp(text(one, "kind"), kind) == 0)
			return one;
	return NULL;
}

static void reload_with(const char *yaml)
{
	control_write(yaml);
	assert_int_equal(ask_as("uid:0", "POST", "/v1/reload", NULL, NULL), ERR_OK);
}

/* The disk takes nothing more: no file of this process may grow, or be written at all. */
static void fill_disk(bool is_full)
{
	struct rlimit limit = { is_full ? 0 : RLIM_INFINITY, RLIM_INFINITY };

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* ---- disk first ---- */

/* How often answers were moved, and how often what moved them was on disk by then. */
static unsigned moved, moved_on_disk;

void __real_publish_live(struct publish *p, uint32_t service,
			 const struct publish_service_live *live);
void __wrap_publish_live(struct publish *p, uint32_t service,
			 const struct publish_service_live *live);

static bool is_down_on_disk(const char *service, const char *region)
{
	struct store_health *list;
	struct store *reader;
	bool is_down = false;
	size_t n;

	assert_int_equal(
		store_reader_open(rooms_config(rooms)->state.path, &hand.clock, &reader, NULL),
		ERR_OK);
	assert_int_equal(store_health_list(reader, &list, &n, NULL), ERR_OK);
	for (size_t i = 0; i < n; i++)
		is_down |= strcmp(list[i].service, service) == 0 &&
			   strcmp(list[i].region, region) == 0 && list[i].health == HEALTH_DOWN;
	store_health_free(list, n);
	store_close(reader);
	return is_down;
}

void __wrap_publish_live(struct publish *p, uint32_t service,
			 const struct publish_service_live *live)
{
	if (rooms && !(live->serve & BIT(0))) {
		moved++;
		moved_on_disk += is_down_on_disk(rooms_config(rooms)->services[service].name, "eu");
	}
	__real_publish_live(p, service, live);
}

static void answers_move_when_the_disk_knows_why(void **state)
{
	struct line *eu = region_up("eu");

	moved = moved_on_disk = 0;
	say_report(eu, 0, false, "chat.example.com", DOWN, "");
	say_report(eu, 0, false, "stand.example.com", DOWN, "");
	assert_int_equal(moved, 0);
	loop_run_once(rooms->loop);
	assert_true(moved >= 2);
	assert_int_equal(moved_on_disk, moved);
	line_free(eu);
}

static void what_is_not_kept_waits_for_what_is(void **state)
{
	struct line *eu = region_up("eu");

	moved = moved_on_disk = 0;
	say_report(eu, 0, false, "chat.example.com", DOWN, "");
	keep_eased(rooms->keep, S_CHAT, 1); /* of another member, in the same turn */
	assert_int_equal(moved, 0);
	loop_run_once(rooms->loop);
	assert_true(moved >= 1);
	assert_int_equal(moved_on_disk, moved);
	moved = 0;
	keep_eased(rooms->keep, S_CHAT, 1);
	assert_true(moved >= 1);			/* nothing waits: at once */
	assert_int_equal(keep_waiting(rooms->keep), 1); /* the event */
	line_free(eu);
}

/* ---- who is only held back ---- */

static void who_is_only_held_down_serves_before_the_dead(void **state)
{
	struct line *lines[] = { region_up("eu"), region_up("us"), region_up("ap") };

	region_says(lines[1], DOWN);
	beat_for_ms(1000, lines, 3);
	region_says(lines[1], UP); /* within its hold_down */
	assert_int_equal(serving(S_CHAT), BIT(0) | BIT(2));
	assert_non_null(problem_of("hold_down"));
	region_says(lines[0], DOWN);
	region_says(lines[2], DOWN);
	assert_int_equal(serving(S_CHAT), 0);
	for (int i = 0; i < 256; i++) {
		char client[32];

		snprintf(client, sizeof(client), "10.%d.%d.1", 1 + i % 3, i);
		assert_int_equal(member_for(S_CHAT, client), 1);
	}
	assert_non_null(problem_of("only_held_back"));
	assert_string_equal(
		text(get("/v1/explain", "name=chat.example.com&client=10.1.0.1"), "chosen_among"),
		"held back");
	for (int i = 0; i < 3; i++)
		line_free(lines[i]);
}

static void who_is_held_down_is_told_with_the_time_that_is_left(void **state)
{
	struct line *us = region_up("us");
	json_t *hold;

	region_says(us, DOWN);
	beat_for_ms(5000, &us, 1);
	region_says(us, UP);
	hold = json_object_get(at(get("/v1/members", "service=chat.example.com"), 1), "hold_down");
	assert_float_equal(json_real_value(json_object_get(hold, "of_s")), 20, 0.01);
	assert_float_equal(json_real_value(json_object_get(hold, "left_s")), 15, 0.6);
	beat_for_ms(16000, &us, 1);
	hold = json_object_get(at(get("/v1/members", "service=chat.example.com"), 1), "hold_down");
	assert_true(json_is_null(hold));
	line_free(us);
}

/* The newest event of this kind; NULL = none. */
static json_t *event_of(const char *kind)
{
	json_t *list = get("/v1/events", NULL), *found = NULL, *event;
	size_t i;

	json_array_foreach (list, i, event)
		if (strcmp(text(event, "kind"), kind) == 0)
			found = event;
	return found;
}

static void a_hold_down_is_told_from_its_begin_to_its_end(void **state)
{
	struct line *us = region_up("us");

	region_says(us, DOWN);
	beat_for_ms(5000, &us, 1);
	assert_null(event_of("hold_down"));
	region_says(us, UP);
	assert_string_equal(text(event_of("hold_down"), "to"), "begins");
	assert_string_equal(text(event_of("hold_down"), "region"), "us");
	assert_string_equal(text(event_of("hold_down"), "reason"), "15 s of 20 s left");
	region_says(us, DOWN);
	assert_string_equal(text(event_of("hold_down"), "to"), "ends");
	assert_string_equal(text(event_of("hold_down"), "reason"), "nobody sees it well any more");
	beat_for_ms(1000, &us, 1);
	region_says(us, UP);
	beat_for_ms(16000, &us, 1);
	loop_run_once(rooms->loop);
	assert_string_equal(text(event_of("hold_down"), "reason"), "it is over");
	region_says(us, DOWN);
	region_says(us, UP);
	assert_string_equal(text(event_of("hold_down"), "reason"),
			    "40 s of 40 s left, doubled once");
	assert_string_equal(
		text(json_object_get(at(get("/v1/members", "service=chat.example.com"), 1),
				     "hold_down"),
		     "text"),
		"40 s of 40 s left, doubled once");
	assert_int_equal(post("resume", "{\"region\":\"us\"}"), ERR_OK);
	assert_string_equal(text(event_of("hold_down"), "to"), "ends");
	assert_string_equal(text(event_of("hold_down"), "reason"), "an operator ended it");
	assert_string_equal(text(event_of("resume"), "region"), "us");
	line_free(us);
}

static void a_hold_is_not_hidden_behind_a_dial(void **state)
{
	struct line *eu = region_up("eu"), *us = region_up("us"), *lines[] = { eu, us };
	json_t *member;

	assert_int_equal(post("dial", "{\"region\":\"eu\",\"share_ppm\":900000}"), ERR_OK);
	region_says(eu, DOWN);
	beat_for_ms(20000, lines, 2);
	region_says(eu, UP);
	member = at(get("/v1/members", "service=stand.example.com"), 0);
	assert_string_equal(text(json_object_get(member, "forced"), "kind"), "held");
	assert_int_equal(post("failback", "{\"service\":\"stand.example.com\"}"), ERR_OK);
	member = at(get("/v1/members", "service=stand.example.com"), 0);
	assert_string_equal(text(json_object_get(member, "forced"), "kind"), "dial");
	line_free(eu);
	line_free(us);
}

static void holds_are_of_members(void **state)
{
	control_close();
	control_write(WORLD_REGIONS
		      "pools:\n  p: {method: order, members: ["
		      "{region: eu, addresses: [192.0.2.1]}, {region: eu, addresses: [192.0.2.2]},"
		      " {region: us, addresses: [192.0.2.3]}]}\n"
		      "services:\n  chat.example.com: {pool: p, failback: manual}\n");
	control_open();
	assert_int_equal(overrides_hold(rooms->overrides, "chat.example.com", "eu", 1), ERR_OK);
	live_apply_all(rooms->live);
	assert_int_equal(serving(0), BIT(0) | BIT(2));
	keep_flush(rooms->keep);
	assert_int_equal(overrides_waiting(rooms->overrides), 0);
	control_close();
	control_open();
	assert_int_equal(serving(0), BIT(0) | BIT(2));
}

static void a_failback_while_holds_are_not_on_disk_yet_is_whole(void **state)
{
	struct line *eu = region_up("eu");

	say_report(eu, 0, false, "stand.example.com", DOWN, ""); /* the same turn */
	assert_int_equal(post("failback", "{\"service\":\"stand.example.com\"}"), ERR_OK);
	assert_int_equal(overrides_now(rooms->overrides).n, 0);
	assert_int_equal(overrides_waiting(rooms->overrides), 0);
	line_free(eu);
}

static void a_drain_and_its_end_keep_the_hold(void **state)
{
	struct line *eu = region_up("eu");

	region_says(eu, DOWN);
	beat_for_ms(20000, &eu, 1);
	region_says(eu, UP);
	assert_int_equal(member_for(S_STAND, "10.1.0.1"), 1);
	assert_int_equal(post("drain", "{\"region\":\"eu\",\"service\":\"stand.example.com\"}"),
			 ERR_OK);
	assert_int_equal(post("undrain", "{\"region\":\"eu\",\"service\":\"stand.example.com\"}"),
			 ERR_OK);
	assert_non_null(strstr(json_string_value(at(json_object_get(last.doc, "notes"), 0)),
			       "held until a failback"));
	assert_int_equal(member_for(S_STAND, "10.1.0.1"), 1);
	assert_non_null(problem_of("held"));
	line_free(eu);
}

static void failback_auto_by_reload_lets_go(void **state)
{
	struct line *eu = region_up("eu");

	region_says(eu, DOWN);
	beat_for_ms(20000, &eu, 1);
	region_says(eu, UP);
	assert_int_equal(member_for(S_STAND, "10.1.0.1"), 1);
	reload_with(WORLD_REGIONS FLEET_MONITORS CONTROL_POOLS
		    "services:\n  chat.example.com: {pool: p}\n"
		    "  stand.example.com: {pool: o, mode: active-standby, failback: auto}\n");
	assert_int_equal(member_for(1, "10.1.0.1"), 0);
	assert_int_equal(overrides_now(rooms->overrides).n, 0);
	line_free(eu);
}

static void a_hold_is_the_daemons_in_events_and_audit(void **state)
{
	struct line *eu = region_up("eu");
	json_t *list, *one;

	region_says(eu, DOWN);
	list = get("/v1/events", NULL);
	one = at(list, json_array_size(list) - 1);
	assert_string_equal(text(one, "kind"), "held");
	assert_string_equal(text(one, "by"), "fairlead");
	assert_string_not_equal(text(one, "cause"), "operator");
	list = get("/v1/audit", NULL);
	one = at(list, json_array_size(list) - 1);
	assert_string_equal(text(one, "verb"), "hold");
	assert_non_null(strstr(text(one, "args"), "stand.example.com"));
	line_free(eu);
}

/* ---- a full disk ---- */

static void a_hold_is_in_force_while_the_disk_is_full(void **state)
{
	struct line *eu = region_up("eu");

	fill_disk(true);
	region_says(eu, DOWN);
	assert_int_equal(member_for(S_STAND, "10.1.0.1"), 1); /* the answers moved */
	assert_int_equal(overrides_waiting(rooms->overrides), 1);
	assert_non_null(problem_of("disk"));
	beat_for_ms(20000, &eu, 1);
	region_says(eu, UP);
	assert_int_equal(member_for(S_STAND, "10.1.0.1"), 1); /* held */
	assert_string_equal(text(at(get("/v1/overrides", NULL), 0), "kind"), "held");
	assert_int_not_equal(post("failback", "{\"service\":\"stand.example.com\"}"), ERR_OK);
	assert_int_equal(member_for(S_STAND, "10.1.0.1"), 1);
	fill_disk(false);
	keep_flush(rooms->keep);
	assert_int_equal(overrides_waiting(rooms->overrides), 0);
	assert_null(problem_of("disk"));
	assert_int_equal(post("failback", "{\"service\":\"stand.example.com\"}"), ERR_OK);
	assert_int_equal(member_for(S_STAND, "10.1.0.1"), 0);
	line_free(eu);
}

static void what_runs_out_is_over_with_a_full_disk_too(void **state)
{
	assert_int_equal(post("drain", "{\"region\":\"us\",\"expires_s\":60}"), ERR_OK);
	fill_disk(true);
	clock_hand_advance_ms(&hand, 61000);
	ops_expire(control_ops(control));
	assert_int_equal(serving(S_CHAT), BIT(0) | BIT(1) | BIT(2));
	assert_int_equal(overrides_now(rooms->overrides).n, 0);
	ops_expire(control_ops(control));
	fill_disk(false);
	ops_expire(control_ops(control));
	control_close();
	control_open();
	assert_int_equal(overrides_now(rooms->overrides).n, 0);
}

static void a_clock_that_is_set_ends_nothing_early_and_nothing_late(void **state)
{
	assert_int_equal(post("drain", "{\"region\":\"us\",\"expires_s\":5}"), ERR_OK);
	hand.now_ms -= 3600 * 1000;
	ops_expire(control_ops(control));
	assert_int_equal(serving(S_CHAT), BIT(0) | BIT(2));
	clock_hand_advance_ms(&hand, 5000);
	ops_expire(control_ops(control));
	assert_int_equal(serving(S_CHAT), BIT(0) | BIT(1) | BIT(2));
	assert_int_equal(post("drain", "{\"region\":\"us\",\"expires_s\":5}"), ERR_OK);
	hand.now_ms += 3600 * 1000;
	ops_expire(control_ops(control));
	assert_int_equal(serving(S_CHAT), BIT(0) | BIT(2));
}

/* ---- names that are gone ---- */

#define WITHOUT_STAND                                                                            \
	WORLD_REGIONS FLEET_MONITORS CONTROL_POOLS "services:\n"                                 \
						   "  chat.example.com: {pool: p, answers: 8}\n" \
						   "  even.example.com: {pool: even}\n"

static void an_override_of_what_is_gone_is_named_and_does_not_come_back(void **state)
{
	assert_int_equal(post("drain", "{\"region\":\"eu\",\"service\":\"stand.example.com\"}"),
			 ERR_OK);
	assert_int_equal(serving(S_STAND), BIT(1) | BIT(2));
	reload_with(WITHOUT_STAND);
	assert_non_null(strstr(text(last.doc, "report"), "bears on nothing"));
	assert_non_null(
		strstr(text(problem_of("override_without_effect"), "what"), "stand.example.com"));
	reload_with(CONTROL_YAML);
	assert_int_equal(serving(S_STAND), BIT(0) | BIT(1) | BIT(2)); /* months later */
	assert_non_null(problem_of("override_without_effect"));
	control_close();
	control_open();
	assert_int_equal(serving(S_STAND), BIT(0) | BIT(1) | BIT(2));
	assert_int_equal(post("drain", "{\"region\":\"eu\",\"service\":\"stand.example.com\"}"),
			 ERR_OK); /* said again */
	assert_int_equal(serving(S_STAND), BIT(1) | BIT(2));
	assert_null(problem_of("override_without_effect"));
}

static void what_is_gone_can_be_cleared_by_its_old_name(void **state)
{
	assert_int_equal(post("drain", "{\"region\":\"eu\",\"service\":\"stand.example.com\"}"),
			 ERR_OK);
	assert_int_equal(post("failover", "{\"service\":\"stand.example.com\",\"to\":\"ap\"}"),
			 ERR_OK);
	reload_with(WITHOUT_STAND);
	assert_int_equal(post("undrain", "{\"region\":\"eu\",\"service\":\"Stand.example.com.\"}"),
			 ERR_OK);
	assert_int_equal(post("failback", "{\"service\":\"stand.example.com\"}"), ERR_OK);
	assert_int_equal(overrides_now(rooms->overrides).n, 0);
	assert_int_equal(post("failback", "{\"service\":\"stand.example.com\"}"), ERR_NOT_FOUND);
}

static void a_failover_to_a_region_that_is_gone_shortens_nothing(void **state)
{
	assert_int_equal(post("failover", "{\"service\":\"chat.example.com\",\"to\":\"ap\"}"),
			 ERR_OK);
	assert_int_equal(atomic_load(&service_now(S_CHAT)->live->ttl_s), 20);
	reload_with(WORLD_REGIONS FLEET_MONITORS
		    "pools:\n  p: {members: [{region: eu, addresses: [192.0.2.10]},"
		    " {region: us, addresses: [192.0.2.20]}]}\n"
		    "services:\n  chat.example.com: {pool: p}\n");
	assert_int_equal(atomic_load(&service_now(0)->live->ttl_s), 30);
	assert_int_equal(forced_to(0), 0);
	assert_true(json_is_null(json_object_get(at(get("/v1/services", NULL), 0), "forced")));
	assert_non_null(problem_of("override_without_effect"));
}

/* ---- what does not go as one would think ---- */

static void a_drain_that_a_fence_holds_back_is_refused_and_told(void **state)
{
	json_t *notes;
	const char *dir = getenv("srcdir");
	struct buf yaml = BUF_INIT;

	buf_printf(&yaml,
		   "geo: {databases: [%s/tests/golden/geo/flat-v4.mmdb]}\n" WORLD_REGIONS
			   FLEET_MONITORS CONTROL_POOLS "services:\n  chat.example.com:"
		   " {pool: p, fence: {DE: [eu]}}\n",
		   dir ? dir : ".");
	reload_with(buf_text(&yaml));
	buf_fini(&yaml);
	assert_int_equal(post("drain", "{\"region\":\"eu\"}"), ERR_UNSAFE);
	assert_non_null(strstr(last.text, "fence"));
	assert_int_equal(post("drain", "{\"region\":\"eu\",\"force\":true,\"dry_run\":true}"),
			 ERR_OK);
	notes = json_object_get(last.doc, "notes");
	assert_non_null(strstr(json_string_value(at(notes, 0)), "fence"));
	assert_int_equal(post("drain", "{\"region\":\"eu\",\"force\":true}"), ERR_OK);
	assert_int_equal(json_array_size(json_object_get(last.doc, "notes")), 1);
	assert_non_null(problem_of("fence_alone"));
}

static void a_service_on_its_standby_is_told(void **state)
{
	assert_int_equal(post("drain", "{\"region\":\"eu\",\"service\":\"chat.example.com\"}"),
			 ERR_OK);
	assert_int_equal(post("drain", "{\"region\":\"us\",\"service\":\"chat.example.com\","
				       "\"dry_run\":true}"),
			 ERR_OK);
	assert_non_null(
		strstr(json_string_value(at(json_object_get(last.doc, "notes"), 0)), "standby"));
	assert_null(problem_of("standby"));
	assert_int_equal(post("drain", "{\"region\":\"us\",\"service\":\"chat.example.com\"}"),
			 ERR_OK);
	assert_string_equal(
		json_string_value(at(json_object_get(problem_of("standby"), "subjects"), 0)),
		"chat.example.com");
}

static void a_dead_region_is_one_problem_with_a_count(void **state)
{
	struct line *eu = region_up("eu");
	json_t *one;

	say_report(eu, 0, false, "even.example.com", UP, "");
	region_says(eu, DOWN);
	say_report(eu, 0, false, "even.example.com", DOWN, "");
	keep_flush(rooms->keep);
	one = problem_of("region_down");
	assert_int_equal(json_integer_value(json_object_get(one, "count")), 3);
	assert_string_equal(text(one, "cause"), "eu is down");
	assert_non_null(strstr(text(one, "reason"), "said by the region"));
	assert_non_null(strstr(text(one, "what"), "3 services"));
	assert_string_equal(text(one, "severity"), "critical");
	line_free(eu);
}

/* ---- what an operator says about evidence ---- */

static void a_resume_ends_a_hold_down_and_is_on_record(void **state)
{
	struct line *us = region_up("us");
	json_t *list;

	assert_int_equal(post("resume", "{\"region\":\"us\"}"), ERR_REFUSED);
	assert_int_equal(post("resume", "{\"region\":\"mars\"}"), ERR_NOT_FOUND);
	region_says(us, DOWN);
	beat_for_ms(2000, &us, 1);
	assert_int_equal(post("resume", "{\"region\":\"us\"}"), ERR_REFUSED); /* not well */
	region_says(us, UP);
	assert_int_equal(serving(S_CHAT), BIT(0) | BIT(2));
	assert_int_equal(post("resume", "{\"region\":\"us\",\"dry_run\":true}"), ERR_OK);
	assert_int_equal(serving(S_CHAT), BIT(0) | BIT(2));
	assert_int_equal(post("resume", "{\"region\":\"us\",\"service\":\"Chat.example.com\","
					"\"reason\":\"mended\"}"),
			 ERR_OK);
	assert_int_equal(serving(S_CHAT), BIT(0) | BIT(1) | BIT(2));
	assert_int_equal(serving(S_STAND), BIT(0) | BIT(2)); /* of that service alone */
	list = get("/v1/audit", NULL);
	assert_string_equal(text(at(list, json_array_size(list) - 1), "verb"), "resume");
	assert_string_equal(text(at(list, json_array_size(list) - 1), "reason"), "mended");
	line_free(us);
}

static void who_will_not_come_back_can_be_forgotten(void **state)
{
	struct line *eu = region_up("eu");

	assert_int_equal(post("forget", "{\"node\":\"nobody\"}"), ERR_NOT_FOUND);
	assert_int_equal(post("forget", "{}"), ERR_INPUT);
	assert_int_equal(post("forget", "{\"node\":\"eu\"}"), ERR_REFUSED); /* it is linked */
	region_says(eu, DOWN);
	hang_up(eu);
	assert_int_equal(post("forget", "{\"node\":\"eu\"}"), ERR_OK);
	assert_int_equal(post("forget", "{\"node\":\"eu\"}"), ERR_NOT_FOUND);
	line_free(eu);
}

static void a_drained_region_is_not_up_and_not_down(void **state)
{
	struct http_peer peer = { .who = "anyone" };
	struct http_request req = { .method = "GET", .path = "/metrics", .peer = &peer };
	struct buf out = BUF_INIT;

	assert_int_equal(post("drain", "{\"region\":\"us\"}"), ERR_OK);
	json_decref(last.doc);
	last.doc = NULL;
	for (uint32_t part = 0; gauges_write(rooms->live, part, &out); part++)
		;
	for (uint32_t part = 0; fleet_metrics(rooms->fleet, part, &out); part++)
		;
	assert_non_null(strstr(buf_text(&out), "fairlead_region_up{service=\"chat.example.com\","
					       "region=\"us\"} 0"));
	assert_non_null(strstr(buf_text(&out), "fairlead_region_down{service=\"chat.example.com\","
					       "region=\"us\"} 0"));
	assert_non_null(strstr(buf_text(&out), "fairlead_region_up{service=\"chat.example.com\","
					       "region=\"eu\"} 1"));
	buf_fini(&out);
	memset(&last, 0, sizeof(last));
	public_handle(control_public(control), &req, (struct http_reply *)&last);
	assert_int_equal(last.code, ERR_OK);
}

/* ---- who asks too often ---- */

static void denials_are_counted_and_not_written_one_by_one(void **state)
{
	static const char viewer[] = "spiffe://example/viewer/v";
	size_t rows = json_array_size(get("/v1/audit", NULL));
	json_t *list, *one;

	for (int i = 0; i < 500; i++)
		assert_int_equal(ask_as(viewer, "POST", "/v1/drain", NULL, "{}"), ERR_DENIED);
	assert_int_equal(json_array_size(get("/v1/audit", NULL)), rows + 1);
	clock_hand_advance_ms(&hand, 60000);
	refusals_tick(control_api(control)->refusals);
	list = get("/v1/audit", NULL);
	assert_int_equal(json_array_size(list), rows + 2);
	one = at(list, rows + 1);
	assert_string_equal(text(one, "by"), viewer);
	assert_non_null(strstr(text(one, "result"), "499 more"));
	assert_int_equal(ask_as(viewer, "POST", "/v1/drain", NULL, "{}"), ERR_DENIED);
	assert_int_equal(json_array_size(get("/v1/audit", NULL)), rows + 2);
	assert_true(refusals_total(control_api(control)->refusals) >= 501);
}

static void dial(const char *service, int share_ppm)
{
	char body[128];

	snprintf(body, sizeof(body), "{\"region\":\"us\",\"service\":\"%s\",\"share_ppm\":%d}",
		 service, share_ppm);
	assert_int_equal(post("dial", body), ERR_OK);
}

static void a_dial_to_all_of_it_takes_the_dial_back(void **state)
{
	dial("", 200000);
	dial("even.example.com", 1000000); /* an exception from the region's */
	assert_int_equal(overrides_now(rooms->overrides).n, 2);
	dial("", 1000000);
	assert_int_equal(overrides_now(rooms->overrides).n, 1);
	dial("even.example.com", 1000000);
	dial("", 1000000);
	assert_int_equal(overrides_now(rooms->overrides).n, 0);
}

static void a_service_that_is_not_there_is_named_with_the_nearest(void **state)
{
	assert_int_equal(post("drain", "{\"region\":\"us\",\"service\":\"chta.example.com\"}"),
			 ERR_NOT_FOUND);
	assert_non_null(strstr(last.text, "Did you mean chat.example.com?"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CONTROL(a_dial_to_all_of_it_takes_the_dial_back),
		WITH_CONTROL(a_service_that_is_not_there_is_named_with_the_nearest),
		WITH_CONTROL(answers_move_when_the_disk_knows_why),
		WITH_CONTROL(what_is_not_kept_waits_for_what_is),
		WITH_CONTROL(who_is_only_held_down_serves_before_the_dead),
		WITH_CONTROL(who_is_held_down_is_told_with_the_time_that_is_left),
		WITH_CONTROL(a_hold_down_is_told_from_its_begin_to_its_end),
		WITH_CONTROL(a_hold_is_not_hidden_behind_a_dial),
		WITH_CONTROL(holds_are_of_members),
		WITH_CONTROL(a_failback_while_holds_are_not_on_disk_yet_is_whole),
		WITH_CONTROL(a_drain_and_its_end_keep_the_hold),
		WITH_CONTROL(failback_auto_by_reload_lets_go),
		WITH_CONTROL(a_hold_is_the_daemons_in_events_and_audit),
		WITH_CONTROL(a_hold_is_in_force_while_the_disk_is_full),
		WITH_CONTROL(what_runs_out_is_over_with_a_full_disk_too),
		WITH_CONTROL(a_clock_that_is_set_ends_nothing_early_and_nothing_late),
		WITH_CONTROL(an_override_of_what_is_gone_is_named_and_does_not_come_back),
		WITH_CONTROL(what_is_gone_can_be_cleared_by_its_old_name),
		WITH_CONTROL(a_failover_to_a_region_that_is_gone_shortens_nothing),
		WITH_CONTROL(a_drain_that_a_fence_holds_back_is_refused_and_told),
		WITH_CONTROL(a_service_on_its_standby_is_told),
		WITH_CONTROL(a_dead_region_is_one_problem_with_a_count),
		WITH_CONTROL(a_resume_ends_a_hold_down_and_is_on_record),
		WITH_CONTROL(who_will_not_come_back_can_be_forgotten),
		WITH_CONTROL(a_drained_region_is_not_up_and_not_down),
		WITH_CONTROL(denials_are_counted_and_not_written_one_by_one),
	};

	log_set_level(LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
