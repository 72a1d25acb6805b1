/* SPDX-License-Identifier: Apache-2.0 */
/* args: the command line, taken apart: options for all verbs, then a verb's own. */
#include "ctl/args.h"

#include "core/suggest.h"
#include "core/units.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Keys of options: letters for those with a short form, the bit's number + 256 for a verb's own. */
#define KEY(bit)     (256 + __builtin_ctz(bit))
#define KEY_BIT(key) (1u << ((key)-256))

enum {
	KEY_SOCKET = 's',
	KEY_HOST = 'H',
	KEY_OUTPUT = 'o',
	KEY_HELP = '?',
	KEY_CERT = 512,
	KEY_KEY,
	KEY_CA,
	KEY_YES,
	KEY_VERSION,
};

static const struct argp_option verb_options[] = {
	{ "service", KEY(ARG_SERVICE), "SERVICE", 0, "Only for this service, not for all" },
	{ "to", KEY(ARG_TO), "REGION", 0, "The region to move to" },
	{ "client", KEY(ARG_CLIENT), "ADDRESS", 0,
	  "The client, or its resolver: an address or a prefix" },
	{ "backend", KEY(ARG_BACKEND), "ADDRESS:PORT", 0,
	  "Only this backend (asks the regiond of this machine)" },
	{ "pool", KEY(ARG_POOL), "POOL", 0,
	  "Only this pool's backends (asks the regiond of this machine)" },
	{ "node", KEY(ARG_NODE), NULL, 0, "The regiond of this machine as a whole" },
	{ "reason", KEY(ARG_REASON), "TEXT", 0, "Why: kept in the audit and shown to others" },
	{ "expires", KEY(ARG_EXPIRES), "DURATION", 0, "Take it back by itself after 30m, 12h, 7d" },
	{ "dry-run", KEY(ARG_DRY_RUN), NULL, 0, "Change nothing, tell what would move" },
	{ "force", KEY(ARG_FORCE), NULL, 0, "Do it although a safety rule refuses it; audited" },
	{ "wait", KEY(ARG_WAIT), NULL, 0,
	  "Return when it is done on every connected name server; "
	  "for drain, when the region is empty" },
	{ "follow", KEY(ARG_FOLLOW), NULL, 0, "Go on with what happens, until interrupted" },
	{ "verify", KEY(ARG_VERIFY), NULL, 0, "Check the chain of hashes instead of listing" },
	{ "after", KEY(ARG_AFTER), "SEQ", 0, "Only what came after this one" },
	{ "last", KEY(ARG_LAST), "N", 0, "Only the newest N" },
	{ "program", KEY(ARG_PROGRAM), "PROGRAM", 0,
	  "dnsd, regiond or proberd: whose file it is (else seen from its keys)" },
	{ "config", KEY(ARG_CONFIG), "FILE", 0,
	  "The name server's configuration, which names its state file" },
	{ "all", KEY(ARG_ALL), NULL, 0, "Also whom each problem concerns, not only how many" },
	{ "exit-code", KEY(ARG_EXIT_CODE), NULL, 0,
	  "End with 0 without a problem, 1 with a warning, 2 with a critical one" },
	{ "fleet", KEY(ARG_FLEET), "FLEET", 0, "The fleet's name, as in `fleet:` of every file" },
	{ "region", KEY(ARG_REGION), "REGION", 0, "The region of a regiond" },
	{ "address", KEY(ARG_ADDRESS), "NAME-OR-IP", 0,
	  "A name or address to add, for tools such as curl; may be repeated" },
	{ "days", KEY(ARG_DAYS), "N", 0, "How long it is valid" },
	{ 0 },
};

static const struct argp_option common_options[] = {
	{ "socket", KEY_SOCKET, "SOCKET", 0,
	  "The daemon's socket (that of this machine, in " FAIRLEAD_RUNDIR ")", 1 },
	{ "host", KEY_HOST, "HOST:PORT", 0,
	  "A name server elsewhere, over mutual TLS; needs --cert, --key and --ca "
	  "(or FAIRLEAD_HOST, _CERT, _KEY, _CA, or ~/.config/fairlead.yaml)",
	  1 },
	{ "cert", KEY_CERT, "FILE", 0, "Your certificate", 1 },
	{ "key", KEY_KEY, "FILE", 0, "Its key", 1 },
	{ "ca", KEY_CA, "FILE", 0, "The fleet's CA", 1 },
	{ "output", KEY_OUTPUT, "FORM", 0, "table or json (table)", 1 },
	{ "yes", KEY_YES, NULL, 0, "Do not ask before risky operations", 1 },
	{ "help", KEY_HELP, NULL, 0, "Print this", -1 },
	{ NULL, 'h', NULL, OPTION_ALIAS | OPTION_HIDDEN, NULL, -1 },
	{ "version", KEY_VERSION, NULL, 0, "Print the version", -1 },
	{ 0 },
};

