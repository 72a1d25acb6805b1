/* SPDX-License-Identifier: Apache-2.0 */
/* verb_history: `events` and `audit`: what happened, and who did what.
 *
 * The daemon gives a page at a time: the newest ones are asked for backwards from the end, all of
 * them forwards from the beginning. Without --last a table shows the newest ones only. */
#include "ctl/say.h"
#include "ctl/verbs.h"

#include <string.h>

#define TABLE_ROWS  40
#define PAGE_ROWS   1000 /* the most that a daemon gives at once */
#define FOLLOW_ROWS 10	 /* what is shown before one follows */
#define FOLLOW_MS   1000
#define VERIFY_MS   300 /* between two looks at how far a verification is */
/* More pages than this are not a history but a loop. */
#define PAGES_MAX 100000

static int64_t last_seq(const json_t *rows, int64_t otherwise)
{
	const json_t *row = json_array_get(rows, json_array_size(rows) - 1);

	return json_array_size(rows) ? json_integer_value(json_object_get(row, "seq")) : otherwise;
}

static enum outcome get_page(struct cli *cli, const char *path, int64_t after, json_t **rows)
{
	char number[24];

	snprintf(number, sizeof(number), "%lld", (long long)after);
	return cli_get_with(cli, path, "after", number, rows);
}

static void add_number(struct buf *query, const char *key, int64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)number);
	if (number)
		call_query(query, key, text);
}

/* A page that ends before the first of `rows`, in front of them. */
static enum outcome get_before(struct cli *cli, const char *path, int64_t after, size_t n,
			       json_t *rows, bool *is_end)
{
	const json_t *first = json_array_get(rows, 0);
	struct buf query = BUF_INIT;
	json_t *page = NULL, *row;
	enum outcome outcome;
	size_t i;

	n = n < PAGE_ROWS ? n : PAGE_ROWS;
	buf_add_str(&query, path);
	add_number(&query, "last", (int64_t)n);
	add_number(&query, "after", after);
	add_number(&query, "before", json_integer_value(json_object_get(first, "seq")));
	outcome = query.failed ? cli_no_memory(cli) : cli_get(cli, buf_text(&query), &page);
	buf_fini(&query);
	*is_end = json_array_size(page) < n;
	if (outcome == OUTCOME_DONE)
		json_array_foreach (page, i, row)
			json_array_insert(rows, i, row);
	json_decref(page);
	return outcome;
}

/* The newest `most` rows after `after`. */
static enum outcome get_newest(struct cli *cli, const char *path, int64_t after, size_t most,
			       json_t **out)
{
	json_t *rows = json_array();
	enum outcome outcome = OUTCOME_DONE;
	bool is_end = false;

	while (outcome == OUTCOME_DONE && !is_end && json_array_size(rows) < most)
		outcome = get_before(cli, path, after, most - json_array_size(rows), rows, &is_end);
	if (outcome == OUTCOME_DONE)
		*out = rows;
	else
		json_decref(rows);
	return outcome;
}

/* All rows after `after`, the newest `most` of them (0 = all). */
static enum outcome get_all(struct cli *cli, const char *path, int64_t after, size_t most,
			    json_t **out)
{
	json_t *all;

	if (most)
		return get_newest(cli, path, after, most, out);
	all = json_array();
	for (unsigned i = 0; i < PAGES_MAX; i++) {
		json_t *page = NULL;
		enum outcome outcome = get_page(cli, path, after, &page);
		bool is_end = !json_array_size(page) || last_seq(page, after) <= after;

		if (outcome != OUTCOME_DONE || (!is_end && json_array_extend(all, page) != 0)) {
			json_decref(page);
			json_decref(all);
			return outcome != OUTCOME_DONE ? outcome : cli_no_memory(cli);
		}
		after = last_seq(page, after);
		json_decref(page);
		if (is_end)
			break;
	}
	*out = all;
	return OUTCOME_DONE;
}

static size_t rows_wanted(const struct cli *cli)
{
	const struct args *a = &cli->args;

	if (a->given & ARG_LAST)
		return a->last;
	return a->is_json || a->given & ARG_AFTER ? 0 : TABLE_ROWS;
}

/* ---- events ---- */

