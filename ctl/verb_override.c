/* SPDX-License-Identifier: Apache-2.0 */
/* verb_override: `override list`, `override clear`, `resume`, `forget`: what stands in the way. */
#include "ctl/change.h"
#include "ctl/say.h"
#include "ctl/verbs.h"

#include <string.h>

/* ---- list ---- */

/* {service, region} of a dnsd or {node, pool, backend} of a regiond, from the narrowest. */
static const char *scope_text(const json_t *override, char out[SAY_MAX])
{
	static const char *const keys[] = { "backend", "pool", "node", "region", "service" };
	const json_t *scope = json_object_get(override, "scope");
	const char *kind = json_string_value(json_object_get(override, "kind"));
	bool is_failover = kind && strcmp(kind, "failover") == 0; /* to a region: the value */
	size_t len = 0;

	snprintf(out, SAY_MAX, "everything");
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const char *text = json_string_value(json_object_get(scope, keys[i]));

		if (is_failover && strcmp(keys[i], "region") == 0)
			continue;
		if (text && text[0] && len < SAY_MAX)
			len += (size_t)snprintf(out + len, SAY_MAX - len, "%s%s", len ? " of " : "",
						text);
	}
	return out;
}

static const char *value_text(const json_t *override, char out[SAY_MAX])
{
	if (json_is_real(json_object_get(override, "value")))
		return say_share(override, "value", out);
	return say_text(override, "value", out);
}

static void add_override_columns(struct grid *g, bool is_narrow)
{
	grid_column(g, "ID", GRID_RIGHT);
	if (is_narrow) {
		grid_column(g, "WHAT", GRID_WRAP);
		grid_column(g, "SINCE (UTC)", GRID_LEFT);
		grid_column(g, "UNTIL (UTC)", GRID_LEFT);
		grid_column(g, "WHY", GRID_WRAP);
		return;
	}
	grid_column(g, "KIND", GRID_LEFT);
	grid_column(g, "WHAT", GRID_WRAP);
	grid_column(g, "VALUE", GRID_LEFT);
	grid_column(g, "BY", GRID_LEFT);
	grid_column(g, "SINCE (UTC)", GRID_LEFT);
	grid_column(g, "EXPIRES (UTC)", GRID_LEFT);
	grid_column(g, "REASON", GRID_WRAP);
}

/* "dial eu-west 20%", "failover www.example.com to us-east" */
static void add_short_override(struct grid *g, const json_t *o)
{
	char kind[SAY_MAX], scope[SAY_MAX], value[SAY_MAX], text[SAY_MAX];
	bool has_value = strcmp(value_text(o, value), "-") != 0;
	bool is_failover = strcmp(say_text(o, "kind", kind), "failover") == 0;

	grid_row(g);
	grid_cell(g, NULL, "%s", say_text(o, "id", text));
	grid_cell(g, NULL, "%s %s%s%s", kind, scope_text(o, scope),
		  !has_value	? ""
		  : is_failover ? " to "
				: " ",
		  has_value ? value : "");
	grid_cell(g, NULL, "%.16s", say_time(o, "since", text));
	grid_cell(g, NULL, "%.16s", say_time(o, "expires", text));
	if (strcmp(say_text(o, "reason", text), "-") == 0)
		grid_cell(g, NULL, "by %s", say_text(o, "by", scope));
	else
		grid_cell(g, NULL, "%s, by %s", text, say_text(o, "by", scope));
}

static void add_override(struct grid *g, const json_t *o)
{
	char text[SAY_MAX];

	grid_row(g);
	grid_cell(g, NULL, "%s", say_text(o, "id", text));
	grid_cell(g, NULL, "%s", say_text(o, "kind", text));
	grid_cell(g, NULL, "%s", scope_text(o, text));
	grid_cell(g, NULL, "%s", value_text(o, text));
	grid_cell(g, NULL, "%s", say_text(o, "by", text));
	grid_cell(g, NULL, "%s", say_time(o, "since", text));
	grid_cell(g, NULL, "%s", say_time(o, "expires", text));
	grid_cell(g, NULL, "%s", say_text(o, "reason", text));
}

enum outcome verb_list_overrides(struct cli *cli, const json_t *overrides)
{
	struct grid *g = grid_new(&cli->style);
	bool is_narrow = say_is_narrow(cli);
	json_t *o;
	size_t i;

	add_override_columns(g, is_narrow);
	json_array_foreach (overrides, i, o) {
		if (is_narrow)
			add_short_override(g, o);
		else
			add_override(g, o);
	}
	return cli_give_grid(cli, g, "Nothing is forced.");
}

enum outcome verb_override_list(struct cli *cli)
{
	json_t *doc = NULL;
	enum outcome outcome = cli_get(cli, "/v1/overrides", &doc);

	if (outcome != OUTCOME_DONE)
		return outcome;
	if (!cli_gave_json(cli, doc))
		outcome = verb_list_overrides(cli, doc);
	json_decref(doc);
	return outcome;
}

/* ---- clear ---- */

static enum outcome clear(struct cli *cli, const struct change *change)
{
	const struct args *a = &cli->args;
	struct buf path = BUF_INIT;
	struct call_request request = { .method = "DELETE" };
	enum outcome outcome;
	json_t *done = NULL;
	int64_t id;

	buf_add_str(&path, change->path);
	call_query(&path, "reason", a->reason);
	call_query(&path, "force", a->given & ARG_FORCE ? "true" : NULL);
	call_query(&path, "dry_run", a->given & ARG_DRY_RUN ? "true" : NULL);
	request.path = buf_text(&path);
	outcome = path.failed ? cli_no_memory(cli) : cli_send(cli, &request, &done);
	if (outcome == OUTCOME_DONE)
		outcome = change_tell(cli, change, done, &id);
	json_decref(done);
	buf_fini(&path);
	return outcome;
}

enum outcome verb_override_clear(struct cli *cli)
{
	const char *id_text = cli->args.words[0];
	char what[SAY_MAX], path[64];

	if (!id_text[0] || strlen(id_text) > 18 || strspn(id_text, "0123456789") != strlen(id_text))
		return cli_wrong(cli, "usage",
				 "ID is `%s`, expected a number that `override list` shows",
				 id_text);
	snprintf(what, sizeof(what), "override clear %s", id_text);
	snprintf(path, sizeof(path), "/v1/overrides/%s", id_text);
	return clear(cli, &(struct change){ .path = path, .what = what });
}

/* ---- what the daemon itself keeps ---- */

/* `resume REGION`: ends a hold_down before its time. */
enum outcome verb_resume(struct cli *cli)
{
	const struct args *a = &cli->args;
	char what[SAY_MAX];
	const struct change change = { .path = "/v1/resume",
				       .body = json_object(),
				       .what = what,
				       .done = "its hold_down is over" };
	int64_t id;

	snprintf(what, sizeof(what), "resume %.80s%s%.160s", a->words[0], a->service ? " for " : "",
		 a->service ? a->service : "");
	change_add(change.body, "region", a->words[0]);
	change_add(change.body, "service", a->service);
	return change_post(cli, &change, &id);
}

/* `forget NODE`: a regiond or prober that will not come back; its last word goes with it. */
enum outcome verb_forget(struct cli *cli)
{
	char what[SAY_MAX];
	const struct change change = { .path = "/v1/forget",
				       .body = json_object(),
				       .what = what,
				       .done = "its last word counts no more" };
	int64_t id;

	snprintf(what, sizeof(what), "forget %.160s", cli->args.words[0]);
	change_add(change.body, "node", cli->args.words[0]);
	return change_post(cli, &change, &id);
}
