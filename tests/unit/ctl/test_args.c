/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of ctl/args and ctl/verbs: from words to a verb and its arguments. */
#include "ctl/verbs.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

static char words[512];
static char *argv[32];
static int argc;
static struct args args;
static struct failure failure;

static void split(const char *line)
{
	char *save = NULL;

	snprintf(words, sizeof(words), "%s", line);
	argv[0] = (char *)"fairlead";
	argc = 1;
	for (char *w = strtok_r(words, " ", &save); w; w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	argv[argc] = NULL;
	args = (struct args){ 0 };
	memset(&failure, 0, sizeof(failure));
}

/* As dispatch does it: the common options, the verb, the rest. */
static enum outcome parse(const char *line, const struct verb **verb)
{
	int first, used;
	enum outcome outcome;

	split(line);
	outcome = args_parse_common(argc, argv, &args, &first, &failure);
	if (outcome != OUTCOME_DONE)
		return outcome;
	*verb = verbs_find(argc - first, argv + first, &used, &failure);
	if (!*verb)
		return outcome_of(failure.code);
	return args_parse_verb(*verb, argc - first - used + 1, argv + first + used - 1, &args,
			       &failure);
}

static void assert_good(const char *line, const char *name)
{
	const struct verb *verb = NULL;

	if (parse(line, &verb) != OUTCOME_DONE)
		fail_msg("`%s`: %s", line, failure.e.text);
	assert_string_equal(verb->name, name);
}

static void assert_wrong(const char *line, const char *text)
{
	const struct verb *verb = NULL;

	if (parse(line, &verb) != OUTCOME_USAGE)
		fail_msg("`%s` is taken", line);
	assert_string_equal(failure.code, "usage");
	assert_string_equal(failure.e.text, text);
}

static void every_verb_of_the_contract_is_read(void **state)
{
	static const struct {
		const char *line, *name;
	} lines[] = {
		{ "status", "status" },
		{ "regions", "regions" },
		{ "services", "services" },
		{ "members chat.example.com", "members" },
		{ "backends", "backends" },
		{ "explain chat.example.com --client 192.0.2.1", "explain" },
		{ "explain chat.example.com AAAA --client 192.0.2.0/24", "explain" },
		{ "drain eu-west --service s --wait --reason r --expires 1h --dry-run --force",
		  "drain" },
		{ "undrain eu-west --service s --wait --reason r --dry-run --force", "undrain" },
		{ "dial eu-west 25% --service s --reason r --expires 1h --wait", "dial" },
		{ "failover s --to eu-west --force --reason r --expires 1h --wait", "failover" },
		{ "failback s --reason r --dry-run --wait", "failback" },
		{ "override list", "override list" },
		{ "override clear 7 --reason r --dry-run --wait", "override clear" },
		{ "events --follow", "events" },
		{ "audit --verify", "audit" },
		{ "config check dnsd.yaml", "config check" },
		{ "config reload", "config reload" },
		{ "config show", "config show" },
		{ "config schema", "config schema" },
		{ "config schema regiond", "config schema" },
		{ "config reference", "config reference" },
		{ "backup f", "backup" },
		{ "restore f", "restore" },
		{ "cert init d --fleet f", "cert init" },
		{ "cert issue d dnsd ns1 --address a --address 192.0.2.1 --days 5", "cert issue" },
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_good(lines[i].line, lines[i].name);
}

static void common_options_stand_before_or_after_the_verb(void **state)
{
	assert_good("-s /s -o json --yes regions", "regions");
	assert_string_equal(args.target.socket, "/s");
	assert_true(args.is_json && args.is_yes);

	assert_good("members s -o json -H h:1 --cert c --key k --ca a", "members");
	assert_true(args.is_json);
	assert_string_equal(args.target.host, "h:1");
	assert_string_equal(args.target.certificate, "c");
	assert_string_equal(args.target.key, "k");
	assert_string_equal(args.target.ca, "a");
	assert_string_equal(args.words[0], "s");

	assert_good("-o json status -o table", "status"); /* the later one counts */
	assert_false(args.is_json);
}

static void options_and_words_mix(void **state)
{
	assert_good("dial --reason because eu-west --expires 90m 10%", "dial");
	assert_string_equal(args.words[0], "eu-west");
	assert_string_equal(args.words[1], "10%");
	assert_string_equal(args.reason, "because");
	assert_int_equal(args.expires_ms, 90 * 60 * 1000);
	assert_true(args.given & ARG_EXPIRES);
	assert_false(args.given & ARG_DRY_RUN);
	assert_good("drain -- --odd", "drain");
	assert_string_equal(args.words[0], "--odd");
}

static void numbers_and_lists_are_read(void **state)
{
	assert_good("events --after 17 --last 5", "events");
	assert_int_equal(args.after, 17);
	assert_int_equal(args.last, 5);
	assert_good("cert issue d regiond n --region eu --address a --address b", "cert issue");
	assert_int_equal(args.n_addresses, 2);
	assert_string_equal(args.addresses[1], "b");
}

static void a_wrong_value_is_named_with_what_was_expected(void **state)
{
	assert_wrong("drain a --expires soon",
		     "--expires: `soon` is not a duration, expected a number and ms, s, m, h or d, "
		     "in whole milliseconds");
	assert_wrong("drain a --expires 5ms", "--expires is `5ms`, expected at least 1s");
	assert_wrong("events --last many",
		     "--last is `many`, expected a whole number up to 4294967295");
	assert_wrong("events --after -1",
		     "--after is `-1`, expected a whole number up to 9223372036854775807");
	assert_wrong("cert issue d dnsd n --days 99999999999",
		     "--days is `99999999999`, expected a whole number up to 4294967295");
	assert_wrong("-o xml status", "-o is `xml`, expected table or json");
}

static void a_wrong_option_is_named_and_the_nearest_suggested(void **state)
{
	assert_wrong("drain a --reson x",
		     "there is no option --reson here; did you mean --reason?");
	assert_wrong("drain a --xyzzy=1", "there is no option --xyzzy here");
	assert_wrong("status --client x", "there is no option --client here");
	assert_wrong("-x status", "there is no option -x here");
	assert_wrong("status -xo", "there is no option -x here");
	assert_wrong("status -s", "-s needs a value: -s SOCKET");
	assert_wrong("drain a --reason", "--reason needs a value: --reason TEXT");
	assert_wrong("drain a --force=1", "--force takes no value");
	assert_wrong("--hst x status", "there is no option --hst here; did you mean --host?");
}

static void missing_and_surplus_words_are_named(void **state)
{
	assert_wrong("members", "a word is missing: fairlead members SERVICE");
	assert_wrong("dial eu-west", "a word is missing: fairlead dial REGION SHARE");
	assert_wrong("regions x", "`x` is one word too many: fairlead regions");
	assert_wrong("explain a A b --client c",
		     "`b` is one word too many: fairlead explain NAME [TYPE]");
	assert_wrong("explain a", "explain needs --client ADDRESS");
	assert_wrong("failover s", "failover needs --to REGION");
	assert_wrong("cert init d", "cert init needs --fleet FLEET");
}

static void an_unknown_verb_suggests_the_nearest(void **state)
{
	assert_wrong("drian a", "there is no verb `drian`; did you mean `drain`?");
	assert_wrong("stats", "there is no verb `stats`; did you mean `status`?");
	assert_wrong("cnofig show", "there is no verb `cnofig`; did you mean `config`?");
	assert_wrong("xyzzy", "there is no verb `xyzzy`");
	assert_wrong("override", "`override` needs one of: list, clear");
	assert_wrong("override clea 1",
		     "there is no `override clea`, there are: list, clear; did you mean clear?");
}

static void a_later_versions_verb_says_so(void **state)
{
	static const char *const lines[] = { "freeze",	      "thaw", "whatif --lose a",
					     "simulate f",    "top",  "cluster status",
					     "dnssec ds zone" };
	const struct verb *verb = NULL;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		assert_int_equal(parse(lines[i], &verb), OUTCOME_FAILED);
		assert_non_null(strstr(failure.e.text, "is not in this version"));
	}
}

static void json_is_wanted_even_where_nothing_else_can_be_read(void **state)
{
	static const char *const yes[] = { "-o json x", "--xyzzy -o json", "-ojson",
					   "--output=json", "a --output json" };
	static const char *const no[] = { "status", "-o table", "-o", "json" };

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		split(yes[i]);
		assert_true(args_want_json(argc, argv));
	}
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
		split(no[i]);
		assert_false(args_want_json(argc, argv));
	}
}