/* "www.example.com: eu-west up -> down (said by the region: withdrawn), by uid:0" */
static void what_happened(const json_t *event, struct buf *out)
{
	static const char *const who[] = { "service", "region" };
	char text[SAY_MAX], from[SAY_MAX];
	bool has_cause = strcmp(say_text(event, "cause", text), "-") != 0;

	for (size_t i = 0; i < sizeof(who) / sizeof(who[0]); i++)
		if (strcmp(say_text(event, who[i], text), "-") != 0)
			buf_printf(out, "%s%s", out->len ? ": " : "", text);
	say_text(event, "from", from);
	say_text(event, "to", text);
	if (strcmp(from, "-") != 0)
		buf_printf(out, "%s%s ->", out->len ? " " : "", from);
	if (strcmp(from, "-") != 0 || strcmp(text, "-") != 0)
		buf_printf(out, "%s%s", out->len ? " " : "",
			   strcmp(text, "-") == 0 ? strcmp(from, "on") == 0 ? "off" : "none"
						  : text);
	if (has_cause)
		buf_printf(out, "%s(%s", out->len ? " " : "", say_text(event, "cause", text));
	if (strcmp(say_text(event, "reason", text), "-") != 0)
		buf_printf(out, has_cause ? ": %s" : out->len ? ": %s" : "%s", text);
	buf_add_str(out, has_cause ? ")" : "");
	if (strcmp(say_text(event, "by", text), "-") != 0 && strcmp(text, "fairlead") != 0)
		buf_printf(out, ", by %s", text);
}

/* What is to fit into a narrow terminal, or comes line by line, has one column of words. */
static void add_short_event(struct grid *g, const json_t *event)
{
	struct buf what = BUF_INIT;
	char text[SAY_MAX];

	what_happened(event, &what);
	grid_row(g);
	grid_cell(g, NULL, "%s", say_text(event, "seq", text));
	grid_cell(g, NULL, "%s", say_time(event, "time", text));
	grid_cell(g, NULL, "%s", say_text(event, "kind", text));
	grid_cell(g, say_health_change_colour(say_text(event, "to", text)), "%s", buf_text(&what));
	buf_fini(&what);
}

static void add_event(struct grid *g, const json_t *event)
{
	char text[SAY_MAX];

	grid_row(g);
	grid_cell(g, NULL, "%s", say_text(event, "seq", text));
	grid_cell(g, NULL, "%s", say_time(event, "time", text));
	grid_cell(g, NULL, "%s", say_text(event, "kind", text));
	grid_cell(g, NULL, "%s", say_text(event, "service", text));
	grid_cell(g, NULL, "%s", say_text(event, "region", text));
	grid_cell(g, NULL, "%s", say_text(event, "from", text));
	grid_cell(g, NULL, "%s", say_text(event, "to", text));
	grid_cell(g, NULL, "%s", say_text(event, "cause", text));
	grid_cell(g, NULL, "%s", say_text(event, "by", text));
	grid_cell(g, NULL, "%s", say_text(event, "reason", text));
}

static void add_event_columns(struct grid *g, bool is_narrow)
{
	grid_column(g, "SEQ", GRID_RIGHT);
	grid_column(g, "TIME (UTC)", GRID_LEFT);
	grid_column(g, "KIND", GRID_LEFT);
	if (is_narrow) {
		grid_column(g, "WHAT", GRID_WRAP);
		return;
	}
	grid_column(g, "SERVICE", GRID_LEFT);
	grid_column(g, "REGION", GRID_LEFT);
	grid_column(g, "FROM", GRID_LEFT);
	grid_column(g, "TO", GRID_LEFT);
	grid_column(g, "CAUSE", GRID_WRAP);
	grid_column(g, "BY", GRID_LEFT);
	grid_column(g, "REASON", GRID_WRAP);
}

static enum outcome list_events(struct cli *cli, const json_t *events)
{
	struct grid *g = grid_new(&cli->style);
	bool is_narrow = say_is_narrow(cli);
	json_t *event;
	size_t i;

	add_event_columns(g, is_narrow);
	json_array_foreach (events, i, event) {
		if (is_narrow)
			add_short_event(g, event);
		else
			add_event(g, event);
	}
	return cli_give_grid(cli, g, "Nothing has happened.");
}

