/* SPDX-License-Identifier: Apache-2.0 */
/* change: what all verbs share that change something: the body, the question, the answer. */
#include "ctl/change.h"

#include "ctl/say.h"

#include <string.h>

void change_add(json_t *body, const char *key, const char *text)
{
	if (text)
		json_object_set_new(body, key, json_string(text));
}

static void add_common(const struct args *a, json_t *body)
{
	change_add(body, "reason", a->reason);
	if (a->expires_ms)
		json_object_set_new(body, "expires_s",
				    json_integer((json_int_t)((a->expires_ms + 999) / 1000)));
	if (a->given & ARG_FORCE)
		json_object_set_new(body, "force", json_true());
	if (a->given & ARG_DRY_RUN)
		json_object_set_new(body, "dry_run", json_true());
}

static enum outcome post(struct cli *cli, const struct change *change, const json_t *body,
			 json_t **done)
{
	const struct call_request request = { .method = "POST",
					      .path = change->path,
					      .body = body };

	return cli_send(cli, &request, done);
}

/* ---- telling ---- */

/* Of what the shares are. */
static void tell_basis(struct cli *cli, const json_t *moves)
{
	size_t answers = 0, classes = 0, i;
	json_t *move;

	json_array_foreach (moves, i, move) {
		const char *basis = json_string_value(json_object_get(move, "basis"));

		answers += basis && strcmp(basis, "answers") == 0;
		classes += basis && strcmp(basis, "classes") == 0;
	}
	if (answers)
		say_line(cli, "gray", "Shares are of the answers of the last five minutes.");
	if (answers && classes)
		say_line(cli, "gray", "Services without one: of their classes of clients.");
	else if (classes)
		say_line(cli, "gray",
			 "No answers in the last five minutes: shares are of classes of clients.");
}

enum outcome change_moves(struct cli *cli, const json_t *moves)
{
	struct grid *g = grid_new(&cli->style);
	char text[SAY_MAX];
	json_t *move;
	size_t i;

	grid_column(g, "SERVICE", GRID_LEFT);
	grid_column(g, "FROM", GRID_LEFT);
	grid_column(g, "TO", GRID_LEFT);
	grid_column(g, "SHARE", GRID_RIGHT);
	json_array_foreach (moves, i, move) {
		grid_row(g);
		grid_cell(g, NULL, "%s", say_text(move, "service", text));
		grid_cell(g, NULL, "%s", say_text(move, "from", text));
		grid_cell(g, NULL, "%s", say_text(move, "to", text));
		grid_cell(g, NULL, "%s", say_share(move, "share", text));
	}
	tell_basis(cli, moves);
	return cli_give_grid(cli, g, "Nothing would move.");
}

/* What does not go as one would think. */
static void tell_notes(struct cli *cli, const json_t *done)
{
	const json_t *notes = json_object_get(done, "notes");
	json_t *note;
	size_t i;

	json_array_foreach (notes, i, note)
		say_line(cli, "yellow", "note: %s", json_string_value(note));
}

enum outcome change_tell(struct cli *cli, const struct change *change, const json_t *done,
			 int64_t *id)
{
	char live[SAY_MAX];

	*id = json_integer_value(json_object_get(done, "id"));
	if (cli_gave_json(cli, done))
		return OUTCOME_DONE;
	if (cli->args.given & ARG_DRY_RUN) {
		say_line(cli, NULL, "%s: nothing is changed; this would move:", change->what);
		tell_notes(cli, done);
		return change_moves(cli, json_object_get(done, "moves"));
	}
	if (*id)
		say_line(cli, NULL, "%s: %s, id %lld, live on %s", change->what,
			 change->done ? change->done : "done", (long long)*id,
			 say_list(done, "live", live));
	else
		say_line(cli, NULL, "%s: %s, live on %s", change->what,
			 change->done ? change->done : "done", say_list(done, "live", live));
	tell_notes(cli, done);
	return OUTCOME_DONE;
}

/* ---- asking ---- */

static bool has_said_yes(struct cli *cli, const char *what)
{
	char answer[16];

	fprintf(cli->err, "%s? [y/N] ", what);
	fflush(cli->err);
	if (!fgets(answer, sizeof(answer), cli->in))
		return false;
	answer[strcspn(answer, "\n")] = 0;
	return strcasecmp(answer, "y") == 0 || strcasecmp(answer, "yes") == 0;
}

static bool must_ask(const struct cli *cli, const struct change *change)
{
	return change->is_risky && cli->can_ask && !cli->args.is_yes &&
	       !(cli->args.given & ARG_DRY_RUN);
}

/* Tries it dry, so that the question comes with what would move, and a refusal at once. */
static enum outcome ask(struct cli *cli, const struct change *change)
{
	json_t *trial = json_copy(change->body), *done = NULL;
	enum outcome outcome;

	if (!trial)
		return cli_no_memory(cli);
	json_object_set_new(trial, "dry_run", json_true());
	outcome = post(cli, change, trial, &done);
	json_decref(trial);
	if (outcome == OUTCOME_DONE && !cli->args.is_json)
		tell_notes(cli, done);
	if (outcome == OUTCOME_DONE && !cli->args.is_json)
		outcome = change_moves(cli, json_object_get(done, "moves"));
	json_decref(done);
	if (outcome == OUTCOME_DONE && !has_said_yes(cli, change->what))
		outcome = cli_wrong(cli, "refused", "nothing is changed");
	return outcome;
}

enum outcome change_post(struct cli *cli, const struct change *change, int64_t *id)
{
	enum outcome outcome = change->body ? OUTCOME_DONE : cli_no_memory(cli);
	json_t *done = NULL;

	*id = 0;
	add_common(&cli->args, change->body);
	if (outcome == OUTCOME_DONE && must_ask(cli, change))
		outcome = ask(cli, change);
	if (outcome == OUTCOME_DONE)
		outcome = post(cli, change, change->body, &done);
	if (outcome == OUTCOME_DONE)
		outcome = change_tell(cli, change, done, id);
	json_decref(done);
	json_decref(change->body);
	return outcome;
}
