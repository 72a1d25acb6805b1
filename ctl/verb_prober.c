/* SPDX-License-Identifier: Apache-2.0 */
/* verb_prober: `status` of a proberd: the name servers it reports to, and what it sees of whom. */
#include "ctl/say.h"
#include "ctl/verbs.h"

#include <string.h>

static void tell_head(struct cli *cli, const json_t *status)
{
	const json_t *probes = json_object_get(status, "probes");
	char node[SAY_MAX], fleet[SAY_MAX], software[SAY_MAX], rate[SAY_MAX];
	double stretch = json_number_value(json_object_get(probes, "stretch"));

	say_line(cli, "bold", "prober %s of fleet %s  (%s)", say_text(status, "node", node),
		 say_text(status, "fleet", fleet), say_text(status, "software", software));
	say_line(cli, stretch > 1 ? "yellow" : NULL, "%s checks a second needed, %s allowed%s",
		 say_text(probes, "need_per_second", node), say_text(probes, "per_second", rate),
		 stretch > 1 ? ": each check comes later than its monitor asks" : "");
}

static enum outcome list_directors(struct cli *cli, const json_t *directors)
{
	struct grid *g = grid_new(&cli->style);
	char text[SAY_MAX];
	json_t *director;
	size_t i;

	grid_column(g, "NAME SERVER", GRID_LEFT);
	grid_column(g, "NODE", GRID_LEFT);
	grid_column(g, "LINKED", GRID_LEFT);
	grid_column(g, "TARGETS", GRID_RIGHT);
	grid_column(g, "WRONG", GRID_WRAP);
	json_array_foreach (directors, i, director) {
		bool is_up = json_is_true(json_object_get(director, "up"));

		grid_row(g);
		grid_cell(g, NULL, "%s", say_text(director, "director", text));
		grid_cell(g, NULL, "%s", say_text(director, "node", text));
		grid_cell(g, is_up ? NULL : "red", "%s", is_up ? "yes" : "no");
		grid_cell(g, NULL, "%s", say_text(director, "targets", text));
		grid_cell(g, "red", "%s", is_up ? "-" : say_text(director, "trouble", text));
	}
	return cli_give_grid(cli, g, "No name server is configured.");
}

/* Two name servers ask for the same targets: each is shown once. */
static bool is_told(const json_t *targets, size_t n, const json_t *target)
{
	static const char *const keys[] = { "pool", "region", "monitor", "address", "health" };

	for (size_t i = 0; i < n; i++) {
		bool same = true;

		for (size_t k = 0; same && k < sizeof(keys) / sizeof(keys[0]); k++)
			same = json_equal(json_object_get(json_array_get(targets, i), keys[k]),
					  json_object_get(target, keys[k]));
		if (same)
			return true;
	}
	return false;
}

static enum outcome list_targets(struct cli *cli, const json_t *targets)
{
	struct grid *g = grid_new(&cli->style);
	char text[SAY_MAX];
	json_t *target;
	size_t i;

	grid_column(g, "POOL", GRID_LEFT);
	grid_column(g, "REGION", GRID_LEFT);
	grid_column(g, "ADDRESS", GRID_LEFT);
	grid_column(g, "MONITOR", GRID_LEFT);
	grid_column(g, "SEEN", GRID_LEFT);
	grid_column(g, "RTT", GRID_RIGHT);
	grid_column(g, "WHY", GRID_WRAP);
	json_array_foreach (targets, i, target) {
		double rtt_us = json_number_value(json_object_get(target, "rtt_us"));

		if (is_told(targets, i, target))
			continue;
		grid_row(g);
		grid_cell(g, NULL, "%s", say_text(target, "pool", text));
		grid_cell(g, NULL, "%s", say_text(target, "region", text));
		grid_cell(g, NULL, "%s", say_text(target, "address", text));
		grid_cell(g, NULL, "%s", say_text(target, "monitor", text));
		grid_cell(g, say_health_colour(target), "%s", say_text(target, "health", text));
		if (rtt_us > 0)
			grid_cell(g, NULL, "%.1f ms", rtt_us / 1000);
		else
			grid_cell(g, NULL, "-");
		grid_cell(g, NULL, "%s", say_text(target, "reason", text));
	}
	return cli_give_grid(cli, g, "No name server has asked for a check yet.");
}

enum outcome verb_status_prober(struct cli *cli, const json_t *status)
{
	enum outcome outcome;

	tell_head(cli, status);
	say_heading(cli, "Name servers");
	outcome = list_directors(cli, json_object_get(status, "directors"));
	if (outcome != OUTCOME_DONE)
		return outcome;
	say_heading(cli, "Targets");
	return list_targets(cli, json_object_get(status, "targets"));
}
