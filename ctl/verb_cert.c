/* SPDX-License-Identifier: Apache-2.0 */
/* verb_cert: `cert init`, `issue`, `list` and `renew`: a small CA for the fleet's mutual TLS. */
#include "core/cert.h"
#include "core/suggest.h"
#include "ctl/say.h"
#include "ctl/verbs.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CA_DAYS	       3650
#define LEAF_DAYS      365
#define CERT_SOON_DAYS 30 /* as the daemons' problem and the documented alarm have it */

static enum outcome give_files(struct cli *cli, const char *dir, const char *name)
{
	json_t *doc = json_pack("{s:s+++, s:s+++}", "certificate", dir, "/", name, ".crt", "key",
				dir, "/", name, ".key");

	if (!doc)
		return cli_wrong(cli, "input", "the files are made, but %s is not UTF-8", dir);
	if (!cli_gave_json(cli, doc))
		say_line(cli, NULL, "made %s/%s.crt and %s/%s.key", dir, name, dir, name);
	json_decref(doc);
	return OUTCOME_DONE;
}

enum outcome verb_cert_init(struct cli *cli)
{
	const struct args *a = &cli->args;
	struct err e;
	enum err_code code =
		cert_make_ca(a->words[0], a->fleet, a->given & ARG_DAYS ? a->days : CA_DAYS, &e);

	if (code != ERR_OK)
		return cli_err(cli, code, &e);
	return give_files(cli, a->words[0], "ca");
}

static enum outcome read_role(struct cli *cli, enum identity_role *out)
{
	static const char *const roles[] = { "dnsd",   "regiond",  "prober",
					     "viewer", "operator", "admin" };
	const char *word = cli->args.words[1];
	struct suggest s;

	*out = identity_role_parse(word);
	if (*out == IDENTITY_REGIOND && !cli->args.region)
		return cli_wrong(cli, "usage", "a regiond's certificate needs --region REGION");
	if (*out != IDENTITY_REGIOND && *out != IDENTITY_NONE && cli->args.region)
		return cli_wrong(cli, "usage", "--region: only a regiond is of a region");
	if (*out != IDENTITY_NONE)
		return OUTCOME_DONE;
	suggest_init(&s, word);
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
		suggest_offer(&s, roles[i]);
	return cli_wrong(cli, "usage",
			 "ROLE is `%s`, expected dnsd, regiond, prober, viewer, operator or "
			 "admin%s%s%s",
			 word, s.best ? "; did you mean " : "", s.best ? s.best : "",
			 s.best ? "?" : "");
}

/* Two owners of one name, such as nodes `1` of two regions, have files of their own. */
static enum err_code issue_apart(const char *dir, struct cert_request *request, char *file,
				 size_t room, struct err *e)
{
	struct identity id = { .role = request->role };
	struct cert_info there;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s.crt", dir, request->name);
	if (cert_read(path, &there, NULL) != ERR_OK ||
	    identity_parse(there.uri, &id, NULL) != ERR_OK)
		return ERR_EXISTS;
	if (id.role == request->role &&
	    strcmp(id.region, request->region ? request->region : "") == 0)
		return ERR_EXISTS; /* its own */
	snprintf(file, room, "%s-%s",
		 request->region ? request->region : identity_role_name(request->role),
		 request->name);
	request->file = file;
	return cert_issue(dir, request, e);
}

enum outcome verb_cert_issue(struct cli *cli)
{
	const struct args *a = &cli->args;
	char file[2 * IDENTITY_PART_MAX];
	struct cert_request request = { .name = a->words[2],
					.region = a->region,
					.addresses = a->addresses,
					.addresses_len = a->n_addresses,
					.days = a->given & ARG_DAYS ? a->days : LEAF_DAYS };
	enum outcome outcome = read_role(cli, &request.role);
	enum err_code code;
	struct err e, apart;

