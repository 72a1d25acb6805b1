/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the verbs that look: lists, status, explain, history, as golden texts. */
#include "tests/unit/ctl/fake.h"

#define REGIONS                                                                                    \
	"[{\"name\": \"eu-west\", \"health\": \"up\", \"forced\": null, \"report_age_s\": 0.4, "   \
	"\"capacity\": 800, \"used\": 336, \"nodes\": [{\"name\": \"n1\"}, {\"name\": \"n2\"}]}, " \
	"{\"name\": \"us-east\", \"health\": \"down\", \"forced\": {\"id\": 3, \"kind\": "         \
	"\"drain\", \"by\": \"uid:0\", \"reason\": \"disks\", \"until\": null}, "                  \
	"\"report_age_s\": null, \"capacity\": 0, \"used\": 0, \"nodes\": []}]"

#define SERVICES                                                                                 \
	"[{\"name\": \"chat.example.com\", \"pool\": \"chat\", \"mode\": \"active-active\", "    \
	"\"active\": [\"eu-west\", \"us-east\"], \"ttl\": 30, \"epoch\": 0, \"forced\": null}, " \
	"{\"name\": \"db.example.com\", \"pool\": \"db\", \"mode\": \"exclusive\", \"active\": " \
	"[], \"ttl\": 5, \"epoch\": 4, \"forced\": null}]"

#define OVERRIDES                                                                                 \
	"[{\"id\": 3, \"kind\": \"drain\", \"scope\": {\"service\": \"\", \"region\": "           \
	"\"us-east\"}, \"value\": null, \"by\": \"uid:0\", \"reason\": \"disks\", \"since\": "    \
	"\"2026-01-02T03:04:05.678Z\", \"expires\": null}, {\"id\": 12, \"kind\": \"dial\", "     \
	"\"scope\": {\"service\": \"db.example.com\", \"region\": \"eu-west\"}, \"value\": 0.5, " \
	"\"by\": \"uid:0\", \"reason\": \"\", \"since\": \"2026-01-02T03:04:05.678Z\", "          \
	"\"expires\": \"2026-01-02T04:04:05.678Z\"}, {\"id\": 13, \"kind\": \"failover\", "       \
	"\"scope\": {\"service\": \"db.example.com\", \"region\": \"eu-west\"}, \"value\": "      \
	"\"eu-west\", \"by\": \"uid:0\", \"reason\": \"\", \"since\": "                           \
	"\"2026-01-02T03:04:05.678Z\", \"expires\": null}]"

#define REGIONS_TABLE                                                                          \
	"REGION   HEALTH  LOAD               USED  CAPACITY  NODES  REPORT  FORCED\n"          \
	"eu-west  up      [####......]  42%   336       800      2    0.4s  -\n"               \
	"us-east  down    -                     0         0      0       -  drain (disks) by " \
	"uid:0\n"

#define SERVICES_TABLE                                                           \
	"SERVICE           POOL  MODE           ACTIVE            TTL  FORCED\n" \
	"chat.example.com  chat  active-active  eu-west, us-east   30  -\n"      \
	"db.example.com    db    exclusive      nobody              5  -\n"

#define OVERRIDES_TABLE                                                                          \
	"ID  KIND      WHAT                       VALUE    BY     SINCE (UTC)          EXPIRES " \
	"(UTC)        REASON\n"                                                                  \
	" 3  drain     us-east                    -        uid:0  2026-01-02 03:04:05  -"        \
	"                    disks\n"                                                            \
	"12  dial      eu-west of db.example.com  50%      uid:0  2026-01-02 03:04:05  "         \
	"2026-01-02 04:04:05  -\n"                                                               \
	"13  failover  db.example.com             eu-west  uid:0  2026-01-02 03:04:05  -"        \
	"                    -\n"

