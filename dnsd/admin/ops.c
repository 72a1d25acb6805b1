/* SPDX-License-Identifier: Apache-2.0 */
/* ops: what operators change. */
#include "dnsd/admin/ops.h"

#include "core/log.h"
#include "dnsd/admin/after.h"

#include <stdlib.h>
#include <string.h>

#define MOVES_MAX	  1000 /* more are made a text on the helper thread */
#define REFUSALS_A_MINUTE 20   /* rows a subject: mistakes of people; the others are counted */

struct ops {
	const struct rooms *rooms;
	const struct traffic *traffic;
	struct refusals *refusals;
};

/* ---- a dry run ---- */

/* What a helper thread counts for somebody who waits. */
struct dry_run {
	struct moves *moves;
	json_t *doc; /* a region of a thousand services has tens of thousands of moves */
	char *text;
	struct http_reply *reply;
};

static void free_dry_run(struct dry_run *d)
{
	json_decref(d->doc);
	free(d->text);
	moves_free(d->moves);
	free(d);
}

static void count_moves(void *dry_run)
{
	struct dry_run *d = dry_run;

	moves_count(d->moves);
	json_object_set_new(d->doc, "moves", moves_doc(d->moves));
	if (json_array_size(json_object_get(d->doc, "moves")) <= MOVES_MAX)
		return;
	d->text = json_dumps(d->doc, JSON_COMPACT);
	json_decref(d->doc);
	d->doc = NULL;
}

static void answer_dry_run(void *dry_run, enum job_end end)
{
	struct dry_run *d = dry_run;

	if (end == JOB_DROPPED)
		http_reply_error(d->reply, ERR_AGAIN, "the daemon stops");
	else if (d->doc)
		http_reply_json(d->reply, 200, json_incref(d->doc));
	else if (d->text)
		http_reply_text(d->reply, 200, "application/json", d->text, strlen(d->text));
	else
		http_reply_error(d->reply, ERR_MEMORY, "out of memory");
	free_dry_run(d);
}

static enum err_code start_dry_run(struct ops *o, const struct after *a, struct http_reply *reply,
				   struct err *e)
{
	struct dry_run *d = calloc(1, sizeof(*d));
	enum err_code rc;

	if (!d)
		return err_set(e, ERR_MEMORY, "out of memory");
	rc = after_moves(a, o->traffic, &d->moves, e);
	if (rc != ERR_OK) {
		free(d);
		return rc;
	}
	d->doc = json_pack("{s:n, s:i, s:[], s:o}", "id", "epoch", 0, "live", "notes",
			   after_notes(a));
	d->reply = reply;
	rc = job_submit(o->rooms->jobs, count_moves, answer_dry_run, d);
	if (rc == ERR_OK)
		return ERR_OK;
	free_dry_run(d);
	return err_set(e, rc, "no dry run now: other work is waiting");
}

/* ---- doing ---- */

static enum err_code write_changes(struct op *op, const struct store_actor *actor, int64_t *id,
				   struct err *e)
{
	if (op->act == OP_PUT) {
		op->change.by = (char *)actor->by;
		if (op->expires_s)
			op->change.expires_ms = clock_wall_ms(op->r->clock) + op->expires_s * 1000;
		return store_override_put(op->r->store, &op->change, actor, id, e);
	}
	*id = op->n_cleared ? op->cleared[op->n_cleared - 1] : 0;
	return store_override_clear_all(op->r->store, op->cleared, op->n_cleared, actor, e);
}

/* All of it or nothing, and on disk. */
static enum err_code write_down(struct op *op, const struct http_request *req, int64_t *id,
				struct err *e)
{
	const struct store_actor actor = { .by = op->by,
					   .from = req->peer->from,
					   .reason = op->reason,
					   .verb = op->verb,
					   .args = op->args };
	enum err_code rc = write_changes(op, &actor, id, e);

	if (rc != ERR_OK)
		return rc;
	if (op->clears_waiting)
		overrides_drop_waiting(op->r->overrides, op->service, op->region);
	rc = overrides_load(op->r->overrides, e);
	return rc == ERR_OK ? rc : err_wrap(e, rc, "it is on disk, and live with a restart");
}

/* Before a service is moved by hand: the state as it was, should the move have been a mistake. */
static void back_up(const struct rooms *r)
{
	upkeep_backup(r->upkeep, rooms_config(r));
}