	if (outcome != OUTCOME_DONE)
		return outcome;
	code = cert_issue(a->words[0], &request, &e);
	if (code == ERR_EXISTS) {
		code = issue_apart(a->words[0], &request, file, sizeof(file), &apart);
		if (code != ERR_OK && request.file)
			e = apart;
	}
	if (code != ERR_OK)
		return cli_err(cli, code, &e);
	return give_files(cli, a->words[0], request.file ? request.file : request.name);
}

enum outcome verb_cert_renew(struct cli *cli)
{
	const struct args *a = &cli->args;
	struct err e;
	enum err_code code =
		cert_renew(a->words[0], a->words[1], a->given & ARG_DAYS ? a->days : 0, &e);

	if (code != ERR_OK)
		return cli_err(cli, code, &e);
	return give_files(cli, a->words[0], a->words[1]);
}

/* ---- list ---- */

static int is_certificate(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > 4 && strcmp(entry->d_name + len - 4, ".crt") == 0;
}

/* One row; a file that cannot be read as a certificate is a row with the reason. */
static json_t *describe(const char *dir, const char *name, int64_t now_s)
{
	struct cert_info info;
	char path[PATH_MAX], until[32];
	struct err e;
	time_t until_s;
	struct tm tm;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (cert_read(path, &info, &e) != ERR_OK)
		return json_pack("{s:s%, s:n, s:n, s:n, s:s}", "name", name, strlen(name) - 4,
				 "uri", "until", "days_left", "error", e.text);
	until_s = (time_t)info.until_s;
	gmtime_r(&until_s, &tm);
	strftime(until, sizeof(until), "%Y-%m-%dT%H:%M:%S.000Z", &tm);
	return json_pack("{s:s%, s:s, s:s, s:I, s:n}", "name", name, strlen(name) - 4, "uri",
			 info.uri, "until", until, "days_left",
			 (json_int_t)((info.until_s - now_s) / 86400), "error");
}

static enum outcome read_list(struct cli *cli, const char *dir, json_t *list)
{
	struct dirent **entries = NULL;
	int64_t now_s = (int64_t)time(NULL);
	int n = scandir(dir, &entries, is_certificate, alphasort);

	if (n < 0)
		return cli_wrong(cli, errno == ENOENT ? "not_found" : "io", "%s: %s", dir,
				 strerror(errno));
	for (int i = 0; i < n; i++) {
		json_array_append_new(list, describe(dir, entries[i]->d_name, now_s));
		free(entries[i]);
	}
	free(entries);
	return OUTCOME_DONE;
}

static const char *colour_of(const json_t *row)
{
	json_int_t days = json_integer_value(json_object_get(row, "days_left"));

	if (!json_is_integer(json_object_get(row, "days_left")) || days < 0)
		return "red";
	return days < CERT_SOON_DAYS ? "yellow" : NULL;
}

static enum outcome tell_list(struct cli *cli, const json_t *list)
{
	struct grid *g = grid_new(&cli->style);
	char text[SAY_MAX];
	json_t *row;
	size_t i;

	grid_column(g, "FILE", GRID_LEFT);
	grid_column(g, "WHOSE", GRID_LEFT);
	grid_column(g, "DAYS LEFT", GRID_RIGHT);
	grid_column(g, "UNTIL (UTC)", GRID_LEFT);
	grid_column(g, "WRONG", GRID_WRAP);
	json_array_foreach (list, i, row) {
		grid_row(g);
		grid_cell(g, NULL, "%s", say_text(row, "name", text));
		grid_cell(g, NULL, "%s", say_text(row, "uri", text));
		grid_cell(g, colour_of(row), "%s", say_text(row, "days_left", text));
		grid_cell(g, NULL, "%.10s", say_time(row, "until", text));
		grid_cell(g, "red", "%s", say_text(row, "error", text));
	}
	return cli_give_grid(cli, g, "No certificate is there.");
}

enum outcome verb_cert_list(struct cli *cli)
{
	json_t *list = json_array();
	enum outcome outcome = list ? read_list(cli, cli->args.words[0], list) : cli_no_memory(cli);

	if (outcome == OUTCOME_DONE && !cli_gave_json(cli, list))
		outcome = tell_list(cli, list);
	json_decref(list);
	return outcome;
}
