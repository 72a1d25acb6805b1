/* SPDX-License-Identifier: Apache-2.0 */
/* verb_backup: `backup FILE` and `restore FILE`: the state that survives. */
#include "core/file.h"
#include "ctl/say.h"
#include "ctl/verbs.h"
#include "schema/config/config.h"
#include "schema/config/dnsd_config.h"
#include "schema/sql/store.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BACKUP_TIMEOUT_S 600

/* The daemon writes the file, and has another working directory. */
static enum outcome absolute(struct cli *cli, const char *file, char out[PATH_MAX])
{
	char here[PATH_MAX];

	if (file[0] != '/' && cli->args.target.host)
		return cli_wrong(cli, "usage",
				 "%s: the name server writes it on its own machine, expected an "
				 "absolute path",
				 file);
	if (file[0] != '/' && !getcwd(here, sizeof(here)))
		return cli_wrong(cli, "io", "the working directory: %s", strerror(errno));
	if (snprintf(out, PATH_MAX, "%s%s%s", file[0] == '/' ? "" : here, file[0] == '/' ? "" : "/",
		     file) >= PATH_MAX)
		return cli_wrong(cli, "usage", "the path is too long");
	return OUTCOME_DONE;
}

enum outcome verb_backup(struct cli *cli)
{
	char path[PATH_MAX], text[SAY_MAX];
	enum outcome outcome = absolute(cli, cli->args.words[0], path);
	struct call_request request = { .method = "POST",
					.path = "/v1/backup",
					.timeout_s = BACKUP_TIMEOUT_S };
	json_t *body, *done = NULL;

	if (outcome != OUTCOME_DONE)
		return outcome;
	body = json_pack("{s:s}", "path", path);
	request.body = body;
	outcome = body ? cli_send(cli, &request, &done)
		       : cli_wrong(cli, "usage", "the path is not UTF-8");
	if (outcome == OUTCOME_DONE && !cli_gave_json(cli, done))
		say_line(cli, NULL, "the state is in %s, checked", say_text(done, "path", text));
	json_decref(body);
	json_decref(done);
	return outcome;
}

/* ---- restore ---- */

/* Where the dnsd that this configuration is of keeps its state. */
static enum outcome state_path(struct cli *cli, const char *file, char out[PATH_MAX])
{
	struct config_report report;
	struct dnsd_config *config = NULL;
	enum outcome outcome = OUTCOME_DONE;
	enum err_code rc;

	config_report_init(&report);
	rc = config_dnsd_load(file, &config, &report);
	if (rc != ERR_OK) {
		say_lines(cli->err, buf_text(&report.errors));
		outcome = cli_wrong(cli, err_name(rc),
				    "%s has mistakes, and it says where the state belongs", file);
	} else {
		snprintf(out, PATH_MAX, "%s", config->state.path);
	}
	config_dnsd_free(config);
	config_report_fini(&report);
	return outcome;
}

enum outcome verb_restore(struct cli *cli)
{
	const struct args *a = &cli->args;
	const char *file = a->config ? a->config : FAIRLEAD_SYSCONFDIR "/dnsd.yaml";
	char path[PATH_MAX] = "", replaced[PATH_MAX] = "";
	enum outcome outcome = state_path(cli, file, path);
	struct err e;
	enum err_code rc;
	json_t *doc;

	if (outcome != OUTCOME_DONE)
		return outcome;
	rc = store_restore(a->words[0], path, clock_system(), replaced, &e);
	if (rc != ERR_OK)
		return cli_err(cli, rc, &e);
	doc = json_pack("{s:s, s:s, s:s}", "path", path, "from", a->words[0], "replaced", replaced);
	if (!cli_gave_json(cli, doc))
		say_line(cli, NULL, "%s is what %s holds; %s%s", path, a->words[0],
			 replaced[0] ? "what was there before is " : "there was nothing before",
			 replaced);
	json_decref(doc);
	return outcome;
}