static void assert_shows(const char *line, const char *request, const char *json,
			 const char *expected)
{
	struct fake f = { 0 };
	json_t *sent = json_loads(json, 0, NULL), *doc;
	char as_json[256];

	fake_answer(&f, request, json);
	fake_answer(&f, request, json);
	assert_int_equal(fake_run(&f, line), OUTCOME_DONE);
	assert_string_equal(f.out, expected);
	snprintf(as_json, sizeof(as_json), "-o json %s", line);
	assert_int_equal(fake_run(&f, as_json), OUTCOME_DONE);
	doc = json_loads(f.out, 0, NULL); /* one document, as the daemon gave it */
	assert_true(json_equal(doc, sent));
	json_decref(doc);
	json_decref(sent);
	fake_fini(&f);
}

static void lists_are_tables(void **state)
{
	assert_shows("regions", "GET /v1/regions", REGIONS, REGIONS_TABLE);
	assert_shows("services", "GET /v1/services", SERVICES, SERVICES_TABLE);
	assert_shows("override list", "GET /v1/overrides", OVERRIDES, OVERRIDES_TABLE);
	assert_shows(
		"members a&b", "GET /v1/members?service=a%26b",
		"[{\"region\": \"eu\", \"addresses\": [\"192.0.2.1\", \"2001:db8::1\"], "
		"\"health\": \"up\", \"why\": \"\", \"forced\": null, \"tier\": 0, \"weight\": "
		"100, \"dial\": 1.0, \"capacity\": 10, \"used\": 9, \"share\": 0.75, "
		"\"serving\": true}]",
		"REGION  ADDRESSES               HEALTH  SERVES  TIER  WEIGHT  DIAL  LOAD"
		"               SHARE  FORCED  WHY\n"
		"eu      192.0.2.1, 2001:db8::1  up      yes        0     100  100%  "
		"[#########.]  90%    75%  -       -\n");
	assert_shows("backends", "GET /v1/backends",
		     "[{\"pool\": \"p\", \"az\": \"a\", \"address\": \"10.0.0.1:80\", \"health\": "
		     "\"down\", \"forced\": null, \"weight\": 100, \"in_flight\": 3, \"max\": 64, "
		     "\"ejected_until\": null, \"reason\": \"connection refused\"}]",
		     "POOL  AZ  ADDRESS      HEALTH  WEIGHT  IN FLIGHT  EJECTED UNTIL  FORCED  "
		     "WHY\n"
		     "p     a   10.0.0.1:80  down       100       3/64  -              -       "
		     "connection refused\n");
}

static void empty_lists_say_so(void **state)
{
	assert_shows("regions", "GET /v1/regions", "[]", "No region is configured.\n");
	assert_shows("services", "GET /v1/services", "[]", "No service is configured.\n");
	assert_shows("override list", "GET /v1/overrides", "[]", "Nothing is forced.\n");
	assert_shows("backends", "GET /v1/backends", "[]", "No backend is configured.\n");
	assert_shows("events --last 5", "GET /v1/events?last=5", "[]", "Nothing has happened.\n");
	assert_shows("audit --last 5", "GET /v1/audit?last=5", "[]", "Nobody has done anything.\n");
}

/* ---- status ---- */

static void status_is_one_screen_with_what_is_wrong(void **state)
{
	assert_shows(
		"status", "GET /v1/status",
		"{\"nodes\": [{\"name\": \"ns1\", \"version\": \"0.1.0\", \"mode\": "
		"\"standalone\", "
		"\"generation\": 7, \"started\": \"2026-01-02T03:04:05.678Z\", \"classes\": 12}], "
		"\"regions\": " REGIONS ", \"services\": " SERVICES ", \"probers\": [{\"name\": "
		"\"fra\", \"linked\": true, \"trusted\": false, \"targets\": 3, \"failing\": 2}], "
		"\"overrides\": " OVERRIDES ", \"problems\": [{\"severity\": \"critical\", "
		"\"what\": \"chat.example.com: us-east is down\", \"since\": 75.2}, {\"severity\": "
		"\"warning\", \"what\": \"a director is away\", \"since\": null}]}",
		"name server ns1  (Fairlead 0.1.0, standalone)\n"
		"up since 2026-01-02 03:04:05 UTC, generation 7, 12 classes of clients\n"
		"\nRegions\n" REGIONS_TABLE "\nServices\n" SERVICES_TABLE "\nProbers\n"
		"PROBER  LINKED  TRUSTED  TARGETS  FAILING\n"
		"fra     yes     no             3        2\n"
		"\nForced\n" OVERRIDES_TABLE "\nProblems\n"
		"  critical  chat.example.com: us-east is down (for 1m 15s)\n"
		"  warning   a director is away\n"
		"\nfairlead members SERVICE                its regions, and why one is down\n"
		"fairlead explain NAME --client ADDRESS  why a client gets its answer\n"
		"fairlead events --last 20               what happened, newest last\n");
}