#define FOLLOW_FORMAT "%-19s  %-8s  %s"

static void tell_follow_header(struct cli *cli)
{
	if (!cli->args.is_json)
		say_line(cli, "bold", FOLLOW_FORMAT, "TIME (UTC)", "KIND", "WHAT");
}

/* A line each, so that grep finds all of it: what is still to come is not known. */
static void tell_event(struct cli *cli, const json_t *event)
{
	char time[SAY_MAX], kind[SAY_MAX], to[SAY_MAX];
	struct buf what = BUF_INIT;

	if (cli_gave_json(cli, event))
		return;
	what_happened(event, &what);
	say_line(cli, say_health_change_colour(say_text(event, "to", to)), FOLLOW_FORMAT,
		 say_time(event, "time", time), say_text(event, "kind", kind), buf_text(&what));
	buf_fini(&what);
}

/* Until it is interrupted, or the daemon goes. Under -o json: one object a line. */
static enum outcome follow(struct cli *cli)
{
	const struct args *a = &cli->args;
	size_t most = a->given & ARG_LAST ? a->last : a->given & ARG_AFTER ? 0 : FOLLOW_ROWS, i;
	int64_t after = a->after;
	json_t *rows = NULL, *event;
	enum outcome outcome = get_all(cli, "/v1/events", after, most, &rows);

	if (outcome == OUTCOME_DONE)
		tell_follow_header(cli);
	while (outcome == OUTCOME_DONE) {
		json_array_foreach (rows, i, event)
			tell_event(cli, event);
		after = last_seq(rows, after);
		json_decref(rows);
		rows = NULL;
		if (fflush(cli->out) != 0)
			return OUTCOME_DONE; /* the reader has gone */
		cli->pause_ms(FOLLOW_MS);
		outcome = get_page(cli, "/v1/events", after, &rows);
	}
	return outcome;
}

enum outcome verb_events(struct cli *cli)
{
	json_t *events = NULL;
	enum outcome outcome;

	if (cli->args.given & ARG_FOLLOW)
		return follow(cli);
	outcome = get_all(cli, "/v1/events", cli->args.after, rows_wanted(cli), &events);
	if (outcome != OUTCOME_DONE)
		return outcome;
	if (!cli_gave_json(cli, events))
		outcome = list_events(cli, events);
	json_decref(events);
	return outcome;
}

/* ---- audit ---- */

/* "drain region=eu-west expires_s=3600: new switches"; the reason is there once. */
static void what_was_done(const json_t *row, struct buf *out)
{
	const char *args = json_string_value(json_object_get(row, "args"));
	json_t *doc = args ? json_loads(args, 0, NULL) : NULL, *value;
	char text[SAY_MAX];
	const char *key;

	buf_add_str(out, say_text(row, "verb", text));
	json_object_foreach (doc, key, value) {
		if (strcmp(key, "reason") == 0)
			continue;
		if (json_is_true(value))
			buf_printf(out, " %s", key);
		else
			buf_printf(out, " %s=%s", key, say_text(doc, key, text));
	}
	if (!json_is_object(doc) && args)
		buf_printf(out, " %s", args);
	if (strcmp(say_text(row, "reason", text), "-") != 0)
		buf_printf(out, ": %s", text);
	json_decref(doc);
}

static void add_short_row(struct grid *g, const json_t *row)
{
	struct buf what = BUF_INIT;
	char text[SAY_MAX];

	what_was_done(row, &what);
	grid_row(g);
	grid_cell(g, NULL, "%s", say_text(row, "seq", text));
	grid_cell(g, NULL, "%s", say_time(row, "time", text));
	grid_cell(g, NULL, "%s", say_text(row, "by", text));
	grid_cell(g, NULL, "%s", buf_text(&what));
	grid_cell(g, NULL, "%s", say_text(row, "result", text));
	buf_fini(&what);
}

