/* SPDX-License-Identifier: Apache-2.0 */
/* verb_config: `config check`, `reload`, `show`, `schema`, `reference`: configuration files. */
#include "core/file.h"
#include "core/suggest.h"
#include "ctl/say.h"
#include "ctl/verbs.h"
#include "schema/config/config.h"
#include "schema/config/dnsd_config.h"
#include "schema/config/proberd_config.h"
#include "schema/config/regiond_config.h"
#include "schema/config/yaml.h"

#include <stdlib.h>
#include <string.h>

#define FILE_MAX	 (16u << 20)
#define RELOAD_TIMEOUT_S 300 /* a large zone or database is read first */

static const char *const program_names[] = { "dnsd", "regiond", "proberd" };
#define PROGRAMS (sizeof(program_names) / sizeof(program_names[0]))

/* ---- which program's ---- */

static enum outcome program_named(struct cli *cli, const char *name, enum config_program *out)
{
	struct suggest s;

	if (strncmp(name, "fairlead-", 9) == 0)
		name += 9;
	suggest_init(&s, name);
	for (size_t i = 0; i < PROGRAMS; i++) {
		if (strcmp(program_names[i], name) == 0) {
			*out = (enum config_program)i;
			return OUTCOME_DONE;
		}
		suggest_offer(&s, program_names[i]);
	}
	return cli_wrong(cli, "usage",
			 "there is no program %s, expected dnsd, regiond or proberd%s%s", name,
			 s.best ? "; did you mean " : "", s.best ? s.best : "");
}

static bool has_key(const struct yaml_node *root, const char *const *keys)
{
	for (; *keys; keys++)
		if (yaml_get(root, *keys))
			return true;
	return false;
}

/* By the keys that only one of them has. A file that is no YAML is a dnsd's until it is mended. */
static enum config_program program_of_text(const char *file, const char *text, size_t len)
{
	static const char *const of_regiond[] = { "region", "heartbeat", "access_log", NULL };
	static const char *const of_dnsd[] = { "zones",	 "regions", "topology", "geo",
					       "access", "safety",  NULL };
	static const char *const of_proberd[] = { "directors", "at", "limits", NULL };
	enum config_program program = CONFIG_DNSD;
	struct config_report report;
	struct yaml_node *root;
	struct arena *arena = arena_new();

	if (!arena)
		return program;
	config_report_init(&report);
	report_open(&report);
	if (yaml_parse(arena, text, len, report_source(&report, file, text, len), &report, &root) ==
		    ERR_OK &&
	    root) {
		if (has_key(root, of_dnsd))
			program = CONFIG_DNSD;
		else if (has_key(root, of_regiond))
			program = CONFIG_REGIOND;
		else if (has_key(root, of_proberd))
			program = CONFIG_PROBERD;
	}
	config_report_fini(&report);
	arena_free(arena);
	return program;
}

static enum outcome program_of_file(struct cli *cli, const char *file, enum config_program *out)
{
	struct err e;
	char *text;
	size_t len;
	enum err_code rc;

	if (cli->args.program)
		return program_named(cli, cli->args.program, out);
	rc = file_read(file, FILE_MAX, &text, &len, &e);
	if (rc != ERR_OK)
		return cli_err(cli, rc, &e);
	*out = program_of_text(file, text, len);
	free(text);
	return OUTCOME_DONE;
}

/* ---- check ---- */

static enum err_code load(enum config_program program, const char *file, struct config_report *r)
{
	struct dnsd_config *dnsd = NULL;
	struct regiond_config *regiond = NULL;
	struct proberd_config *proberd = NULL;
	enum err_code rc = ERR_INPUT;

	switch (program) {
	case CONFIG_DNSD: rc = config_dnsd_load(file, &dnsd, r); break;
	case CONFIG_REGIOND: rc = config_regiond_load(file, &regiond, r); break;
	case CONFIG_PROBERD: rc = config_proberd_load(file, &proberd, r); break;
	}
	config_dnsd_free(dnsd);
	config_regiond_free(regiond);
	config_proberd_free(proberd);
	return rc;
}

