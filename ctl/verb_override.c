/* SPDX-License-Identifier: Apache-2.0 */
/* verb_override: `override list` and `override clear ID`: what operators forced. */
#include "ctl/change.h"
#include "ctl/say.h"
#include "ctl/verbs.h"

#include <stdlib.h>
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

enum outcome verb_list_overrides(struct cli *cli, const json_t *overrides)
{
	struct grid *g = grid_new(&cli->style);
	char text[SAY_MAX];
	json_t *o;
	size_t i;

	grid_column(g, "ID", GRID_RIGHT);
	grid_column(g, "KIND", GRID_LEFT);
	grid_column(g, "WHAT", GRID_WRAP);
	grid_column(g, "VALUE", GRID_LEFT);
	grid_column(g, "BY", GRID_LEFT);
	grid_column(g, "SINCE (UTC)", GRID_LEFT);
	grid_column(g, "EXPIRES (UTC)", GRID_LEFT);
	grid_column(g, "REASON", GRID_WRAP);
	json_array_foreach (overrides, i, o) {
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

static const json_t *find(const json_t *overrides, const char *id)
{
	json_t *o;
	size_t i;

	json_array_foreach (overrides, i, o)
		if (json_integer_value(json_object_get(o, "id")) == strtoll(id, NULL, 10))
			return o;
	return NULL;
}

/* The operation that has the effect of clearing it, for the API tries operations, not clearings. */
static const char *reverse_of(const json_t *override, json_t *body)
{
	const json_t *scope = json_object_get(override, "scope");
	const char *kind = json_string_value(json_object_get(override, "kind"));
	const char *service = json_string_value(json_object_get(scope, "service"));

	change_add(body, "service", service && service[0] ? service : NULL);
	if (kind && strcmp(kind, "failover") == 0)
		return "/v1/failback";
	change_add(body, "region", json_string_value(json_object_get(scope, "region")));
	if (kind && strcmp(kind, "drain") == 0)
		return "/v1/undrain";
	if (!kind || strcmp(kind, "dial") != 0)
		return NULL;
	json_object_set_new(body, "share_ppm", json_integer(1000000));
	return "/v1/dial";
}

static enum outcome try_clear(struct cli *cli, const char *id_text, const char *what)
{
	json_t *overrides = NULL;
	enum outcome outcome = cli_get(cli, "/v1/overrides", &overrides);
	const json_t *override = find(overrides, id_text);
	struct change change = { .body = json_object(), .what = what };
	int64_t id;

	if (outcome == OUTCOME_DONE && !override)
		outcome = cli_wrong(cli, "not_found", "there is no override %s", id_text);
	if (outcome == OUTCOME_DONE && change.body)
		change.path = reverse_of(override, change.body);
	if (outcome == OUTCOME_DONE && !change.path)
		outcome = cli_wrong(cli, "refused", "override %s cannot be tried dry", id_text);
	if (outcome == OUTCOME_DONE)
		outcome = change_post(cli, &change, &id); /* takes the body */
	else
		json_decref(change.body);
	json_decref(overrides);
	return outcome;
}

static enum outcome clear(struct cli *cli, const char *id_text, const char *what)
{
	struct buf path = BUF_INIT;
	struct call_request request = { .method = "DELETE" };
	enum outcome outcome;
	json_t *done = NULL;
	int64_t id;

	buf_printf(&path, "/v1/overrides/%s", id_text);
	call_query(&path, "reason", cli->args.reason);
	request.path = buf_text(&path);
	outcome = path.failed ? cli_no_memory(cli) : cli_send(cli, &request, &done);
	if (outcome == OUTCOME_DONE)
		outcome = change_tell(cli, what, done, &id);
	json_decref(done);
	buf_fini(&path);
	return outcome;
}

enum outcome verb_override_clear(struct cli *cli)
{
	const char *id_text = cli->args.words[0];
	char what[SAY_MAX];

	if (!id_text[0] || strlen(id_text) > 18 || strspn(id_text, "0123456789") != strlen(id_text))
		return cli_wrong(cli, "usage",
				 "ID is `%s`, expected a number that `override list` shows",
				 id_text);
	snprintf(what, sizeof(what), "override clear %s", id_text);
	if (cli->args.given & ARG_DRY_RUN)
		return try_clear(cli, id_text, what);
	return clear(cli, id_text, what);
}
