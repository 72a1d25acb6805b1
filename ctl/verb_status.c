/* SPDX-License-Identifier: Apache-2.0 */
/* verb_status: `status`: one screen: nodes, regions, services, what is forced, what is wrong.
 *
 * A dnsd and a regiond both have such a document; a regiond's is of one region, a proberd's is of
 * another shape (verb_prober.c). */
#include "ctl/say.h"
#include "ctl/verbs.h"

#include <string.h>

/* ---- nodes ---- */

static void tell_director(struct cli *cli, const json_t *node)
{
	char name[SAY_MAX], version[SAY_MAX], mode[SAY_MAX], text[SAY_MAX];

	say_line(cli, "bold", "name server %s  (Fairlead %s, %s)", say_text(node, "name", name),
		 say_text(node, "version", version), say_text(node, "mode", mode));
	say_text(node, "classes", version);
	say_line(cli, NULL, "up since %s UTC, generation %s, %s %s of clients",
		 say_time(node, "started", text), say_text(node, "generation", name), version,
		 strcmp(version, "1") == 0 ? "class" : "classes");
}

static void tell_regiond(struct cli *cli, const json_t *node)
{
	char name[SAY_MAX], region[SAY_MAX], version[SAY_MAX], state[SAY_MAX], text[SAY_MAX];

	say_line(cli, "bold", "regiond %s of %s  (Fairlead %s, %s)", say_text(node, "node", name),
		 say_text(node, "region", region), say_text(node, "version", version),
		 say_text(node, "state", state));
	say_line(cli, NULL, "up for %s, %s connections on %s workers",
		 say_seconds(node, "uptime_s", text), say_text(node, "connections", name),
		 say_text(node, "workers", version));
	if (json_is_object(json_object_get(node, "forced")))
		say_line(cli, "yellow", "forced: %s", say_forced(node, text));
}

static bool is_of_regiond(const json_t *status)
{
	return json_object_get(json_array_get(json_object_get(status, "nodes"), 0), "region");
}

static void tell_nodes(struct cli *cli, const json_t *status)
{
	json_t *node;
	size_t i;

	json_array_foreach (json_object_get(status, "nodes"), i, node) {
		if (is_of_regiond(status))
			tell_regiond(cli, node);
		else
			tell_director(cli, node);
	}
}

/* ---- what sees and what takes ---- */

static enum outcome list_probers(struct cli *cli, const json_t *probers)
{
	struct grid *g = grid_new(&cli->style);
	char text[SAY_MAX];
	json_t *prober;
	size_t i;

	grid_column(g, "PROBER", GRID_LEFT);
	grid_column(g, "LINKED", GRID_LEFT);
	grid_column(g, "TRUSTED", GRID_LEFT);
	grid_column(g, "TARGETS", GRID_RIGHT);
	grid_column(g, "FAILING", GRID_RIGHT);
	json_array_foreach (probers, i, prober) {
		bool is_linked = json_is_true(json_object_get(prober, "linked"));
		bool is_trusted = json_is_true(json_object_get(prober, "trusted"));

		grid_row(g);
		grid_cell(g, NULL, "%s", say_text(prober, "name", text));
		grid_cell(g, is_linked ? NULL : "red", "%s", say_text(prober, "linked", text));
		grid_cell(g, is_trusted ? NULL : "red", "%s", say_text(prober, "trusted", text));
		grid_cell(g, NULL, "%s", say_text(prober, "targets", text));
		grid_cell(g, NULL, "%s", say_text(prober, "failing", text));
	}
	return cli_give_grid(cli, g, "No prober has connected.");
}

/* A regiond's own: what its services take here. */
static enum outcome list_fronts(struct cli *cli, const json_t *services)
{
	struct grid *g = grid_new(&cli->style);
	char text[SAY_MAX], all[SAY_MAX];
	json_t *service;
	size_t i;

	grid_column(g, "SERVICE", GRID_LEFT);
	grid_column(g, "POOL", GRID_LEFT);
	grid_column(g, "LISTENS", GRID_WRAP);
	grid_column(g, "HEALTH", GRID_LEFT);
	grid_column(g, "LOAD", GRID_LEFT);
	grid_column(g, "BACKENDS UP", GRID_RIGHT);
	grid_column(g, "WHY", GRID_WRAP);
	json_array_foreach (services, i, service) {
		grid_row(g);
		grid_cell(g, NULL, "%s", say_text(service, "name", text));
		grid_cell(g, NULL, "%s", say_text(service, "pool", text));
		grid_cell(g, NULL, "%s", say_list(service, "listen", text));
		grid_cell(g, say_health_colour(service), "%s", say_text(service, "health", text));
		grid_cell(g, say_load_colour(service), "%s", say_load(service, text));
		grid_cell(g, NULL, "%s/%s", say_text(service, "backends_up", text),
			  say_text(service, "backends_all", all));
		grid_cell(g, NULL, "%s", say_text(service, "reason", text));
	}
	return cli_give_grid(cli, g, "No service is configured.");
}

/* ---- what is wrong ---- */

static void add_problem(struct grid *g, const json_t *problem)
{
	char severity[SAY_MAX], since[SAY_MAX];
	const char *what = json_string_value(json_object_get(problem, "what"));
	const json_t *at = json_object_get(problem, "since");
	bool has_since = json_number_value(at) > 0 || json_is_string(at);

	say_text(problem, "severity", severity);
	if (json_is_string(at))
		say_time(problem, "since", since);
	else
		say_seconds(problem, "since", since);
	grid_row(g);
	grid_cell(g, say_severity_colour(problem), "  %-8s", severity);
	grid_cell(g, say_severity_colour(problem), "%s%s%s%s", what ? what : "-",
		  has_since ? (json_is_string(at) ? " (since " : " (for ") : "",
		  has_since ? since : "", has_since ? ")" : "");
}