static void a_quiet_fleet_has_no_problems(void **state)
{
	assert_shows("status", "GET /v1/status",
		     "{\"nodes\": [{\"name\": \"ns1\"}], \"regions\": [{\"name\": \"eu\", "
		     "\"health\": \"unknown\"}], \"services\": [], \"overrides\": [], "
		     "\"problems\": []}",
		     "name server ns1  (Fairlead -, -)\n"
		     "up since - UTC, generation -, - classes of clients\n"
		     "\nRegions\n"
		     "REGION  HEALTH   LOAD  USED  CAPACITY  NODES  REPORT  FORCED\n"
		     "eu      unknown  -        -         -      0       -  -\n"
		     "\nServices\nNo service is configured.\n"
		     "\nProblems\n  none\n"
		     "  no regiond and no prober has reported yet: members are unknown, and "
		     "serve\n");
}

static void a_regionds_status_is_its_own(void **state)
{
	assert_shows(
		"status", "GET /v1/status",
		"{\"nodes\": [{\"fleet\": \"f\", \"region\": \"eu\", \"node\": \"eu-1\", "
		"\"version\": \"0.1.0\", \"state\": \"serving\", \"uptime_s\": 61, \"workers\": 2, "
		"\"connections\": 5, \"forced\": null}], \"regions\": [\"eu\"], \"services\": "
		"[{\"name\": \"s\", \"pool\": \"p\", \"listen\": [\"127.0.0.1:80\"], \"health\": "
		"\"up\", \"reason\": \"\", \"capacity\": 64, \"used\": 16, \"backends_up\": 1, "
		"\"backends_all\": 2}], \"overrides\": [], \"problems\": []}",
		"regiond eu-1 of eu  (Fairlead 0.1.0, serving)\n"
		"up for 1m 1s, 5 connections on 2 workers\n"
		"\nServices\n"
		"SERVICE  POOL  LISTENS       HEALTH  LOAD               BACKENDS UP  WHY\n"
		"s        p     127.0.0.1:80  up      [###.......]  25%          1/2  -\n"
		"\nProblems\n  none\n");
}

static void the_wrong_daemon_is_named(void **state)
{
	struct fake f = { 0 };

	fake_refuse(&f, "GET /v1/backends", "no_path", "GET /v1/backends: there is no such path");
	assert_int_equal(fake_run(&f, "backends"), OUTCOME_FAILED);
	assert_string_equal(f.err,
			    "fairlead: this daemon does not offer `backends`: is it the right "
			    "one? (-s, -H)\n");
	fake_refuse(&f, "GET /v1/members?service=x", "not_found", "there is no service /v1/x");
	assert_int_equal(fake_run(&f, "members x"), OUTCOME_FAILED);
	assert_string_equal(f.err, "fairlead: there is no service /v1/x\n");
	fake_fini(&f);
}

/* ---- explain ---- */