static void add_row(struct grid *g, const json_t *row)
{
	char text[SAY_MAX];

	grid_row(g);
	grid_cell(g, NULL, "%s", say_text(row, "seq", text));
	grid_cell(g, NULL, "%s", say_time(row, "time", text));
	grid_cell(g, NULL, "%s", say_text(row, "by", text));
	grid_cell(g, NULL, "%s", say_text(row, "from", text));
	grid_cell(g, NULL, "%s", say_text(row, "verb", text));
	grid_cell(g, NULL, "%s", say_text(row, "args", text));
	grid_cell(g, NULL, "%s", say_text(row, "result", text));
	grid_cell(g, NULL, "%s", say_text(row, "reason", text));
	grid_cell(g, NULL, "%.12s", say_text(row, "hash", text));
}

static void add_audit_columns(struct grid *g, bool is_short)
{
	grid_column(g, "SEQ", GRID_RIGHT);
	grid_column(g, "TIME (UTC)", GRID_LEFT);
	if (is_short) {
		grid_column(g, "BY", GRID_WRAP);
		grid_column(g, "WHAT", GRID_WRAP);
		grid_column(g, "RESULT", GRID_WRAP);
		return;
	}
	grid_column(g, "BY", GRID_LEFT);
	grid_column(g, "FROM", GRID_LEFT);
	grid_column(g, "VERB", GRID_LEFT);
	grid_column(g, "WITH", GRID_WRAP);
	grid_column(g, "RESULT", GRID_WRAP);
	grid_column(g, "REASON", GRID_WRAP);
	grid_column(g, "HASH", GRID_LEFT);
}

/* On a terminal without what is for comparing: -o json and a pipe have all. */
static enum outcome list_audit(struct cli *cli, const json_t *rows)
{
	struct grid *g = grid_new(&cli->style);
	bool is_short = cli->style.width > 0;
	json_t *row;
	size_t i;

	add_audit_columns(g, is_short);
	json_array_foreach (rows, i, row) {
		if (is_short)
			add_short_row(g, row);
		else
			add_row(g, row);
	}
	return cli_give_grid(cli, g, "Nobody has done anything.");
}

static void show_progress(struct cli *cli, const json_t *doc)
{
	double done = json_number_value(json_object_get(doc, "done"));
	double total = json_number_value(json_object_get(doc, "total"));

	if (cli->can_ask && total > 0)
		fprintf(cli->err, "\r%3.0f %% of %.0f rows", 100 * done / total, total);
}

/* Joins the run that is under way, or begins one, and follows it to its end. */
static enum outcome follow_run(struct cli *cli, json_t **out)
{
	char path[96] = "/v1/audit?verify=1&poll=1";
	json_t *doc = NULL;
	enum outcome outcome = cli_get(cli, path, &doc);

	while (outcome == OUTCOME_DONE && json_is_true(json_object_get(doc, "running"))) {
		snprintf(path, sizeof(path), "/v1/audit?verify=1&poll=1&run=%lld",
			 (long long)json_integer_value(json_object_get(doc, "run")));
		show_progress(cli, doc);
		json_decref(doc);
		doc = NULL;
		cli->pause_ms(VERIFY_MS);
		outcome = cli_get(cli, path, &doc);
	}
	if (cli->can_ask)
		fputs("\r\033[K", cli->err);
	*out = doc;
	return outcome;
}

static enum outcome verify(struct cli *cli)
{
	char rows[SAY_MAX], events[SAY_MAX];
	json_t *doc = NULL;
	enum outcome outcome = follow_run(cli, &doc);

	if (outcome != OUTCOME_DONE)
		return outcome;
	if (!cli_gave_json(cli, doc))
		say_line(cli, "green",
			 "The chain is whole: %s rows of the audit and %s events, each with the "
			 "right hash.",
			 say_text(doc, "rows", rows), say_text(doc, "events", events));
	json_decref(doc);
	return outcome;
}

enum outcome verb_audit(struct cli *cli)
{
	json_t *rows = NULL;
	enum outcome outcome;

	if (cli->args.given & ARG_VERIFY)
		return verify(cli);
	outcome = get_all(cli, "/v1/audit", cli->args.after, rows_wanted(cli), &rows);
	if (outcome != OUTCOME_DONE)
		return outcome;
	if (!cli_gave_json(cli, rows))
		outcome = list_audit(cli, rows);
	json_decref(rows);
	return outcome;
}