/* A build takes milliseconds: an answer waits for it, so that it tells where the change is live. */
static void answer_live(const struct rooms *r, struct http_reply *reply, json_t *doc)
{
	if (live_apply_all(r->live))
		reload_request_for(r->reload, false, reply, doc);
	else
		http_reply_json(reply, 200, doc);
}

static enum err_code perform(struct op *op, const struct after *a, const struct http_request *req,
			     struct http_reply *reply, struct err *e)
{
	json_t *notes = after_notes(a);
	enum err_code rc;
	int64_t id = 0;

	if (op->act == OP_PUT && op->change.kind == STORE_FAILOVER)
		back_up(op->r);
	rc = write_down(op, req, &id, e);
	if (rc != ERR_OK) {
		json_decref(notes);
		return rc;
	}
	log_info("dnsd/admin", "%s %s by %s: %s", op->verb, op->args, op->by,
		 op->reason[0] ? op->reason : "no reason given");
	answer_live(op->r, reply,
		    json_pack("{s:o, s:i, s:[s], s:o}", "id", id ? json_integer(id) : json_null(),
			      "epoch", 0, "live", rooms_config(op->r)->node, "notes", notes));
	return ERR_OK;
}

/* What it puts or clears is settled: checks what would be, and makes it so. */
static enum err_code carry_out(struct ops *o, struct op *op, const struct http_request *req,
			       struct http_reply *reply, struct err *e)
{
	struct after a;
	enum err_code rc = after_init(&a, op, e);

	if (rc != ERR_OK)
		return rc;
	rc = after_check(&a, e);
	if (rc == ERR_OK)
		rc = op->is_dry ? start_dry_run(o, &a, reply, e) : perform(op, &a, req, reply, e);
	after_fini(&a);
	return rc;
}

/* Refusals are audited too: who tried what. */
static void refuse(struct ops *o, const struct op *op, const struct http_request *req,
		   struct http_reply *reply, enum err_code rc, const struct err *e)
{
	const struct store_actor actor = { .by = op->by,
					   .from = req->peer->from,
					   .reason = strlen(op->reason) <= OP_REASON_MAX
							     ? op->reason
							     : "",
					   .verb = op->verb,
					   .args = op->args };

	refusals_note(o->refusals, &actor, e->text, REFUSALS_A_MINUTE);
	http_reply_error(reply, rc, e->text);
}

void ops_handle(struct ops *o, const char *verb, const struct http_request *req,
		struct http_reply *reply)
{
	enum err_code rc;
	struct err e;
	struct op op;

	op_init(&op, o->rooms, verb, req);
	keep_flush(o->rooms->keep); /* what happened before it is told before it */
	rc = op_read(&op, req, &e);
	if (rc == ERR_OK)
		rc = carry_out(o, &op, req, reply, &e);
	if (rc != ERR_OK)
		refuse(o, &op, req, reply, rc, &e);
	op_fini(&op);
}

void ops_clear(struct ops *o, int64_t id, const struct http_request *req, struct http_reply *reply)
{
	enum err_code rc;
	struct err e;
	struct op op;

	op_init(&op, o->rooms, "override clear", req);
	keep_flush(o->rooms->keep);
	rc = op_read_clear(&op, id, req, &e);
	if (rc == ERR_OK)
		rc = carry_out(o, &op, req, reply, &e);
	if (rc != ERR_OK)
		refuse(o, &op, req, reply, rc, &e);
	op_fini(&op);
}

void ops_expire(struct ops *o)
{
	const struct rooms *r = o->rooms;

	if (!overrides_expire(r->overrides))
		return;
	keep_flush(r->keep); /* disk first: what is heard and not written yet would show with it */
	if (live_apply_all(r->live))
		reload_request(r->reload, false, false);
}

/* ---- life ---- */

enum err_code ops_new(struct ops **out, const struct rooms *rooms, const struct traffic *traffic,
		      struct refusals *refusals)
{
	struct ops *o = calloc(1, sizeof(*o));

	if (!o)
		return ERR_MEMORY;
	o->rooms = rooms;
	o->traffic = traffic;
	o->refusals = refusals;
	*out = o;
	return ERR_OK;
}

void ops_free(struct ops *o)
{
	free(o);
}
