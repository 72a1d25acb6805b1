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

static enum outcome list_events(struct cli *cli, const json_t *events)
{
	struct grid *g = grid_new(&cli->style);
	char text[SAY_MAX];
	json_t *event;
	size_t i;

	grid_column(g, "SEQ", GRID_RIGHT);
	grid_column(g, "TIME (UTC)", GRID_LEFT);
	grid_column(g, "KIND", GRID_LEFT);
	grid_column(g, "SERVICE", GRID_LEFT);
	grid_column(g, "REGION", GRID_LEFT);
	grid_column(g, "FROM", GRID_LEFT);
	grid_column(g, "TO", GRID_LEFT);
	grid_column(g, "CAUSE", GRID_WRAP);
	grid_column(g, "BY", GRID_LEFT);
	grid_column(g, "REASON", GRID_WRAP);
	json_array_foreach (events, i, event) {
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
	return cli_give_grid(cli, g, "Nothing has happened.");
}

#define FOLLOW_FORMAT "%-19s  %-9s  %-24s  %-12s  %-18s  %s"

static void tell_follow_header(struct cli *cli)
{
	if (!cli->args.is_json)
		say_line(cli, "bold", FOLLOW_FORMAT, "TIME (UTC)", "KIND", "SERVICE", "REGION",
			 "CHANGE", "WHY");
}

/* A line each, in columns that hold what is usual: what is still to come is not known. */
static void tell_event(struct cli *cli, const json_t *event)
{
	char time[SAY_MAX], kind[SAY_MAX], service[SAY_MAX], region[SAY_MAX], from[SAY_MAX];
	char to[SAY_MAX], text[SAY_MAX], change[2 * SAY_MAX] = "-";
	static const char *const why[] = { "cause", "reason" };
	struct buf line = BUF_INIT;

	if (cli_gave_json(cli, event))
		return;
	for (size_t i = 0; i < sizeof(why) / sizeof(why[0]); i++)
		if (strcmp(say_text(event, why[i], text), "-") != 0)
			buf_printf(&line, "%s%s", line.len ? ": " : "", text);
	if (strcmp(say_text(event, "by", text), "-") != 0 && strcmp(text, "fairlead") != 0)
		buf_printf(&line, "%sby %s", line.len ? ", " : "", text);
	if (strcmp(say_text(event, "to", to), "-") != 0)
		snprintf(change, sizeof(change), "%s -> %s", say_text(event, "from", from), to);
	say_line(cli, say_health_change_colour(to), FOLLOW_FORMAT, say_time(event, "time", time),
		 say_text(event, "kind", kind), say_text(event, "service", service),
		 say_text(event, "region", region), change, buf_text(&line));
	buf_fini(&line);
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

static enum outcome list_audit(struct cli *cli, const json_t *rows)
{
	struct grid *g = grid_new(&cli->style);
	char text[SAY_MAX];
	json_t *row;
	size_t i;

	grid_column(g, "SEQ", GRID_RIGHT);
	grid_column(g, "TIME (UTC)", GRID_LEFT);
	grid_column(g, "BY", GRID_LEFT);
	grid_column(g, "FROM", GRID_LEFT);
	grid_column(g, "VERB", GRID_LEFT);
	grid_column(g, "WITH", GRID_WRAP);
	grid_column(g, "RESULT", GRID_WRAP);
	grid_column(g, "REASON", GRID_WRAP);
	grid_column(g, "HASH", GRID_LEFT);
	json_array_foreach (rows, i, row) {
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