#define OPTIONS_MAX 40

/* As argp sees it: the sentinel has nothing at all. */
static bool is_end(const struct argp_option *o)
{
	return !o->name && !o->key && !o->doc && !o->group;
}

/* The options of one verb (NULL = only those for all), with the sentinel. */
static void gather(const struct verb *verb, struct argp_option out[OPTIONS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; verb && verb_options[i].name; i++)
		if (verb->takes & KEY_BIT(verb_options[i].key))
			out[n++] = verb_options[i];
	for (size_t i = 0; !is_end(&common_options[i]); i++)
		out[n++] = common_options[i];
	out[n] = (struct argp_option){ 0 };
}

/* ---- values ---- */

struct parse {
	const struct verb *verb; /* NULL: the part before the verb */
	struct args *args;
	struct failure *failure;
	int rest; /* index of the first word, when there is no verb yet */
	int stop; /* where getopt stood when something was wrong */
};

/* Stops argp with what is wrong. */
static error_t wrong(struct parse *parse, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static error_t wrong(struct parse *parse, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	outcome_vset(parse->failure, "usage", fmt, args);
	va_end(args);
	return EINVAL;
}

static error_t set_output(struct parse *parse, const char *text)
{
	if (strcmp(text, "json") != 0 && strcmp(text, "table") != 0)
		return wrong(parse, "-o is `%s`, expected table or json", text);
	parse->args->is_json = text[0] == 'j';
	return 0;
}

static error_t set_number(struct parse *parse, const char *name, const char *text, uint64_t most,
			  uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || errno || *out > most)
		return wrong(parse, "--%s is `%s`, expected a whole number up to %llu", name, text,
			     (unsigned long long)most);
	return 0;
}

static error_t set_expires(struct parse *parse, const char *text)
{
	struct err e;

	if (units_parse_duration(text, &parse->args->expires_ms, &e) != ERR_OK)
		return wrong(parse, "--expires: %s", e.text);
	if (parse->args->expires_ms < 1000)
		return wrong(parse, "--expires is `%s`, expected at least 1s", text);
	return 0;
}

static error_t add_address(struct parse *parse, const char *text)
{
	if (parse->args->n_addresses == ARGS_ADDRESSES_MAX)
		return wrong(parse, "--address: there may be %d at most", ARGS_ADDRESSES_MAX);
	parse->args->addresses[parse->args->n_addresses++] = text;
	return 0;
}

static error_t set_verb_option(struct parse *parse, int key, const char *text)
{
	struct args *a = parse->args;
	uint64_t number = 0;
	error_t rc = 0;

	switch (KEY_BIT(key)) {
	case ARG_SERVICE: a->service = text; break;
	case ARG_TO: a->to = text; break;
	case ARG_CLIENT: a->client = text; break;
	case ARG_REASON: a->reason = text; break;
	case ARG_PROGRAM: a->program = text; break;
	case ARG_CONFIG: a->config = text; break;
	case ARG_FLEET: a->fleet = text; break;
	case ARG_REGION: a->region = text; break;
	case ARG_BACKEND: a->backend = text; break;
	case ARG_POOL: a->pool = text; break;
	case ARG_EXPIRES: rc = set_expires(parse, text); break;
	case ARG_ADDRESS: rc = add_address(parse, text); break;
	case ARG_DAYS:
		rc = set_number(parse, "days", text, UINT32_MAX, &number);
		a->days = (uint32_t)number;
		break;
	case ARG_LAST:
		rc = set_number(parse, "last", text, UINT32_MAX, &number);
		a->last = (uint32_t)number;
		break;
	case ARG_AFTER:
		rc = set_number(parse, "after", text, INT64_MAX, &number);
		a->after = (int64_t)number;
		break;
	}
	a->given |= KEY_BIT(key);
	return rc;
}

