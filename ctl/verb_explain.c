/* SPDX-License-Identifier: Apache-2.0 */
/* verb_explain: `explain NAME [TYPE] --client ADDRESS`: why this client gets this answer. */
#include "ctl/say.h"
#include "ctl/verbs.h"

#include <string.h>

/* ---- who asks ---- */

static void tell_place(struct cli *cli, const json_t *doc)
{
	const json_t *location = json_object_get(doc, "location");
	const json_t *lat = json_object_get(location, "lat");
	const char *country = json_string_value(json_object_get(location, "country"));

	if (json_is_number(lat))
		say_line(cli, NULL, "  place   %s at %.4f, %.4f", country ? country : "somewhere",
			 json_number_value(lat),
			 json_number_value(json_object_get(location, "lon")));
	else
		say_line(cli, NULL, "  place   %s", country ? country : "not known");
}

static void tell_client(struct cli *cli, const json_t *doc)
{
	char client[SAY_MAX], service[SAY_MAX], text[SAY_MAX];

	say_line(cli, "bold", "%s asks for %s", say_text(doc, "client", client),
		 say_text(doc, "service", service));
	tell_place(cli, doc);
	say_line(cli, NULL, "  class   %s", say_text(doc, "class", text));
	if (json_is_string(json_object_get(doc, "rule")))
		say_line(cli, NULL, "  rule    %s matches this client",
			 say_text(doc, "rule", text));
	if (json_integer_value(json_object_get(doc, "epoch")) > 0)
		say_line(cli, NULL, "  epoch   %s", say_text(doc, "epoch", text));
	if (json_is_true(json_object_get(doc, "panic")))
		say_line(cli, "red", "  panic   no member may serve: the last resort answers");
}

/* ---- the candidates ---- */

enum fate { CHOSEN, KEPT, DROPPED, FATES };

static enum fate fate_of(const json_t *candidate)
{
	if (json_is_true(json_object_get(candidate, "chosen")))
		return CHOSEN;
	return json_is_true(json_object_get(candidate, "kept")) ? KEPT : DROPPED;
}

static void add_rtt(struct grid *g, const json_t *c)
{
	double rtt_ms = json_number_value(json_object_get(c, "rtt_ms"));
	char source[SAY_MAX], samples[SAY_MAX];

	say_text(c, "rtt_source", source);
	if (!json_is_number(json_object_get(c, "rtt_ms")))
		grid_cell(g, NULL, "-");
	else if (strcmp(source, "distance") == 0)
		grid_cell(g, NULL, "%.1f ms by distance", rtt_ms);
	else
		grid_cell(g, NULL, "%.1f ms (%s, n=%s)", rtt_ms, source,
			  say_text(c, "rtt_samples", samples));
}

/* What somebody does about it goes before what it was seen to fail for. */
static void add_why(struct grid *g, const json_t *c)
{
	const char *note = json_string_value(json_object_get(c, "note"));
	char text[SAY_MAX];

	grid_cell(g, NULL, "%s", say_text(c, note && note[0] ? "note" : "why", text));
}

static void add_candidate(const struct cli *cli, struct grid *g, size_t number, enum fate fate,
			  const json_t *c)
{
	static const char *const words[] = { "chosen", "kept", "dropped" };
	static const char *const colours[] = { "green", NULL, "gray" };
	char text[SAY_MAX];

	grid_row(g);
	grid_cell(g, NULL, "%zu", number);
	grid_cell(g, NULL, "%s", say_text(c, "region", text));
	grid_cell(g, colours[fate], "%s", words[fate]);
	grid_cell(g, NULL, "%s", say_text(c, "rule", text));
	grid_cell(g, say_health_colour(c), "%s", say_text(c, "health", text));
	add_rtt(g, c);
	grid_cell(g, NULL, "%s", say_share(c, "load", text));
	grid_cell(g, NULL, "%s", say_share(c, "share", text));
	grid_cell(g, "yellow", "%s", say_forced_in(cli, c, text));
	add_why(g, c);
}