#define EXPLAINED                                                                                  \
	"{\"service\": \"s.example.com\", \"client\": \"192.0.2.7\", \"class\": 4, \"location\": " \
	"{\"country\": \"BR\", \"lat\": -23.55, \"lon\": -46.63}, \"rule\": \"topology rule 2\", " \
	"\"scope\": 17, \"scope_reason\": \"widest\", \"ttl\": 20, \"ttl_reason\": \"failing "     \
	"over\", \"panic\": false, \"answer\": [\"192.0.2.20\", \"192.0.2.21\"], \"epoch\": 0, "   \
	"\"candidates\": [{\"region\": \"ap\", \"chosen\": false, \"kept\": false, \"rule\": \"3 " \
	"health\", \"rtt_ms\": 119.2, \"rtt_source\": \"distance\", \"rtt_samples\": 0, "          \
	"\"health\": \"down\", \"why\": \"refused\", \"forced\": null, \"load\": null, "           \
	"\"share\": "                                                                              \
	"1.0}, {\"region\": \"eu\", \"chosen\": false, \"kept\": true, \"rule\": \"8 distance\", " \
	"\"rtt_ms\": null, \"health\": \"up\", \"forced\": null, \"load\": 0.5, \"share\": 1.0}, " \
	"{\"region\": \"us\", \"chosen\": true, \"kept\": true, \"rule\": \"5 prefer\", "          \
	"\"rtt_ms\": 65, \"rtt_source\": \"measured\", \"rtt_samples\": 40, \"health\": \"up\", "  \
	"\"forced\": null, \"load\": 0.25, \"share\": 0.5}]}"

static void explain_tells_who_which_and_why(void **state)
{
	assert_shows("explain s.example.com --client 192.0.2.7",
		     "GET /v1/explain?name=s.example.com&client=192.0.2.7", EXPLAINED,
		     "192.0.2.7 asks for s.example.com\n"
		     "  place   BR at -23.5500, -46.6300\n"
		     "  class   4\n"
		     "  rule    topology rule 2 matches this client\n"
		     "\nCandidates, and the rule that decided (docs/decision.md)\n"
		     "#  REGION  FATE     BY RULE     HEALTH  RTT                       LOAD  DIAL"
		     "  FORCED  WHY\n"
		     "1  us      chosen   5 prefer    up      65.0 ms (measured, n=40)   25%   50%"
		     "  -       -\n"
		     "2  eu      kept     8 distance  up      -                          50%  100%"
		     "  -       -\n"
		     "3  ap      dropped  3 health    down    119.2 ms by distance         -  100%"
		     "  -       refused\n"
		     "\nAnswer\n"
		     "  192.0.2.20, 192.0.2.21\n"
		     "  TTL    20  (failing over)\n"
		     "  scope  /17  (widest)\n");
}

static void explain_sends_type_and_prefix(void **state)
{
	struct fake f = { 0 };

	fake_answer(&f, "GET /v1/explain?name=s&type=AAAA&client=2001%3Adb8%3A%3A%2F32",
		    "{\"service\": \"s\", \"client\": \"2001:db8::\", \"panic\": true, \"answer\": "
		    "[], \"candidates\": [{\"region\": \"eu\", \"rule\": \"3 health\", \"why\": "
		    "\"refused\", \"note\": \"well again, in hold_down\"}]}");
	assert_int_equal(fake_run(&f, "explain s AAAA --client 2001:db8::/32"), OUTCOME_DONE);
	assert_non_null(strstr(f.out, "  panic   no member may serve"));
	assert_non_null(strstr(f.out, "  no address of this type\n"));
	assert_non_null(strstr(f.out, "well again, in hold_down"));
	assert_null(strstr(f.out, "refused"));
	assert_non_null(strstr(f.out, "  place   not known\n"));
	fake_fini(&f);
}

/* ---- history ---- */

#define EVENT(seq, kind, region)                                                                  \
	"{\"seq\": " seq ", \"time\": \"2026-01-02T03:04:05.678Z\", \"kind\": \"" kind            \
	"\", \"service\": \"s\", \"region\": \"" region                                           \
	"\", \"from\": \"up\", \"to\": \"down\", \"epoch\": 0, \"cause\": \"vantages\", \"by\": " \
	"\"fairlead\", \"reason\": \"\"}"

static void events_are_read_page_by_page(void **state)
{
	struct fake f = { 0 };
	json_t *doc;

	fake_answer(&f, "GET /v1/events?after=0",
		    "[" EVENT("1", "health", "eu") "," EVENT("2", "health", "us") "]");
	fake_answer(&f, "GET /v1/events?after=2", "[" EVENT("5", "drain", "us") "]");
	fake_answer(&f, "GET /v1/events?after=5", "[]");
	assert_int_equal(fake_run(&f, "events -o json"), OUTCOME_DONE);
	doc = json_loads(f.out, 0, NULL);
	assert_int_equal(json_array_size(doc), 3);
	json_decref(doc);
	fake_fini(&f);
}

