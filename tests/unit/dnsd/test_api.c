/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about dnsd/admin: who may, what is refused, what is audited, and that the
 * documents and `explain` tell the truth. */
#include "core/log.h"
#include "tests/unit/dnsd/control_world.h"

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

static json_t *last_of(const char *path)
{
	json_t *list = get(path, NULL);

	return at(list, json_array_size(list) - 1);
}

/* ---- who may ---- */

#define GUARDED                                                                     \
	CONTROL_YAML "access:\n"                                                    \
		     "  - {who: \"spiffe://example/viewer/*\", role: viewer}\n"     \
		     "  - {who: \"spiffe://example/operator/*\", role: operator}\n" \
		     "  - {who: \"uid:0\", role: admin}\n"

static int make_guarded(void **state)
{
	memset(&last, 0, sizeof(last));
	control_begin(GUARDED);
	return 0;
}

static enum err_code as(const char *who, const char *method, const char *path, const char *body)
{
	return ask_as(who, method, path, NULL, body);
}

static void each_role_may_do_its_own_and_no_more(void **state)
{
	static const char view[] = "spiffe://example/viewer/v";
	static const char operate[] = "spiffe://example/operator/o";
	static const char drain[] = "{\"region\":\"eu\"}";

	assert_int_equal(as(view, "GET", "/v1/status", NULL), ERR_OK);
	assert_int_equal(as(view, "POST", "/v1/drain", drain), ERR_DENIED);
	assert_non_null(strstr(last.text, "is viewer here"));
	assert_int_equal(as(operate, "POST", "/v1/drain", drain), ERR_OK);
	assert_int_equal(as(operate, "POST", "/v1/reload", NULL), ERR_DENIED);
	assert_int_equal(as(operate, "GET", "/v1/backup", NULL), ERR_DENIED);
	assert_int_equal(as(view, "DELETE", "/v1/overrides/1", NULL), ERR_DENIED);
	assert_int_equal(as("anyone", "GET", "/v1/status", NULL), ERR_DENIED);
	assert_int_equal(as("uid:1000", "GET", "/v1/status", NULL), ERR_DENIED);
	assert_int_equal(as("spiffe://example/admin/a", "GET", "/v1/status", NULL), ERR_DENIED);
	assert_int_equal(as("uid:0", "POST", "/v1/reload", NULL), ERR_OK);
}

/* The accounts of Debian's base: root is 0, daemon 1, in `passwd` as in `group`. */
#define BY_NAME                                                          \
	CONTROL_YAML "access:\n"                                         \
		     "  - {who: \"user:root\", role: admin}\n"           \
		     "  - {who: \"group:daemon\", role: operator}\n"     \
		     "  - {who: \"group:no-such-group\", role: admin}\n" \
		     "audit: {reason: required}\n"

static int make_by_name(void **state)
{
	memset(&last, 0, sizeof(last));
	control_begin(BY_NAME);
	return 0;
}

static enum err_code as_local(uint32_t uid, uint32_t group, const char *method, const char *path,
			      const char *body)
{
	struct http_peer peer = {
		.from = "unix", .uid = uid, .groups = { 100, group }, .n_groups = 2
	};

	snprintf(peer.who, sizeof(peer.who), "uid:%u", uid);
	return ask_peer(&peer, method, path, NULL, body);
}

static void users_and_groups_are_known_by_name(void **state)
{
	static const char drain[] = "{\"region\":\"eu\",\"reason\":\"r\"}";

	assert_int_equal(as_local(0, 0, "POST", "/v1/reload", NULL), ERR_OK);
	assert_int_equal(as_local(1000, 1, "POST", "/v1/drain", drain), ERR_OK);
	assert_int_equal(as_local(0, 0, "GET", "/v1/audit", NULL), ERR_OK);
	assert_string_equal(text(at(last.doc, json_array_size(last.doc) - 1), "by"), "uid:1000");
	assert_int_equal(as_local(1000, 1, "POST", "/v1/reload", NULL), ERR_DENIED);
	assert_int_equal(as_local(1000, 2, "GET", "/v1/status", NULL), ERR_DENIED);
	assert_int_equal(as_local(1, 2, "GET", "/v1/status", NULL),
			 ERR_DENIED); /* a user's number */
	assert_int_equal(as("anyone", "GET", "/v1/status", NULL), ERR_DENIED);
}