/* --all: the services that a problem of several is about. */
static void add_subjects(const struct cli *cli, struct grid *g, const json_t *problem)
{
	const json_t *subjects = json_object_get(problem, "subjects");
	json_t *subject;
	size_t i;

	if (!(cli->args.given & ARG_ALL) || json_array_size(subjects) < 2)
		return;
	json_array_foreach (subjects, i, subject) {
		grid_row(g);
		grid_cell(g, NULL, "  ");
		grid_cell(g, NULL, "%s", json_string_value(subject));
	}
}

/* Some have more behind them than is shown. */
static bool has_more(const json_t *problems)
{
	json_t *problem;
	size_t i;

	json_array_foreach (problems, i, problem)
		if (json_array_size(json_object_get(problem, "subjects")) > 1)
			return true;
	return false;
}

/* Words of two columns, without a heading: what is long goes on below. */
static struct grid *pairs_new(const struct cli *cli)
{
	struct grid *g = grid_new(&cli->style);

	grid_bare(g);
	grid_column(g, "", GRID_LEFT);
	grid_column(g, "", GRID_WRAP);
	return g;
}

static void add_hint(struct grid *g, const char *line, const char *does)
{
	grid_row(g);
	grid_cell(g, "gray", "%s", line);
	grid_cell(g, "gray", "%s", does);
}

/* For somebody who has not seen this before: where to look next. */
static enum outcome tell_hints(struct cli *cli, const json_t *status)
{
	struct grid *g = pairs_new(cli);

	fputc('\n', cli->out);
	if (is_of_regiond(status)) {
		add_hint(g, "fairlead backends", "each backend, and why it is down");
		return cli_give_grid(cli, g, "");
	}
	add_hint(g, "fairlead members SERVICE", "its regions, and why one is down");
	add_hint(g, "fairlead explain NAME --client ADDRESS", "why a client gets its answer");
	add_hint(g, "fairlead events --last 20", "what happened, newest last");
	return cli_give_grid(cli, g, "");
}

/* A fleet in which nobody reports looks healthy, and is not: it is only not known. */
static bool is_all_unknown(const json_t *regions)
{
	json_t *region;
	size_t i;

	json_array_foreach (regions, i, region) {
		const char *health = json_string_value(json_object_get(region, "health"));

		if (!health || strcmp(health, "unknown") != 0)
			return false;
	}
	return json_array_size(regions) > 0;
}

static enum outcome tell_problems(struct cli *cli, const json_t *status)
{
	const json_t *problems = json_object_get(status, "problems");
	struct grid *g = pairs_new(cli);
	enum outcome outcome;
	json_t *problem;
	size_t i;

	say_heading(cli, "Problems");
	json_array_foreach (problems, i, problem) {
		add_problem(g, problem);
		add_subjects(cli, g, problem);
	}
	outcome = cli_give_grid(cli, g, "  none");
	if (has_more(problems) && !(cli->args.given & ARG_ALL))
		say_line(cli, "gray", "  fairlead status --all names each service");
	if (outcome == OUTCOME_DONE && json_array_size(problems))
		outcome = tell_hints(cli, status);
	if (is_all_unknown(json_object_get(status, "regions")))
		say_line(cli, "gray",
			 "  no regiond and no prober has reported yet: members are unknown, and "
			 "serve");
	return outcome;
}

/* ---- the screen ---- */

static enum outcome tell_director_tables(struct cli *cli, const json_t *status)
{
	enum outcome outcome;

	say_heading(cli, "Regions");
	outcome = verb_list_regions(cli, json_object_get(status, "regions"));
	if (outcome == OUTCOME_DONE) {
		say_heading(cli, "Services");
		outcome = verb_list_services(cli, json_object_get(status, "services"));
	}
	if (outcome == OUTCOME_DONE && json_array_size(json_object_get(status, "probers"))) {
		say_heading(cli, "Probers");
		outcome = list_probers(cli, json_object_get(status, "probers"));
	}
	return outcome;
}

static enum outcome tell(struct cli *cli, const json_t *status)
{
	const json_t *overrides = json_object_get(status, "overrides");
	enum outcome outcome;

	if (json_object_get(status, "directors"))
		return verb_status_prober(cli, status);
	tell_nodes(cli, status);
	if (is_of_regiond(status)) {
		say_heading(cli, "Services");
		outcome = list_fronts(cli, json_object_get(status, "services"));
	} else {
		outcome = tell_director_tables(cli, status);
	}
	if (outcome == OUTCOME_DONE && json_array_size(overrides)) {
		say_heading(cli, "Forced");
		outcome = verb_list_overrides(cli, overrides);
	}
	return outcome == OUTCOME_DONE ? tell_problems(cli, status) : outcome;
}

/* For monitoring: 0 without a problem, 1 with a warning, 2 with a critical one. */
static int severity_status(const json_t *problems)
{
	json_t *problem;
	int status = 0;
	size_t i;

	json_array_foreach (problems, i, problem) {
		const char *severity = json_string_value(json_object_get(problem, "severity"));
		int one = severity && strcmp(severity, "critical") == 0 ? 2 : 1;

		status = one > status ? one : status;
	}
	return status;
}

enum outcome verb_status(struct cli *cli)
{
	json_t *status = NULL;
	enum outcome outcome = cli_get(cli, "/v1/status", &status);

	if (outcome != OUTCOME_DONE)
		return outcome;
	if (!cli_gave_json(cli, status))
		outcome = tell(cli, status);
	if (cli->args.given & ARG_EXIT_CODE)
		cli->status = severity_status(json_object_get(status, "problems"));
	json_decref(status);
	return outcome;
}