/* The chosen one first, then who could have been, then who could not. */
static enum outcome tell_candidates(struct cli *cli, const json_t *candidates)
{
	struct grid *g = grid_new(&cli->style);
	size_t number = 0, i;
	json_t *candidate;

	say_heading(cli, "Candidates, and the rule that decided (docs/decision.md)");
	grid_column(g, "#", GRID_RIGHT);
	grid_column(g, "REGION", GRID_LEFT);
	grid_column(g, "FATE", GRID_LEFT);
	grid_column(g, "BY RULE", GRID_LEFT);
	grid_column(g, "HEALTH", GRID_LEFT);
	grid_column(g, "RTT", GRID_LEFT);
	grid_column(g, "LOAD", GRID_RIGHT);
	grid_column(g, "DIAL", GRID_RIGHT);
	grid_column(g, "FORCED", GRID_WRAP);
	grid_column(g, "WHY", GRID_WRAP);
	for (enum fate fate = CHOSEN; fate < FATES; fate++) {
		json_array_foreach (candidates, i, candidate)
			if (fate_of(candidate) == fate)
				add_candidate(cli, g, ++number, fate, candidate);
	}
	return cli_give_grid(cli, g, "The service's pool has no member.");
}

/* ---- the answer ---- */

static enum outcome tell_reasons(struct cli *cli, const json_t *doc)
{
	struct grid *g = grid_new(&cli->style);
	char text[SAY_MAX], reason[SAY_MAX];

	grid_bare(g);
	grid_column(g, "", GRID_LEFT);
	grid_column(g, "", GRID_WRAP);
	if (json_is_string(json_object_get(doc, "answer_reason"))) {
		grid_row(g);
		grid_cell(g, NULL, "  why");
		grid_cell(g, NULL, "%s", say_text(doc, "answer_reason", reason));
	}
	grid_row(g);
	grid_cell(g, NULL, "  TTL");
	grid_cell(g, NULL, "%s  (%s)", say_text(doc, "ttl", text),
		  say_text(doc, "ttl_reason", reason));
	grid_row(g);
	grid_cell(g, NULL, "  scope");
	grid_cell(g, NULL, "/%s  (%s)", say_text(doc, "scope", text),
		  say_text(doc, "scope_reason", reason));
	return cli_give_grid(cli, g, "");
}

static enum outcome tell_answer(struct cli *cli, const json_t *doc)
{
	char text[SAY_MAX];
	const json_t *answer = json_object_get(doc, "answer");

	say_heading(cli, "Answer");
	if (json_array_size(answer))
		say_line(cli, "green", "  %s", say_list(doc, "answer", text));
	else
		say_line(cli, "yellow", "  no address of this type");
	return tell_reasons(cli, doc);
}

static enum outcome tell(struct cli *cli, const json_t *doc)
{
	enum outcome outcome;

	tell_client(cli, doc);
	outcome = tell_candidates(cli, json_object_get(doc, "candidates"));
	if (outcome == OUTCOME_DONE)
		outcome = tell_answer(cli, doc);
	return outcome;
}

enum outcome verb_explain(struct cli *cli)
{
	const struct args *a = &cli->args;
	struct buf path = BUF_INIT;
	json_t *doc = NULL;
	enum outcome outcome;

	buf_add_str(&path, "/v1/explain");
	call_query(&path, "name", a->words[0]);
	call_query(&path, "type", a->n_words > 1 ? a->words[1] : NULL);
	call_query(&path, "client", a->client);
	outcome = path.failed ? cli_no_memory(cli) : cli_get(cli, buf_text(&path), &doc);
	buf_fini(&path);
	if (outcome != OUTCOME_DONE)
		return outcome;
	if (!cli_gave_json(cli, doc))
		outcome = tell(cli, doc);
	json_decref(doc);
	return outcome;
}