static void a_reason_may_be_required(void **state)
{
	static const char bare[] = "{\"region\":\"eu\"}";
	static const char dry[] = "{\"region\":\"eu\",\"dry_run\":true}";

	assert_int_equal(as_local(0, 0, "POST", "/v1/drain", bare), ERR_INPUT);
	assert_non_null(strstr(last.text, "a reason is needed here"));
	assert_int_equal(as_local(0, 0, "POST", "/v1/drain", dry), ERR_OK);
	assert_int_equal(as_local(0, 0, "DELETE", "/v1/overrides/1", NULL), ERR_INPUT);
	assert_int_equal(overrides_now(rooms->overrides).n, 0);
}

static void without_access_the_certificate_says_the_role(void **state)
{
	assert_int_equal(as("spiffe://example/viewer/v", "GET", "/v1/status", NULL), ERR_OK);
	assert_int_equal(as("spiffe://example/viewer/v", "POST", "/v1/drain", "{}"), ERR_DENIED);
	assert_int_equal(as("spiffe://example/operator/o", "POST", "/v1/reload", NULL), ERR_DENIED);
	assert_int_equal(as("spiffe://example/admin/a", "POST", "/v1/reload", NULL), ERR_OK);
	assert_int_equal(as("spiffe://example/regiond/eu/a", "GET", "/v1/status", NULL),
			 ERR_DENIED);
	assert_int_equal(as("spiffe://example/prober/p", "GET", "/v1/status", NULL), ERR_DENIED);
	assert_int_equal(as("anyone", "GET", "/v1/status", NULL), ERR_DENIED);
	assert_int_equal(as("uid:1234567", "GET", "/v1/status", NULL), ERR_DENIED);
}

static void who_tried_what_he_may_not_is_in_the_audit(void **state)
{
	json_t *row;

	as("spiffe://example/viewer/v", "POST", "/v1/drain", "{\"region\":\"eu\"}");
	row = last_of("/v1/audit");
	assert_string_equal(text(row, "by"), "spiffe://example/viewer/v");
	assert_string_equal(text(row, "verb"), "/v1/drain");
	assert_string_equal(text(row, "result"), "not allowed");
	assert_int_equal(overrides_now(rooms->overrides).n, 0);
}

/* ---- what is refused ---- */

static void what_is_refused_changes_nothing_and_is_audited(void **state)
{
	static const struct {
		const char *verb, *body;
		enum err_code code;
	} bad[] = {
		{ "drain", NULL, ERR_INPUT },
		{ "drain", "", ERR_INPUT },
		{ "drain", "[]", ERR_INPUT },
		{ "drain", "{\"region\":7}", ERR_INPUT },
		{ "drain", "{\"region\":\"eu\",\"region\":\"us\"}", ERR_INPUT },
		{ "drain", "{\"region\":\"eu\",\"nonsense\":1}", ERR_INPUT },
		{ "drain", "{\"region\":\"mars\"}", ERR_NOT_FOUND },
		{ "drain", "{}", ERR_NOT_FOUND },
		{ "drain", "{\"region\":\"eu\",\"service\":\"no.example.com\"}", ERR_NOT_FOUND },
		{ "drain", "{\"region\":\"eu\",\"expires_s\":-1}", ERR_INPUT },
		{ "drain", "{\"region\":\"eu\",\"expires_s\":99999999}", ERR_INPUT },
		{ "dial", "{\"region\":\"eu\"}", ERR_INPUT },
		{ "dial", "{\"region\":\"eu\",\"share_ppm\":1000001}", ERR_INPUT },
		{ "dial", "{\"region\":\"eu\",\"share_ppm\":-1}", ERR_INPUT },
		{ "failover", "{\"service\":\"chat.example.com\"}", ERR_NOT_FOUND },
		{ "failback", "{}", ERR_NOT_FOUND },
		{ "failback", "{\"service\":\"chat.example.com\"}", ERR_REFUSED },
	};
	size_t rows = json_array_size(get("/v1/audit", NULL));

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(post(bad[i].verb, bad[i].body), bad[i].code);
		assert_int_equal(overrides_now(rooms->overrides).n, 0);
		assert_int_equal(serving(S_CHAT), BIT(0) | BIT(1) | BIT(2));
		assert_int_equal(json_array_size(get("/v1/audit", NULL)), rows + i + 1);
	}
	assert_string_equal(text(last_of("/v1/audit"), "result"),
			    "chat.example.com was not failed over");
	assert_int_equal(refusals_total(control_api(control)->refusals),
			 sizeof(bad) / sizeof(bad[0]));
}

