/* SPDX-License-Identifier: Apache-2.0 */
/* dispatch: from a command line to the verb that does it, and from its end to words and a status.
 */
#include "ctl/dispatch.h"

#include "ctl/say.h"
#include "ctl/verbs.h"

#include <stdlib.h>
#include <string.h>

/* ---- help ---- */

static void list_verbs(const char *family, struct buf *text)
{
	size_t n, len = family ? strlen(family) : 0;
	const struct verb *verbs = verbs_all(&n);

	for (size_t i = 0; i < n; i++) {
		if (family &&
		    (strncmp(verbs[i].name, family, len) != 0 || verbs[i].name[len] != ' '))
			continue;
		if (!family && verbs[i].group)
			buf_printf(text, "\n%s:\n", verbs[i].group);
		buf_printf(text, "  %-17s %s\n", verbs[i].name, verbs[i].does);
	}
}

static void help_program(struct cli *cli)
{
	struct buf text = BUF_INIT;

	buf_add_str(&text, "Usage: fairlead [OPTION...] VERB [WORD...] [OPTION...]\n\n"
			   "Shows and steers which region's address clients get, and why.\n");
	list_verbs(NULL, &text);
	fputs(buf_text(&text), cli->out);
	args_help_common(cli->out);
	fputs("\n`fairlead help VERB` tells more of one.\n"
	      "Exit: 0 done, 1 refused or failed, 2 wrong usage, 3 no daemon reached,\n"
	      "      4 refused by a safety rule, 5 not allowed.\n",
	      cli->out);
	buf_fini(&text);
}

/* `help override`: all verbs that begin so. */
static bool help_family(struct cli *cli, int n, char **words)
{
	struct buf text = BUF_INIT;
	bool is_family;

	if (n != 1)
		return false;
	list_verbs(words[0], &text);
	is_family = text.len > 0;
	if (is_family)
		fprintf(cli->out, "%s\n`fairlead help VERB` tells more of one.\n", buf_text(&text));
	buf_fini(&text);
	return is_family;
}

/* `help`, `help override`, `help override list`. */
static enum outcome help(struct cli *cli, int n, char **words)
{
	const struct verb *verb;
	int used;

	if (!n || words[0][0] == '-' || strcmp(words[0], "help") == 0) {
		help_program(cli);
		return OUTCOME_DONE;
	}
	if (help_family(cli, n, words))
		return OUTCOME_DONE;
	verb = verbs_find(n, words, &used, &cli->failure);
	if (!verb)
		return outcome_of(cli->failure.code);
	args_help(verb, cli->out);
	return OUTCOME_DONE;
}

/* ---- a verb ---- */

static enum outcome run_verb(struct cli *cli, int n, char **words)
{
	enum outcome outcome;
	int used;

	cli->verb = verbs_find(n, words, &used, &cli->failure);
	if (!cli->verb && n > 1 &&
	    (strcmp(words[n - 1], "--help") == 0 || strcmp(words[n - 1], "-h") == 0)) {
		if (!help_family(cli, n - 1, words)) /* `override --help` */
			help_program(cli);
		return OUTCOME_DONE;
	}
	if (!cli->verb)
		return outcome_of(cli->failure.code);
	/* The verb's last word stands where argp looks for a program's name. */
	outcome = args_parse_verb(cli->verb, n - used + 1, words + used - 1, &cli->args,
				  &cli->failure);
	if (outcome != OUTCOME_DONE)
		return outcome;
	if (cli->args.wants_help)
		args_help(cli->verb, cli->out);
	else if (cli->args.wants_version)
		fprintf(cli->out, "fairlead %s\n", PACKAGE_VERSION);
	else
		outcome = cli->verb->run(cli);
	return outcome;
}

static enum outcome run(struct cli *cli, int argc, char **argv)
{
	int first;
	enum outcome outcome = args_parse_common(argc, argv, &cli->args, &first, &cli->failure);

	if (outcome != OUTCOME_DONE)
		return outcome;
	if (cli->args.wants_version) {
		fprintf(cli->out, "fairlead %s\n", PACKAGE_VERSION);
		return OUTCOME_DONE;
	}
	if (cli->args.wants_help)
		return help(cli, 0, NULL);
	if (first == argc)
		return cli_wrong(cli, "usage", "a verb is missing, such as `fairlead status`");
	if (strcmp(argv[first], "help") == 0)
		return help(cli, argc - first - 1, argv + first + 1);
	return run_verb(cli, argc - first, argv + first);
}

/* ---- the end ---- */

static void tell_problem(struct cli *cli, enum outcome outcome, bool as_json)
{
	const struct failure *p = &cli->failure;
	size_t len = strlen(p->e.text);
	json_t *message, *doc;

	if (as_json) {
		message = json_string(p->e.text);
		doc = json_pack("{s:{s:s, s:o}}", "error", "code", p->code, "message",
				message ? message : json_string("(not UTF-8)"));
		cli_give_json(cli, doc);
		json_decref(doc);
	}
	fputs("fairlead: ", cli->err);
	say_lines(cli->err, p->e.text);
	fputs(len && p->e.text[len - 1] == '\n' ? "" : "\n", cli->err);
	if (outcome == OUTCOME_USAGE)
		fprintf(cli->err, "try `fairlead help%s%s`\n", cli->verb ? " " : "",
			cli->verb ? cli->verb->name : "");
}

/* What was printed into a full disk has not been told. */
static enum outcome close_output(struct cli *cli, enum outcome outcome)
{
	if (fflush(cli->out) == 0 && !ferror(cli->out))
		return outcome;
	if (outcome == OUTCOME_DONE)
		fputs("fairlead: standard output cannot be written\n", cli->err);
	return outcome == OUTCOME_DONE ? OUTCOME_FAILED : outcome;
}

int dispatch_run(struct cli *cli, int argc, char **argv)
{
	bool as_json = args_want_json(argc, argv);
	enum outcome outcome = run(cli, argc, argv);

	if (outcome != OUTCOME_DONE)
		tell_problem(cli, outcome, as_json || cli->args.is_json);
	cli_fini(cli);
	outcome = close_output(cli, outcome);
	return outcome == OUTCOME_DONE ? cli->status : (int)outcome;
}
