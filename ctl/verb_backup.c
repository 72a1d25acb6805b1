/* SPDX-License-Identifier: Apache-2.0 */
/* verb_backup: `backup FILE` and `restore FILE`: the state that survives. */
#include "core/file.h"
#include "ctl/say.h"
#include "ctl/verbs.h"
#include "schema/config/config.h"
#include "schema/config/dnsd_config.h"
#include "schema/sql/store_file.h"
#include "schema/sql/store_restore.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BACKUP_TIMEOUT_S 600

/* Into FILE.partial; what is whole and on disk gets the name. */
static enum outcome take_copy(struct cli *cli, const char *partial)
{
	int fd = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600); /* has the audit */
	FILE *into = fd < 0 ? NULL : fdopen(fd, "w");
	struct call_request request = {
		.method = "GET", .path = "/v1/backup", .timeout_s = BACKUP_TIMEOUT_S, .into = into
	};
	json_t *none = NULL;
	enum outcome outcome;

	if (!into)
		return cli_wrong(cli, "io", "%s: %s", partial, strerror(errno));
	outcome = cli_send(cli, &request, &none);
	if (fclose(into) != 0 && outcome == OUTCOME_DONE)
		outcome = cli_wrong(cli, "io", "%s: %s", partial, strerror(errno));
	json_decref(none);
	return outcome;
}

static void say_backup(struct cli *cli, const char *file)
{
	json_t *doc = json_pack("{s:s}", "path", file);

	if (!cli_gave_json(cli, doc))
		say_line(cli, NULL, "the state is in %s, checked", file);
	json_decref(doc);
}

enum outcome verb_backup(struct cli *cli)
{
	const char *file = cli->args.words[0];
	char partial[PATH_MAX];
	enum outcome outcome;
	enum err_code code;
	struct err e;

	if (snprintf(partial, sizeof(partial), "%s.partial", file) >= (int)sizeof(partial))
		return cli_wrong(cli, "usage", "the path is too long");
	if (access(file, F_OK) == 0)
		return cli_wrong(cli, "exists", "%s: exists", file);
	unlink(partial); /* of a run that was killed */
	outcome = take_copy(cli, partial);
	code = outcome == OUTCOME_DONE ? store_file_publish(partial, file, &e) : ERR_OK;
	if (outcome == OUTCOME_DONE && code == ERR_OK)
		say_backup(cli, file);
	else
		unlink(partial);
	return code == ERR_OK ? outcome : cli_err(cli, code, &e);
}

/* ---- restore ---- */

/* Where the dnsd that this configuration is of keeps its state. */
static enum outcome state_path(struct cli *cli, const char *file, char out[PATH_MAX])
{
	struct config_report report;
	struct dnsd_config *config = NULL;
	enum outcome outcome = OUTCOME_DONE;
	enum err_code code;

	config_report_init(&report);
	code = config_dnsd_load(file, &config, &report);
	if (code != ERR_OK) {
		say_lines(cli->err, buf_text(&report.errors));
		outcome = cli_wrong(
			cli, err_name(code),
			"where the state belongs is in %s, which cannot be used (--config FILE)",
			file);
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
	enum err_code code;
	json_t *doc;

	if (outcome != OUTCOME_DONE)
		return outcome;
	code = store_restore(a->words[0], path, clock_system(), replaced, &e);
	if (code != ERR_OK)
		return cli_err(cli, code, &e);
	doc = json_pack("{s:s, s:s, s:s}", "path", path, "from", a->words[0], "replaced", replaced);
	if (!cli_gave_json(cli, doc))
		say_line(cli, NULL, "%s is what %s holds; %s%s", path, a->words[0],
			 replaced[0] ? "what was there before is " : "there was nothing before",
			 replaced);
	json_decref(doc);
	return outcome;
}