/* A line of --help is 80 columns at most, or it is broken in the middle of the list. */
static void every_verb_fits_its_line_of_the_help(void **state)
{
	size_t n;
	const struct verb *verbs = verbs_all(&n);

	for (size_t i = 0; i < n; i++) {
		assert_true(strlen(verbs[i].name) <= 16);
		if (strlen(verbs[i].does) > 58)
			fail_msg("%s: \"%s\" is too long for the list", verbs[i].name,
				 verbs[i].does);
		assert_int_equal(verbs[i].needs & ~verbs[i].takes, 0);
		assert_true(verbs[i].words_min <= verbs[i].words_max);
		assert_true(verbs[i].words_max <= ARGS_WORDS_MAX);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_verb_of_the_contract_is_read),
		cmocka_unit_test(common_options_stand_before_or_after_the_verb),
		cmocka_unit_test(options_and_words_mix),
		cmocka_unit_test(numbers_and_lists_are_read),
		cmocka_unit_test(a_wrong_value_is_named_with_what_was_expected),
		cmocka_unit_test(a_wrong_option_is_named_and_the_nearest_suggested),
		cmocka_unit_test(missing_and_surplus_words_are_named),
		cmocka_unit_test(an_unknown_verb_suggests_the_nearest),
		cmocka_unit_test(a_later_versions_verb_says_so),
		cmocka_unit_test(json_is_wanted_even_where_nothing_else_can_be_read),
		cmocka_unit_test(every_verb_fits_its_line_of_the_help),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