static void a_long_reason_is_refused(void **state)
{
	char body[600];

	snprintf(body, sizeof(body), "{\"region\":\"eu\",\"reason\":\"%0256d\"}", 0);
	assert_int_equal(post("drain", body), ERR_INPUT);
	snprintf(body, sizeof(body), "{\"region\":\"eu\",\"reason\":\"%0255d\"}", 0);
	assert_int_equal(post("drain", body), ERR_OK);
}

static void safety_keeps_so_many_regions_on(void **state)
{
	control_write(CONTROL_YAML "safety: {min_regions: 2}\n");
	assert_int_equal(as("uid:0", "POST", "/v1/reload", NULL), ERR_OK);
	assert_int_equal(post("drain", "{\"region\":\"ap\"}"), ERR_OK); /* two are left */
	assert_int_equal(post("drain", "{\"region\":\"us\"}"), ERR_UNSAFE);
	assert_non_null(strstr(last.text, "safety.min_regions"));
	assert_int_equal(overrides_now(rooms->overrides).n, 1);
	assert_int_equal(post("dial", "{\"region\":\"us\",\"share_ppm\":0}"), ERR_UNSAFE);
	assert_int_equal(post("dial", "{\"region\":\"us\",\"share_ppm\":1}"), ERR_OK);
	assert_int_equal(post("drain", "{\"region\":\"us\",\"force\":true}"), ERR_OK);
	assert_int_equal(serving(S_CHAT), BIT(0));
}

static void the_last_region_is_safe_without_any_rule(void **state)
{
	assert_int_equal(post("drain", "{\"region\":\"us\"}"), ERR_OK);
	assert_int_equal(post("drain", "{\"region\":\"eu\"}"), ERR_UNSAFE); /* even has no third */
	assert_int_equal(serving(S_EVEN), BIT(0));
}

static void clearing_an_override_is_a_change_like_any_other(void **state)
{
	char path[64];
	json_int_t id;

	/* The service's own dial is what keeps it on. */
	assert_int_equal(post("dial", "{\"region\":\"us\",\"service\":\"even.example.com\","
				      "\"share_ppm\":500000}"),
			 ERR_OK);
	id = json_integer_value(json_object_get(last.doc, "id"));
	assert_int_equal(post("dial", "{\"region\":\"us\",\"share_ppm\":0}"), ERR_OK);
	assert_int_equal(post("drain", "{\"region\":\"eu\",\"service\":\"even.example.com\"}"),
			 ERR_OK);
	snprintf(path, sizeof(path), "/v1/overrides/%lld", (long long)id);
	assert_int_equal(as("uid:0", "DELETE", path, NULL), ERR_UNSAFE);
	assert_int_equal(overrides_now(rooms->overrides).n, 3);
	assert_int_equal(ask_as("uid:0", "DELETE", path, "reason=done&force=true", NULL), ERR_OK);
	assert_int_equal(overrides_now(rooms->overrides).n, 2);
	assert_int_equal(serving(S_EVEN), 0);
	assert_string_equal(text(last_of("/v1/audit"), "verb"), "override clear");
	assert_string_equal(text(last_of("/v1/audit"), "reason"), "done");
	assert_non_null(strstr(text(last_of("/v1/audit"), "args"), "\"force\":true"));
	assert_int_equal(as("uid:0", "DELETE", path, NULL), ERR_NOT_FOUND);
	assert_int_equal(as("uid:0", "DELETE", "/v1/overrides/x", NULL), ERR_INPUT);
	assert_int_equal(as("uid:0", "DELETE", "/v1/overrides/", NULL), ERR_INPUT);
	assert_int_equal(ask_as("uid:0", "DELETE", path, "reason=\xff\xfe", NULL), ERR_INPUT);
}