static void last_keeps_the_newest(void **state)
{
	struct fake f = { 0 };

	fake_answer(&f, "GET /v1/events?last=2&after=7",
		    "[" EVENT("9", "health", "us") "," EVENT("10", "drain", "us") "]");
	assert_int_equal(fake_run(&f, "events --after 7 --last 2"), OUTCOME_DONE);
	assert_string_equal(f.out, "SEQ  TIME (UTC)           KIND    SERVICE  REGION  FROM  TO    "
				   "CAUSE     BY        "
				   "REASON\n"
				   "  9  2026-01-02 03:04:05  health  s        us      up    down  "
				   "vantages  fairlead  "
				   "-\n"
				   " 10  2026-01-02 03:04:05  drain   s        us      up    down  "
				   "vantages  fairlead  "
				   "-\n");
	fake_fini(&f);
}

static void a_daemon_that_repeats_itself_ends_the_reading(void **state)
{
	struct fake f = { 0 };

	fake_answer(&f, "GET /v1/events?after=0", "[" EVENT("4", "health", "eu") "]");
	fake_answer(&f, "GET /v1/events?after=4", "[" EVENT("4", "health", "eu") "]");
	assert_int_equal(fake_run(&f, "events -o json"), OUTCOME_DONE);
	fake_fini(&f);
}

/* More than a daemon gives at once: page by page from the end backwards. */
static void many_are_read_backwards(void **state)
{
	struct fake f = { 0 };
	struct buf page = BUF_INIT;
	json_t *doc;

	buf_add_str(&page, "[");
	for (int i = 0; i < 1000; i++)
		buf_printf(&page, "%s{\"seq\": %d}", i ? "," : "", 501 + i);
	buf_add_str(&page, "]");
	fake_answer(&f, "GET /v1/events?last=1000", buf_text(&page));
	fake_answer(&f, "GET /v1/events?last=200&before=501",
		    "[" EVENT("499", "drain", "us") "," EVENT("500", "drain", "us") "]");
	assert_int_equal(fake_run(&f, "events --last 1200 -o json"), OUTCOME_DONE);
	doc = json_loads(f.out, 0, NULL);
	assert_int_equal(json_array_size(doc), 1002);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(doc, 0), "seq")), 499);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(doc, 2), "seq")), 501);
	json_decref(doc);
	buf_fini(&page);
	fake_fini(&f);
}

static void follow_goes_on_until_the_daemon_goes(void **state)
{
	struct fake f = { 0 };

	fake_answer(&f, "GET /v1/events?last=10", "[" EVENT("1", "health", "eu") "]");
	fake_answer(&f, "GET /v1/events?after=1", "[]");
	fake_answer(&f, "GET /v1/events?after=1", "[" EVENT("2", "drain", "us") "]");
	assert_int_equal(fake_run(&f, "events --follow"), OUTCOME_UNREACHED);
	assert_string_equal(f.out, "TIME (UTC)           KIND      WHAT\n"
				   "2026-01-02 03:04:05  health    s: eu up -> down (vantages)\n"
				   "2026-01-02 03:04:05  drain     s: us up -> down (vantages)\n");
	assert_int_equal(fake_paused_ms, 3000);
	fake_fini(&f);
}

static void following_as_json_gives_an_object_a_line(void **state)
{
	struct fake f = { 0 };
	json_t *doc;

	fake_answer(&f, "GET /v1/events?last=10",
		    "[" EVENT("1", "health", "eu") "," EVENT("2", "health", "us") "]");
	fake_answer(&f, "GET /v1/events?after=2", "[]");
	assert_int_equal(fake_run(&f, "events --follow -o json"), OUTCOME_UNREACHED);
	doc = json_loads(f.out, JSON_DISABLE_EOF_CHECK, NULL);
	assert_int_equal(json_integer_value(json_object_get(doc, "seq")), 1);
	assert_string_equal(
		strchr(f.out, '\n') + 1 + strcspn(strchr(f.out, '\n') + 1, "\n") + 1,
		"{\"error\":{\"code\":\"unreached\",\"message\":\"nobody answers\"}}\n");
	json_decref(doc);
	fake_fini(&f);
}

