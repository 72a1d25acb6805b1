/* SPDX-License-Identifier: Apache-2.0 */
/* verb_list: the lists: `regions`, `services`, `members SERVICE`, `backends`. */
#include "ctl/say.h"
#include "ctl/verbs.h"

#include <stdio.h>

/* ---- regions ---- */

/* "2", or "1/2" when not all that are known are linked. */
static void add_nodes(struct grid *g, const json_t *nodes)
{
	size_t linked = 0, all = json_array_size(nodes), i;
	json_t *node;

	json_array_foreach (nodes, i, node)
		linked += !json_is_false(json_object_get(node, "linked"));
	if (linked == all)
		grid_cell(g, NULL, "%zu", all);
	else
		grid_cell(g, "red", "%zu/%zu", linked, all);
}

enum outcome verb_list_regions(struct cli *cli, const json_t *regions)
{
	struct grid *g = grid_new(&cli->style);
	char text[SAY_MAX];
	json_t *region;
	size_t i;

	grid_column(g, "REGION", GRID_LEFT);
	grid_column(g, "HEALTH", GRID_LEFT);
	grid_column(g, "LOAD", GRID_LEFT);
	grid_column(g, "USED", GRID_RIGHT);
	grid_column(g, "CAPACITY", GRID_RIGHT);
	grid_column(g, "NODES", GRID_RIGHT);
	grid_column(g, "REPORT", GRID_RIGHT);
	grid_column(g, "FORCED", GRID_WRAP);
	json_array_foreach (regions, i, region) {
		grid_row(g);
		grid_cell(g, NULL, "%s", say_text(region, "name", text));
		grid_cell(g, say_health_colour(region), "%s", say_text(region, "health", text));
		grid_cell(g, say_load_colour(region), "%s", say_load(region, text));
		grid_cell(g, NULL, "%s", say_text(region, "used", text));
		grid_cell(g, NULL, "%s", say_text(region, "capacity", text));
		add_nodes(g, json_object_get(region, "nodes"));
		grid_cell(g, NULL, "%s", say_seconds(region, "report_age_s", text));
		grid_cell(g, "yellow", "%s", say_forced_in(cli, region, text));
	}
	return cli_give_grid(cli, g, "No region is configured.");
}

/* ---- services ---- */

enum outcome verb_list_services(struct cli *cli, const json_t *services)
{
	struct grid *g = grid_new(&cli->style);
	char text[SAY_MAX];
	json_t *service;
	size_t i;

	grid_column(g, "SERVICE", GRID_LEFT);
	grid_column(g, "POOL", GRID_LEFT);
	grid_column(g, "MODE", GRID_LEFT);
	grid_column(g, "ACTIVE", GRID_WRAP);
	grid_column(g, "TTL", GRID_RIGHT);
	grid_column(g, "FORCED", GRID_WRAP);
	json_array_foreach (services, i, service) {
		bool is_active = json_array_size(json_object_get(service, "active")) > 0;

		grid_row(g);
		grid_cell(g, NULL, "%s", say_text(service, "name", text));
		grid_cell(g, NULL, "%s", say_text(service, "pool", text));
		grid_cell(g, NULL, "%s", say_text(service, "mode", text));
		grid_cell(g, is_active ? NULL : "red", "%s",
			  is_active ? say_list(service, "active", text) : "nobody");
		grid_cell(g, NULL, "%s", say_text(service, "ttl", text));
		grid_cell(g, "yellow", "%s", say_forced_in(cli, service, text));
	}
	return cli_give_grid(cli, g, "No service is configured.");
}

/* ---- members ---- */

/* What keeps a member out that is well again goes before what it was seen to fail for. */
static const char *why_of(const json_t *member, char text[SAY_MAX])
{
	const json_t *hold = json_object_get(member, "hold_down");
	char left[SAY_MAX];

	if (!json_is_object(hold))
		return say_text(member, "why", text);
	snprintf(text, SAY_MAX, "hold_down: %s", say_text(hold, "text", left));
	return text;
}

static void add_member(struct grid *g, const json_t *member)
{
	char text[SAY_MAX];

	grid_row(g);
	grid_cell(g, NULL, "%s", say_text(member, "region", text));
	grid_cell(g, NULL, "%s", say_list(member, "addresses", text));
	grid_cell(g, say_health_colour(member), "%s", say_text(member, "health", text));
	grid_cell(g, NULL, "%s", say_text(member, "serving", text));
	grid_cell(g, NULL, "%s", say_text(member, "tier", text));
	grid_cell(g, NULL, "%s", say_text(member, "weight", text));
	grid_cell(g, NULL, "%s", say_share(member, "dial", text));
	grid_cell(g, say_load_colour(member), "%s", say_load(member, text));
	grid_cell(g, NULL, "%s", say_share(member, "share", text));
	grid_cell(g, "yellow", "%s", say_forced(member, text));
	grid_cell(g, NULL, "%s", why_of(member, text));
}