static void paths_and_methods_that_are_not_there_are_told(void **state)
{
	assert_int_equal(as("uid:0", "GET", "/v1/nothing", NULL), ERR_NO_PATH);
	assert_int_equal(as("uid:0", "GET", "/", NULL), ERR_NO_PATH);
	assert_int_equal(as("uid:0", "GET", "/v1/drain", NULL), ERR_NO_PATH);
	assert_non_null(strstr(last.text, "method"));
	assert_int_equal(as("uid:0", "GET", "/v1/members", NULL), ERR_NOT_FOUND);
	assert_int_equal(ask_as("uid:0", "GET", "/v1/explain", "name=chat.example.com", NULL),
			 ERR_INPUT);
	assert_int_equal(
		ask_as("uid:0", "GET", "/v1/explain", "name=no.example.com&client=192.0.2.1", NULL),
		ERR_NOT_FOUND);
	assert_int_equal(ask_as("uid:0", "GET", "/v1/explain",
				"name=chat.example.com&type=MX&client=192.0.2.1", NULL),
			 ERR_INPUT);
	assert_int_equal(
		ask_as("uid:0", "GET", "/v1/explain", "name=chat.example.com&client=nobody", NULL),
		ERR_INPUT);
	assert_int_equal(ask_as("uid:0", "GET", "/v1/audit", "last=x", NULL), ERR_INPUT);
	assert_int_equal(ask_as("uid:0", "GET", "/v1/events", "after=-1", NULL), ERR_INPUT);
}

/* ---- a dry run ---- */

/* Where a client of each class's sample goes, as moves.c counts. */
static double share_to(json_t *moves, const char *service, const char *from, const char *to)
{
	double share = 0;
	json_t *one;
	size_t i;

	json_array_foreach (moves, i, one)
		if (strcmp(text(one, "service"), service) == 0 &&
		    strcmp(text(one, "from"), from) == 0 && strcmp(text(one, "to"), to) == 0)
			share += json_real_value(json_object_get(one, "share"));
	return share;
}

static void a_dry_run_says_what_moves_and_moves_nothing(void **state)
{
	json_t *moves;
	double share;

	assert_int_equal(post("drain", "{\"region\":\"us\",\"dry_run\":true}"), ERR_OK);
	assert_true(json_is_null(json_object_get(last.doc, "id")));
	moves = json_object_get(last.doc, "moves");
	assert_true(share_to(moves, "chat.example.com", "us", "eu") > 0.2);
	assert_float_equal(share_to(moves, "chat.example.com", "eu", "us"), 0, 0);
	assert_float_equal(share_to(moves, "stand.example.com", "us", "eu"), 0, 0);
	assert_true(share_to(moves, "even.example.com", "us", "eu") > 0.5);
	assert_int_equal(overrides_now(rooms->overrides).n, 0);
	assert_int_equal(serving(S_CHAT), BIT(0) | BIT(1) | BIT(2));

	assert_int_equal(post("failover",
			      "{\"service\":\"stand.example.com\",\"to\":\"ap\",\"dry_run\":true}"),
			 ERR_OK);
	moves = json_object_get(last.doc, "moves");
	assert_float_equal(share_to(moves, "stand.example.com", "eu", "ap"), 1, 0.001);
	assert_int_equal(json_array_size(moves), 1);

	assert_int_equal(post("dial", "{\"region\":\"us\",\"service\":\"even.example.com\","
				      "\"share_ppm\":500000,\"dry_run\":true}"),
			 ERR_OK);
	share = share_to(json_object_get(last.doc, "moves"), "even.example.com", "us", "eu");
	assert_true(share > 0.15 && share < 0.6); /* half of three quarters, of few samples */
}

static void a_dry_run_knows_the_last_resort(void **state)
{
	json_t *moves, *one;
	size_t i;

	assert_int_equal(post("drain", "{\"region\":\"us\"}"), ERR_OK);
	assert_int_equal(post("drain", "{\"region\":\"eu\",\"service\":\"even.example.com\","
				       "\"dry_run\":true,\"force\":true}"),
			 ERR_OK);
	moves = json_object_get(last.doc, "moves");
	assert_int_equal(json_array_size(moves), 1); /* all serve again, so some move back */
	json_array_foreach (moves, i, one)
		assert_string_equal(text(one, "to"), "us");
}