static void audit_verifies_the_chain(void **state)
{
	struct fake f = { 0 };

	fake_answer(&f, "GET /v1/audit?verify=1&poll=1",
		    "{\"run\": 3, \"running\": true, \"done\": 0, \"total\": 0}");
	fake_answer(&f, "GET /v1/audit?verify=1&poll=1&run=3",
		    "{\"run\": 3, \"running\": true, \"done\": 5, \"total\": 10}");
	fake_answer(&f, "GET /v1/audit?verify=1&poll=1&run=3",
		    "{\"run\": 3, \"whole\": true, \"rows\": 8, \"events\": 2}");
	assert_int_equal(fake_run(&f, "audit --verify"), OUTCOME_DONE);
	assert_string_equal(f.out, "The chain is whole: 8 rows of the audit and 2 events, each "
				   "with the right hash.\n");
	fake_refuse(&f, "GET /v1/audit?verify=1&poll=1", "input", "audit row 3 does not fit");
	assert_int_equal(fake_run(&f, "audit --verify"), OUTCOME_FAILED);
	assert_string_equal(f.err, "fairlead: audit row 3 does not fit\n");
	fake_fini(&f);
}

/* ---- help ---- */

static void a_probers_status_is_what_it_sees(void **state)
{
	static const char status[] =
		"{\"node\": \"p1\", \"fleet\": \"ex\", \"software\": \"fairlead-proberd 1\", "
		"\"probes\": "
		"{\"per_second\": 100, \"need_per_second\": 120, \"stretch\": 1.2}, \"directors\": "
		"[{\"director\": \"ns1:7353\", \"node\": \"ns1\", \"up\": true, \"targets\": 1, "
		"\"trouble\": \"\"}, {\"director\": \"ns2:7353\", \"node\": \"\", \"up\": false, "
		"\"targets\": 0, \"trouble\": \"refused\"}], \"targets\": [{\"pool\": \"web\", "
		"\"region\": \"eu\", \"monitor\": \"site\", \"address\": \"192.0.2.1:80\", "
		"\"health\": \"down\", \"rtt_us\": 1500, \"reason\": \"HTTP 503\"}, {\"pool\": "
		"\"web\", \"region\": \"eu\", \"monitor\": \"site\", \"address\": "
		"\"192.0.2.1:80\", "
		"\"health\": \"down\", \"rtt_us\": 1400, \"reason\": \"HTTP 503\"}]}";

	assert_shows(
		"status", "GET /v1/status", status,
		"prober p1 of fleet ex  (fairlead-proberd 1)\n"
		"120 checks a second needed, 100 allowed: each check comes later than its monitor "
		"asks\n"
		"\nName servers\n"
		"NAME SERVER  NODE  LINKED  TARGETS  WRONG\n"
		"ns1:7353     ns1   yes           1  -\n"
		"ns2:7353     -     no            0  refused\n"
		"\nTargets\n"
		"POOL  REGION  ADDRESS       MONITOR  SEEN     RTT  WHY\n"
		"web   eu      192.0.2.1:80  site     down  1.5 ms  HTTP 503\n");
}

static void problems_of_one_cause_are_one_line(void **state)
{
	static const char status[] =
		"{\"nodes\": [], \"problems\": [{\"severity\": \"critical\", \"kind\": "
		"\"region_down\", "
		"\"what\": \"eu is down: 2 services\", \"since\": 3, \"count\": 2, \"subjects\": "
		"[\"a.example.com\", \"b.example.com\"]}]}";
	struct fake f = { 0 };

	fake_answer(&f, "GET /v1/status", status);
	fake_answer(&f, "GET /v1/status", status);
	fake_run(&f, "status");
	assert_non_null(strstr(f.out, "  critical  eu is down: 2 services (for 3.0s)\n"
				      "  fairlead status --all names each service\n"));
	fake_run(&f, "status --all");
	assert_non_null(strstr(f.out, "  critical  eu is down: 2 services (for 3.0s)\n"
				      "            a.example.com\n"
				      "            b.example.com\n"));
	assert_null(strstr(f.out, "--all"));
	fake_fini(&f);
}