static error_t set_common_option(struct parse *parse, int key, const char *text)
{
	struct args *a = parse->args;

	switch (key) {
	case KEY_SOCKET: a->target.socket = text; return 0;
	case KEY_HOST: a->target.host = text; return 0;
	case KEY_CERT: a->target.certificate = text; return 0;
	case KEY_KEY: a->target.key = text; return 0;
	case KEY_CA: a->target.ca = text; return 0;
	case KEY_OUTPUT: return set_output(parse, text);
	case KEY_YES: a->is_yes = true; return 0;
	case 'h':
	case KEY_HELP: a->wants_help = true; return 0;
	case KEY_VERSION: a->wants_version = true; return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static error_t take_word(struct parse *parse, const char *word, struct argp_state *state)
{
	struct args *a = parse->args;

	if (!parse->verb) { /* the verb: what follows is its own */
		parse->rest = state->next - 1;
		state->next = state->argc;
		return 0;
	}
	if (a->n_words == parse->verb->words_max)
		return wrong(parse, "`%s` is one word too many: fairlead %s%s%s", word,
			     parse->verb->name, parse->verb->words[0] ? " " : "",
			     parse->verb->words);
	a->words[a->n_words++] = word;
	return 0;
}

static error_t take(int key, char *text, struct argp_state *state)
{
	struct parse *parse = state->input;

	if (key == ARGP_KEY_ARG)
		return take_word(parse, text, state);
	if (key == ARGP_KEY_ERROR)
		parse->stop = state->next;
	if (key >= KEY(1) && key < KEY_CERT)
		return set_verb_option(parse, key, text);
	return set_common_option(parse, key, text);
}

/* ---- what argp cannot read ---- */

static const struct argp_option *find_option(const struct argp_option *options, const char *name,
					     size_t len)
{
	for (; !is_end(options); options++)
		if (options->name && strncmp(options->name, name, len) == 0 && !options->name[len])
			return options;
	return NULL;
}

/* getopt says no more than that it failed: the word tells why. */
static void explain_long(const struct argp_option *options, const char *word, struct failure *p)
{
	size_t len = strcspn(word + 2, "=");
	const struct argp_option *option = find_option(options, word + 2, len);
	struct suggest s;
	char name[32];

	if (option && !option->arg && word[2 + len]) {
		outcome_usage(p, "--%s takes no value", option->name);
		return;
	}
	if (option) {
		outcome_usage(p, "--%s needs a value: --%s %s", option->name, option->name,
			      option->arg);
		return;
	}
	snprintf(name, sizeof(name), "%.*s", (int)len, word + 2);
	suggest_init(&s, name);
	for (size_t i = 0; !is_end(&options[i]); i++)
		if (options[i].name)
			suggest_offer(&s, options[i].name);
	outcome_usage(p, "there is no option --%.*s here%s%s%s", (int)len, word + 2,
		      s.best ? "; did you mean --" : "", s.best ? s.best : "", s.best ? "?" : "");
}

static void explain_short(const struct argp_option *options, const char *word, struct failure *p)
{
	for (; !is_end(options); options++)
		if (options->key == word[1]) {
			outcome_usage(p, "-%c needs a value: -%c %s", word[1], word[1],
				      options->arg ? options->arg : "");
			return;
		}
	outcome_usage(p, "there is no option -%c here", word[1]);
}

/* `next` is where getopt would have gone on: behind the word, or at it when letters are left. */
static void explain(const struct argp_option *options, int argc, char **argv, int next,
		    struct failure *p)
{
	for (int i = next - 1; i <= next; i++) {
		if (i < 1 || i >= argc || argv[i][0] != '-' || !argv[i][1])
			continue;
		if (argv[i][1] == '-' && argv[i][2])
			explain_long(options, argv[i], p);
		else
			explain_short(options, argv[i], p);
		return;
	}
	outcome_usage(p, "this command line cannot be read");
}

static enum outcome run_argp(struct parse *parse, int argc, char **argv, unsigned flags)
{
	struct argp_option options[OPTIONS_MAX];
	const struct argp argp = { .options = options, .parser = take };
	error_t rc;

	gather(parse->verb, options);
	parse->failure->code[0] = 0;
	rc = argp_parse(&argp, argc, argv, flags | ARGP_NO_HELP | ARGP_NO_EXIT | ARGP_NO_ERRS, NULL,
			parse);
	if (rc == 0)
		return OUTCOME_DONE;
	if (!parse->failure->code[0])
		explain(options, argc, argv, parse->stop, parse->failure);
	return OUTCOME_USAGE;
}

/* ---- the whole ---- */

enum outcome args_parse_common(int argc, char **argv, struct args *a, int *rest, struct failure *p)
{
	struct parse parse = { .args = a, .failure = p, .rest = argc };
	enum outcome outcome = run_argp(&parse, argc, argv, ARGP_IN_ORDER);

	if (outcome == OUTCOME_DONE)
		*rest = parse.rest;
	return outcome;
}

static enum outcome check_whole(const struct verb *verb, const struct args *a, struct failure *p)
{
	if (a->n_words < verb->words_min)
		return outcome_usage(p, "a word is missing: fairlead %s %s", verb->name,
				     verb->words);
	for (size_t i = 0; verb_options[i].name; i++)
		if (verb->needs & ~a->given & KEY_BIT(verb_options[i].key))
			return outcome_usage(p, "%s needs --%s %s", verb->name,
					     verb_options[i].name, verb_options[i].arg);
	return OUTCOME_DONE;
}

enum outcome args_parse_verb(const struct verb *verb, int argc, char **argv, struct args *a,
			     struct failure *p)
{
	struct parse parse = { .verb = verb, .args = a, .failure = p };
	enum outcome outcome = run_argp(&parse, argc, argv, 0);

	if (outcome != OUTCOME_DONE || a->wants_help || a->wants_version)
		return outcome;
	return check_whole(verb, a, p);
}

bool args_want_json(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char *value = NULL;

		if (strncmp(argv[i], "--output=", 9) == 0)
			value = argv[i] + 9;
		else if (strcmp(argv[i], "-o") == 0 || strcmp(argv[i], "--output") == 0)
			value = i + 1 < argc ? argv[i + 1] : NULL;
		else if (strncmp(argv[i], "-o", 2) == 0)
			value = argv[i] + 2;
		if (value && strcmp(value, "json") == 0)
			return true;
	}
	return false;
}

/* ---- help ---- */

#define HELP_COLUMN 27
#define HELP_WIDTH  79

/* Words of `text` from column `at` on, the lines after the first one indented by `indent`. */
static void put_wrapped(const char *text, size_t at, size_t indent, FILE *out)
{
	while (*text) {
		size_t len = strcspn(text, " ");

		if (at > indent && at + 1 + len > HELP_WIDTH) {
			fprintf(out, "\n%*s", (int)indent, "");
			at = indent;
		} else if (at > indent) {
			fputc(' ', out);
			at++;
		}
		fwrite(text, 1, len, out);
		at += len;
		text += len + strspn(text + len, " ");
	}
	fputc('\n', out);
}

static void put_option(const struct argp_option *o, FILE *out)
{
	char left[64], letter[8] = "    ";
	size_t len;

	if (o->key < 128 && o->key != KEY_HELP)
		snprintf(letter, sizeof(letter), "-%c, ", o->key);
	len = (size_t)snprintf(left, sizeof(left), "  %s--%s%s%s", letter, o->name,
			       o->arg ? " " : "", o->arg ? o->arg : "");
	if (len + 2 > HELP_COLUMN)
		fprintf(out, "%s\n%*s", left, HELP_COLUMN, "");
	else
		fprintf(out, "%-*s", HELP_COLUMN, left);
	put_wrapped(o->doc, HELP_COLUMN, HELP_COLUMN, out);
}

void args_help_common(FILE *out)
{
	fputs("\nFor every verb, before or after it:\n", out);
	for (size_t i = 0; !is_end(&common_options[i]); i++)
		if (common_options[i].name)
			put_option(&common_options[i], out);
}

void args_help(const struct verb *verb, FILE *out)
{
	bool has_options = false;

	fprintf(out, "Usage: fairlead %s%s%s [OPTION...]\n\n", verb->name,
		verb->words[0] ? " " : "", verb->words);
	fprintf(out, "%s.\n", verb->does);
	if (verb->more) {
		fputc('\n', out);
		put_wrapped(verb->more, 0, 0, out);
	}
	for (size_t i = 0; verb_options[i].name; i++)
		if (verb->takes & KEY_BIT(verb_options[i].key)) {
			fputs(has_options ? "" : "\n", out);
			has_options = true;
			put_option(&verb_options[i], out);
		}
	fputs("\n`fairlead help` lists the options for every verb: -s, -H, -o json, --yes.\n", out);
}