/* The clients that move are those that a dry run names: before and after, by the data path. */
static void what_a_dry_run_says_is_what_happens(void **state)
{
	int before[256], moved = 0;
	bool told;

	for (int i = 0; i < 256; i++) {
		char client[32];

		snprintf(client, sizeof(client), "10.%d.%d.1", 1 + i % 3, i);
		before[i] = member_for(S_CHAT, client);
	}
	assert_int_equal(post("drain", "{\"region\":\"us\",\"dry_run\":true}"), ERR_OK);
	told = share_to(json_object_get(last.doc, "moves"), "chat.example.com", "us", "eu") > 0;
	assert_int_equal(post("drain", "{\"region\":\"us\"}"), ERR_OK);
	for (int i = 0; i < 256; i++) {
		char client[32];
		int now;

		snprintf(client, sizeof(client), "10.%d.%d.1", 1 + i % 3, i);
		now = member_for(S_CHAT, client);
		if (now == before[i])
			continue;
		moved++;
		assert_int_equal(before[i], 1);
		assert_int_equal(now, 0);
	}
	assert_true(told && moved > 50);
}

/* ---- documents ---- */

static void has_keys(json_t *doc, const char *keys)
{
	char copy[512], *save = NULL;

	snprintf(copy, sizeof(copy), "%s", keys);
	assert_true(json_is_object(doc));
	for (char *key = strtok_r(copy, " ", &save); key; key = strtok_r(NULL, " ", &save))
		if (!json_object_get(doc, key))
			fail_msg("`%s` is missing", key);
}

static void documents_have_the_keys_of_the_contract(void **state)
{
	struct line *eu = region_up("eu");
	json_t *doc;

	region_says(eu, DOWN);
	post("drain", "{\"region\":\"us\",\"expires_s\":60,\"reason\":\"x\"}");
	has_keys(last.doc, "id epoch live");
	doc = at(get("/v1/regions", NULL), 0);
	has_keys(doc, "name health forced report_age_s capacity used nodes");
	assert_string_equal(text(doc, "health"), "down");
	assert_true(json_is_number(json_object_get(doc, "report_age_s")));
	doc = at(get("/v1/regions", NULL), 2);
	assert_true(json_is_null(json_object_get(doc, "report_age_s"))); /* never */
	assert_string_equal(text(doc, "health"), "unknown");
	doc = at(get("/v1/services", NULL), 0);
	has_keys(doc, "name pool mode active ttl epoch forced");
	doc = at(get("/v1/members", "service=chat.example.com"), 1);
	has_keys(doc, "region addresses health forced tier weight dial capacity used share");
	has_keys(json_object_get(doc, "forced"), "id kind by reason until");
	doc = at(get("/v1/overrides", NULL), 0);
	has_keys(doc, "id kind scope value by reason since expires");
	has_keys(at(get("/v1/events", NULL), 0),
		 "seq time kind service region from to epoch cause by reason");
	has_keys(last_of("/v1/audit"), "seq time by from verb args result reason hash");
	doc = get("/v1/status", NULL);
	has_keys(doc, "nodes regions services overrides problems");
	has_keys(at(json_object_get(doc, "problems"), 0), "severity what since");
	doc = get("/v1/explain", "name=chat.example.com&client=10.2.0.1");
	has_keys(doc, "service client class location rule scope scope_reason ttl ttl_reason answer "
		      "epoch candidates");
	has_keys(json_object_get(doc, "location"), "country lat lon");
	has_keys(at(json_object_get(doc, "candidates"), 0),
		 "region kept rule rtt_ms rtt_source rtt_samples health forced load share");
	assert_non_null(json_object_get(get("/v1/config", NULL), "pools"));
	line_free(eu);
}

static const char *active(uint32_t service)
{
	static char names[128];
	json_t *list = json_object_get(at(get("/v1/services", NULL), service), "active"), *one;
	size_t i;

	names[0] = 0;
	json_array_foreach (list, i, one) {
		strcat(names, json_string_value(one));
		strcat(names, " ");
	}
	return names;
}

static void active_are_the_regions_that_clients_get(void **state)
{
	assert_string_equal(active(S_CHAT), "eu us ");
	assert_string_equal(active(S_STAND), "eu ");
	post("failover", "{\"service\":\"stand.example.com\",\"to\":\"ap\"}");
	assert_string_equal(active(S_STAND), "ap ");
	post("drain", "{\"region\":\"us\"}");
	assert_string_equal(active(S_CHAT), "eu ");
}

/* ---- explain ---- */

static const char *rule_of(json_t *explained, const char *region)
{
	json_t *list = json_object_get(explained, "candidates"), *one;
	size_t i;

	json_array_foreach (list, i, one)
		if (strcmp(text(one, "region"), region) == 0)
			return text(one, "rule");
	return "(not there)";
}