static void monitoring_gets_an_exit_status(void **state)
{
	static const struct {
		const char *problems;
		int status;
	} rows[] = {
		{ "[]", 0 },
		{ "[{\"severity\": \"warning\", \"what\": \"w\"}]", 1 },
		{ "[{\"severity\": \"critical\", \"what\": \"c\"}, {\"severity\": \"warning\", "
		  "\"what\": \"w\"}]",
		  2 },
	};
	char json[256];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fake f = { 0 };

		snprintf(json, sizeof(json), "{\"nodes\": [], \"problems\": %s}", rows[i].problems);
		fake_answer(&f, "GET /v1/status", json);
		fake_answer(&f, "GET /v1/status", json);
		assert_int_equal(fake_run(&f, "status --exit-code"), rows[i].status);
		assert_int_equal(fake_run(&f, "status"), 0);
		fake_fini(&f);
	}
}

static void help_lists_every_verb_and_no_line_is_too_long(void **state)
{
	static const char *const lines[] = { "--help", "help", "-h", "override --help",
					     "help override" };
	struct fake f = { 0 };

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		assert_int_equal(fake_run(&f, lines[i]), OUTCOME_DONE);
		assert_non_null(strstr(f.out, "\n  override clear    Take one of them back\n"));
		assert_null(strstr(f.out, "whatif"));
		for (char *line = f.out; *line; line += strcspn(line, "\n") + 1)
			assert_true(strcspn(line, "\n") < 80);
	}
	fake_fini(&f);
}

static void every_verb_has_its_own_help(void **state)
{
	struct fake f = { 0 };

	assert_int_equal(fake_run(&f, "help override clear"), OUTCOME_DONE);
	assert_non_null(strstr(f.out, "Usage: fairlead override clear ID [OPTION...]\n"));
	assert_int_equal(fake_run(&f, "drain --help"), OUTCOME_DONE);
	assert_non_null(strstr(f.out, "--reason TEXT"));
	assert_null(strstr(f.out, "--client"));
	assert_int_equal(fake_run(&f, "help drian"), OUTCOME_USAGE);
	assert_int_equal(fake_run(&f, "help whatif"), OUTCOME_FAILED);
	assert_int_equal(fake_run(&f, "config push f.yaml"), OUTCOME_FAILED);
	assert_string_equal(f.err, "fairlead: `config push` is not in this version\n");
	assert_int_equal(fake_run(&f, "--version"), OUTCOME_DONE);
	assert_string_equal(f.out, "fairlead " PACKAGE_VERSION "\n");
	assert_int_equal(fake_run(&f, ""), OUTCOME_USAGE);
	fake_fini(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_are_tables),
		cmocka_unit_test(empty_lists_say_so),
		cmocka_unit_test(status_is_one_screen_with_what_is_wrong),
		cmocka_unit_test(a_quiet_fleet_has_no_problems),
		cmocka_unit_test(a_regionds_status_is_its_own),
		cmocka_unit_test(the_wrong_daemon_is_named),
		cmocka_unit_test(explain_tells_who_which_and_why),
		cmocka_unit_test(explain_sends_type_and_prefix),
		cmocka_unit_test(events_are_read_page_by_page),
		cmocka_unit_test(last_keeps_the_newest),
		cmocka_unit_test(a_daemon_that_repeats_itself_ends_the_reading),
		cmocka_unit_test(many_are_read_backwards),
		cmocka_unit_test(follow_goes_on_until_the_daemon_goes),
		cmocka_unit_test(following_as_json_gives_an_object_a_line),
		cmocka_unit_test(audit_verifies_the_chain),
		cmocka_unit_test(a_probers_status_is_what_it_sees),
		cmocka_unit_test(problems_of_one_cause_are_one_line),
		cmocka_unit_test(monitoring_gets_an_exit_status),
		cmocka_unit_test(help_lists_every_verb_and_no_line_is_too_long),
		cmocka_unit_test(every_verb_has_its_own_help),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