static enum outcome list_members(struct cli *cli, const json_t *members)
{
	struct grid *g = grid_new(&cli->style);
	json_t *member;
	size_t i;

	grid_column(g, "REGION", GRID_LEFT);
	grid_column(g, "ADDRESSES", GRID_WRAP);
	grid_column(g, "HEALTH", GRID_LEFT);
	grid_column(g, "SERVES", GRID_LEFT);
	grid_column(g, "TIER", GRID_RIGHT);
	grid_column(g, "WEIGHT", GRID_RIGHT);
	grid_column(g, "DIAL", GRID_RIGHT);
	grid_column(g, "LOAD", GRID_LEFT);
	grid_column(g, "SHARE", GRID_RIGHT);
	grid_column(g, "FORCED", GRID_WRAP);
	grid_column(g, "WHY", GRID_WRAP);
	json_array_foreach (members, i, member)
		add_member(g, member);
	return cli_give_grid(cli, g, "The service's pool has no member.");
}

/* ---- backends ---- */

static void add_backend(const struct cli *cli, struct grid *g, const json_t *backend)
{
	char text[SAY_MAX], most[SAY_MAX];

	grid_row(g);
	grid_cell(g, NULL, "%s", say_text(backend, "pool", text));
	grid_cell(g, NULL, "%s", say_text(backend, "az", text));
	grid_cell(g, NULL, "%s", say_text(backend, "address", text));
	grid_cell(g, say_health_colour(backend), "%s", say_text(backend, "health", text));
	grid_cell(g, NULL, "%s", say_text(backend, "weight", text));
	grid_cell(g, NULL, "%s/%s", say_text(backend, "in_flight", text),
		  say_text(backend, "max", most));
	grid_cell(g, "red", "%s", say_time(backend, "ejected_until", text));
	grid_cell(g, "yellow", "%s", say_forced_in(cli, backend, text));
	grid_cell(g, NULL, "%s", say_text(backend, "reason", text));
}

static enum outcome list_backends(struct cli *cli, const json_t *backends)
{
	struct grid *g = grid_new(&cli->style);
	json_t *backend;
	size_t i;

	grid_column(g, "POOL", GRID_LEFT);
	grid_column(g, "AZ", GRID_LEFT);
	grid_column(g, "ADDRESS", GRID_LEFT);
	grid_column(g, "HEALTH", GRID_LEFT);
	grid_column(g, "WEIGHT", GRID_RIGHT);
	grid_column(g, "IN FLIGHT", GRID_RIGHT);
	grid_column(g, "EJECTED UNTIL", GRID_LEFT);
	grid_column(g, "FORCED", GRID_WRAP);
	grid_column(g, "WHY", GRID_WRAP);
	json_array_foreach (backends, i, backend)
		add_backend(cli, g, backend);
	return cli_give_grid(cli, g, "No backend is configured.");
}

/* ---- the verbs ---- */

static enum outcome show(struct cli *cli, enum outcome outcome, json_t *doc,
			 enum outcome (*list)(struct cli *cli, const json_t *doc))
{
	if (outcome != OUTCOME_DONE)
		return outcome;
	if (!cli_gave_json(cli, doc))
		outcome = list(cli, doc);
	json_decref(doc);
	return outcome;
}

enum outcome verb_regions(struct cli *cli)
{
	json_t *doc = NULL;
	enum outcome outcome = cli_get(cli, "/v1/regions", &doc);

	return show(cli, outcome, doc, verb_list_regions);
}

enum outcome verb_services(struct cli *cli)
{
	json_t *doc = NULL;
	enum outcome outcome = cli_get(cli, "/v1/services", &doc);

	return show(cli, outcome, doc, verb_list_services);
}

enum outcome verb_members(struct cli *cli)
{
	json_t *doc = NULL;
	enum outcome outcome =
		cli_get_with(cli, "/v1/members", "service", cli->args.words[0], &doc);

	return show(cli, outcome, doc, list_members);
}

enum outcome verb_backends(struct cli *cli)
{
	json_t *doc = NULL;
	enum outcome outcome;

	cli_prefer_regiond(cli);
	outcome = cli_get(cli, "/v1/backends", &doc);
	return show(cli, outcome, doc, list_backends);
}