static void every_candidate_has_the_rule_that_kept_or_dropped_it(void **state)
{
	struct line *eu = region_up("eu");
	json_t *doc = get("/v1/explain", "name=chat.example.com&client=10.1.2.3");

	assert_string_equal(rule_of(doc, "eu"), "5 prefer");
	assert_string_equal(rule_of(doc, "us"), "5 prefer");
	assert_string_equal(rule_of(doc, "ap"), "4 tier");
	assert_string_equal(text(doc, "rule"), "topology rule 1");
	assert_string_equal(json_string_value(at(json_object_get(doc, "answer"), 0)), "192.0.2.10");
	assert_int_equal(json_integer_value(json_object_get(doc, "scope")), 16);
	assert_true(json_is_null(json_object_get(doc, "answer_reason")));
	assert_int_equal(strncmp(text(doc, "ttl_reason"), "normally", 8), 0);

	region_says(eu, DOWN);
	doc = get("/v1/explain", "name=Chat.Example.com.&client=10.1.2.0/24");
	assert_string_equal(rule_of(doc, "eu"), "3 health");
	assert_string_equal(rule_of(doc, "us"), "4 tier");
	assert_int_equal(strncmp(text(doc, "ttl_reason"), "failing over", 12), 0);

	post("failover", "{\"service\":\"chat.example.com\",\"to\":\"ap\"}");
	doc = get("/v1/explain", "name=chat.example.com&client=10.1.2.3");
	assert_string_equal(rule_of(doc, "ap"), "1 forced");
	assert_string_equal(rule_of(doc, "us"), "1 forced");
	assert_string_equal(rule_of(doc, "eu"), "3 health");

	post("drain", "{\"region\":\"us\"}");
	doc = get("/v1/explain", "name=stand.example.com&client=10.1.2.3");
	assert_string_equal(rule_of(doc, "us"), "1 forced");
	line_free(eu);
}

static void names_that_no_service_steers_are_told_what_they_are(void **state)
{
	static const struct {
		const char *name, *told;
	} names[] = { { "ns1.example.com", "static" },
		      { "nothing.example.com", "NXDOMAIN" },
		      { "example.org", "none of the zones" },
		      { "chatt.example.com", "Did you mean chat.example.com?" } };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char query[128];

		snprintf(query, sizeof(query), "name=%s&client=10.1.0.1", names[i].name);
		assert_int_equal(ask_as("uid:0", "GET", "/v1/explain", query, NULL), ERR_NOT_FOUND);
		assert_non_null(strstr(last.text, names[i].told));
	}
}

static const char *chosen_rule(const char *query)
{
	json_t *list = json_object_get(get("/v1/explain", query), "candidates"), *one;
	size_t i;

	json_array_foreach (list, i, one)
		if (json_is_true(json_object_get(one, "chosen")))
			return text(one, "rule");
	return "(nobody)";
}

static void the_chosen_one_has_the_rule_that_put_it_before_the_next_best(void **state)
{
	static const char query[] = "name=stand.example.com&client=10.1.0.1";
	struct line *eu = region_up("eu");
	json_t *doc;

	assert_string_equal(chosen_rule(query), "5 prefer"); /* method: order */
	region_says(eu, DOWN);
	beat_for_ms(20000, &eu, 1);
	region_says(eu, UP);
	doc = get("/v1/explain", query); /* held */
	assert_string_equal(rule_of(doc, "eu"), "1 forced");
	assert_non_null(strstr(text(at(json_object_get(doc, "candidates"), 0), "note"), "held"));
	assert_string_equal(text(doc, "chosen_among"), "serving");
	post("drain", "{\"region\":\"us\"}");
	post("drain", "{\"region\":\"ap\",\"service\":\"stand.example.com\",\"force\":true}");
	doc = get("/v1/explain", query);
	assert_string_equal(text(doc, "chosen_among"), "held back");
	assert_true(
		json_is_true(json_object_get(at(json_object_get(doc, "candidates"), 0), "chosen")));
	line_free(eu);
}