/* The report of a file goes to standard error as it is, for editors understand it. */
static void tell_report(struct cli *cli, const struct config_report *r, const char *file,
			const char *program)
{
	json_t *doc;

	say_lines(cli->err, buf_text((struct buf *)&r->errors));
	say_lines(cli->err, buf_text((struct buf *)&r->notes));
	if (r->n_errors)
		return;
	doc = json_pack("{s:s, s:s, s:b, s:i, s:s}", "file", file, "program", program, "good", 1,
			"notes", (int)r->n_notes, "report", buf_text((struct buf *)&r->notes));
	if (!cli_gave_json(cli, doc))
		say_line(cli, "green",
			 "%s: good, as the keys of fairlead-%s go (fairlead-%s -c %s --check reads "
			 "what it names, too)",
			 file, program, program, file);
	json_decref(doc);
}

enum outcome verb_config_check(struct cli *cli)
{
	const char *file = cli->args.words[0];
	enum config_program program = CONFIG_DNSD;
	enum outcome outcome = program_of_file(cli, file, &program);
	struct config_report report;
	enum err_code rc;

	if (outcome != OUTCOME_DONE)
		return outcome;
	config_report_init(&report);
	rc = load(program, file, &report);
	tell_report(cli, &report, file, program_names[program]);
	if (rc != ERR_OK)
		outcome = cli_wrong(cli, err_name(rc), "%s: %u %s as a fairlead-%s file", file,
				    report.n_errors, report.n_errors == 1 ? "mistake" : "mistakes",
				    program_names[program]);
	config_report_fini(&report);
	return outcome;
}

/* ---- reload, show ---- */

enum outcome verb_config_reload(struct cli *cli)
{
	json_t *body = json_object(), *done = NULL;
	const struct call_request request = {
		.method = "POST", .path = "/v1/reload", .body = body, .timeout_s = RELOAD_TIMEOUT_S
	};
	enum outcome outcome = body ? cli_send(cli, &request, &done) : cli_no_memory(cli);
	char generation[SAY_MAX], took[SAY_MAX];
	const char *report = json_string_value(json_object_get(done, "report"));

	json_decref(body);
	if (outcome == OUTCOME_DONE && !cli_gave_json(cli, done)) {
		if (report)
			say_lines(cli->err, report);
		if (json_object_get(done, "generation"))
			say_line(cli, NULL, "reloaded: generation %s serves, built in %s",
				 say_text(done, "generation", generation),
				 say_seconds(done, "took_s", took));
		else if (json_array_size(json_object_get(done, "live")))
			say_line(cli, NULL, "reloaded: live on %s",
				 say_list(done, "live", generation));
		else
			say_line(cli, NULL, "reloaded");
	}
	json_decref(done);
	return outcome;
}

/* JSON is YAML too: what is shown can be loaded. */
enum outcome verb_config_show(struct cli *cli)
{
	json_t *doc = NULL;
	enum outcome outcome = cli_get(cli, "/v1/config", &doc);

	if (outcome == OUTCOME_DONE)
		cli_give_json(cli, doc);
	json_decref(doc);
	return outcome;
}

/* ---- schema, reference ---- */

static enum outcome print_of(struct cli *cli,
			     void (*make)(enum config_program program, struct buf *out))
{
	enum config_program program = CONFIG_DNSD;
	enum outcome outcome = OUTCOME_DONE;
	struct buf text = BUF_INIT;

	if (cli->args.n_words)
		outcome = program_named(cli, cli->args.words[0], &program);
	if (outcome != OUTCOME_DONE)
		return outcome;
	make(program, &text);
	if (text.failed)
		outcome = cli_no_memory(cli);
	else
		fwrite(text.data, 1, text.len, cli->out);
	buf_fini(&text);
	return outcome;
}

enum outcome verb_config_schema(struct cli *cli)
{
	return print_of(cli, config_schema);
}

enum outcome verb_config_reference(struct cli *cli)
{
	if (cli->args.is_json)
		return cli_wrong(cli, "usage",
				 "the reference is a page to read: `config schema` is JSON");
	return print_of(cli, config_reference);
}