/* The same member for thousands of clients, whatever is forced, and one `chosen`. */
static void explain_agrees(const char *service, uint32_t index)
{
	for (unsigned i = 0; i < 700; i++) {
		char query[128], client[64];
		json_t *candidates, *one;
		int member, chosen = -1;
		size_t k;

		if (i % 7 == 0)
			snprintf(client, sizeof(client), "2001:db8:%x::1", i * 977 % 65536);
		else
			snprintf(client, sizeof(client), "%u.%u.%u.7", i % 5 ? 10 : 11 + i % 200,
				 i % 5 ? i % 4 : i % 256, i * 31 % 256);
		snprintf(query, sizeof(query), "name=%s&client=%s", service, client);
		candidates = json_object_get(get("/v1/explain", query), "candidates");
		member = member_for(index, client);
		json_array_foreach (candidates, k, one) {
			bool is_chosen = json_is_true(json_object_get(one, "chosen"));

			assert_string_not_equal(text(one, "rule"), "(none)");
			if (!is_chosen)
				continue;
			assert_int_equal(chosen, -1);
			chosen = (int)k;
			assert_true(json_is_true(json_object_get(one, "kept")));
		}
		assert_int_equal(chosen, member);
	}
}

static void explain_gives_whom_the_data_path_gives(void **state)
{
	struct line *lines[] = { region_up("eu"), region_up("us"), region_up("ap") };

	explain_agrees("chat.example.com", S_CHAT);
	explain_agrees("even.example.com", S_EVEN);
	post("dial", "{\"region\":\"us\",\"share_ppm\":300000}");
	explain_agrees("chat.example.com", S_CHAT);
	explain_agrees("even.example.com", S_EVEN);
	post("failover", "{\"service\":\"chat.example.com\",\"to\":\"us\"}");
	explain_agrees("chat.example.com", S_CHAT);
	for (int i = 0; i < 3; i++)
		region_says(lines[i], DOWN);
	explain_agrees("chat.example.com", S_CHAT);
	for (int i = 0; i < 3; i++)
		line_free(lines[i]);
}

/* ---- pages ---- */

static void page(const char *method, const char *path)
{
	struct http_peer peer = { .who = "anyone" };
	struct http_request req = { .method = method, .path = path, .peer = &peer };

	memset(&last, 0, sizeof(last));
	public_handle(control_public(control), &req, (struct http_reply *)&last);
}

static void pages_are_for_everybody_and_read_only(void **state)
{
	page("GET", "/healthz");
	assert_string_equal(last.text, "ok\n");
	page("GET", "/readyz");
	assert_string_equal(last.text, "not ready\n"); /* nothing is answered yet */
	page("GET", "/metrics");
	assert_non_null(strstr(last.text, "fairlead_dns_queries_total"));
	page("GET", "/v1/status");
	assert_int_equal(last.code, ERR_NO_PATH);
	page("POST", "/metrics");
	assert_int_equal(last.code, ERR_DENIED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_role_may_do_its_own_and_no_more, make_guarded,
						free_control),
		WITH_CONTROL(without_access_the_certificate_says_the_role),
		cmocka_unit_test_setup_teardown(users_and_groups_are_known_by_name, make_by_name,
						free_control),
		cmocka_unit_test_setup_teardown(a_reason_may_be_required, make_by_name,
						free_control),
		WITH_CONTROL(who_tried_what_he_may_not_is_in_the_audit),
		WITH_CONTROL(what_is_refused_changes_nothing_and_is_audited),
		WITH_CONTROL(a_long_reason_is_refused),
		WITH_CONTROL(safety_keeps_so_many_regions_on),
		WITH_CONTROL(the_last_region_is_safe_without_any_rule),
		WITH_CONTROL(clearing_an_override_is_a_change_like_any_other),
		WITH_CONTROL(paths_and_methods_that_are_not_there_are_told),
		WITH_CONTROL(a_dry_run_says_what_moves_and_moves_nothing),
		WITH_CONTROL(a_dry_run_knows_the_last_resort),
		WITH_CONTROL(what_a_dry_run_says_is_what_happens),
		WITH_CONTROL(documents_have_the_keys_of_the_contract),
		WITH_CONTROL(active_are_the_regions_that_clients_get),
		WITH_CONTROL(every_candidate_has_the_rule_that_kept_or_dropped_it),
		WITH_CONTROL(names_that_no_service_steers_are_told_what_they_are),
		WITH_CONTROL(the_chosen_one_has_the_rule_that_put_it_before_the_next_best),
		WITH_CONTROL(explain_gives_whom_the_data_path_gives),
		WITH_CONTROL(pages_are_for_everybody_and_read_only),
	};

	log_set_level(LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
