/* SPDX-License-Identifier: Apache-2.0 */
/* ops: what operators change. */
#include "dnsd/admin/ops.h"

#include "core/log.h"
#include "core/utf8.h"
#include "dnsd/admin/doc.h"
#include "dnsd/admin/moves.h"

#include <stdlib.h>
#include <string.h>

#define EXPIRES_MAX_S (366 * 86400)
#define REASON_MAX    255 /* bytes */

struct ops {
	const struct rooms *rooms;
	uint64_t refused;
};

/* One request, taken apart. */
struct op {
	struct ops *ops;
	const struct rooms *r;
	const char *verb;
	json_t *body;
	const char *region, *service, *reason; /* "" = not given */
	uint32_t share_ppm;
	int64_t expires_s;
	bool is_dry, is_forced;
	struct store_override change; /* what it puts */
	enum { OP_PUT, OP_CLEAR } act;
	int64_t *cleared; /* ids, room for all */
	size_t n_cleared;
	char args[1024];
	char by[HTTP_BY_MAX]; /* who asked */
};

/* ---- reading ---- */

static enum err_code read_body(struct op *op, const struct http_request *req, struct err *e)
{
	json_error_t why;
	json_int_t share = -1, expires = 0;
	int dry = 0, force = 0, wait = 0;
	const char *to = NULL;

	op->body = json_loadb((const char *)req->body, req->len, JSON_REJECT_DUPLICATES, &why);
	if (!op->body)
		return err_set(e, ERR_INPUT, "the body is not JSON: %s", why.text);
	op->region = op->service = op->reason = "";
	if (json_unpack_ex(op->body, &why, JSON_STRICT,
			   "{s?s, s?s, s?s, s?s, s?I, s?I, s?b, s?b, s?b}", "region", &op->region,
			   "service", &op->service, "to", &to, "reason", &op->reason, "share_ppm",
			   &share, "expires_s", &expires, "dry_run", &dry, "force", &force, "wait",
			   &wait) != 0)
		return err_set(e, ERR_INPUT, "%s", why.text);
	if (to)
		op->region = to;
	if (strlen(op->reason) > REASON_MAX)
		return err_set(e, ERR_INPUT, "reason is at most %d bytes", REASON_MAX);
	if (expires < 0 || expires > EXPIRES_MAX_S)
		return err_set(e, ERR_INPUT, "expires_s is 0 to %d", EXPIRES_MAX_S);
	if (strcmp(op->verb, "dial") == 0 && (share < 0 || share > PICK_SHARE_ALL))
		return err_set(e, ERR_INPUT, "share_ppm is 0 to 1000000 (100 %%)");
	op->share_ppm = share < 0 ? 0 : (uint32_t)share; /* a dial's alone */
	op->expires_s = expires;
	op->is_dry = dry;
	op->is_forced = force;
	return ERR_OK;
}

/* ---- checking ---- */

static enum err_code check_region(const struct op *op, struct err *e)
{
	const struct dnsd_config *config = rooms_config(op->r);
	struct buf known = BUF_INIT;

	for (size_t i = 0; i < config->n_regions; i++) {
		if (strcmp(config->regions[i].name, op->region) == 0) {
			buf_fini(&known);
			return ERR_OK;
		}
		buf_printf(&known, "%s%s", i ? ", " : "", config->regions[i].name);
	}
	err_set(e, ERR_NOT_FOUND, "there is no region %s; there are: %s", op->region,
		buf_text(&known));
	buf_fini(&known);
	return ERR_NOT_FOUND;
}

/* From here on it has the name that the configuration gives it: people write capitals and dots. */
static enum err_code check_service(struct op *op, struct err *e)
{
	uint32_t s = doc_service_index(rooms_config(op->r), op->service);

	if (s == UINT32_MAX)
		return err_set(e, ERR_NOT_FOUND, "there is no service %s",
			       op->service[0] ? op->service : "without a name");
	op->service = rooms_config(op->r)->services[s].name;
	return ERR_OK;
}

static enum err_code check_target(const struct op *op, struct err *e)
{
	uint32_t s = doc_service_index(rooms_config(op->r), op->service);
	uint64_t bits = live_region_bits(op->r->live, s, op->region);
	bool any_up = false;

	if (!bits)
		return err_set(e, ERR_INPUT, "%s has no member in %s", op->service, op->region);
	for (uint32_t m = 0; m < CONFIG_MEMBERS_MAX; m++)
		any_up |= bits >> m & 1 && fleet_health(op->r->fleet, s, m) != HEALTH_DOWN;
	if (!any_up && !op->is_forced)
		return err_set(e, ERR_UNSAFE,
			       "%s is down for %s; with --force it moves when that is back",
			       op->region, op->service);
	return ERR_OK;
}

static void clear_matching(struct op *op, enum store_override_kind kind, bool held_only)
{
	const struct overrides_set set = overrides_now(op->r->forced);

	for (size_t i = 0; i < set.n; i++) {
		const struct store_override *o = &set.list[i];

		if (o->kind == kind && (!held_only || overrides_is_held(o)) &&
		    strcmp(o->service, op->service) == 0 &&
		    (!op->region[0] || strcmp(o->region, op->region) == 0))
			op->cleared[op->n_cleared++] = o->id;
	}
}

static enum err_code plan_failback(struct op *op, struct err *e)
{
	enum err_code rc = check_service(op, e);

	if (rc != ERR_OK)
		return rc;
	op->act = OP_CLEAR;
	clear_matching(op, STORE_FAILOVER, false);
	clear_matching(op, STORE_DRAIN, true);
	return op->n_cleared ? ERR_OK
			     : err_set(e, ERR_REFUSED, "%s was not failed over", op->service);
}

static enum err_code plan_undrain(struct op *op, struct err *e)
{
	op->act = OP_CLEAR;
	clear_matching(op, STORE_DRAIN, false);
	return op->n_cleared ? ERR_OK : err_set(e, ERR_REFUSED, "%s is not drained", op->region);
}

/* From the verb and its arguments to what it puts or clears. */
static enum err_code plan(struct op *op, struct err *e)
{
	bool is_failover = strcmp(op->verb, "failover") == 0;
	enum err_code rc;

	if (strcmp(op->verb, "failback") == 0)
		return plan_failback(op, e);
	rc = check_region(op, e);
	if (rc == ERR_OK && (op->service[0] || is_failover))
		rc = check_service(op, e);
	if (rc != ERR_OK)
		return rc;
	if (strcmp(op->verb, "undrain") == 0)
		return plan_undrain(op, e);
	op->change = (struct store_override){
		.kind = is_failover			? STORE_FAILOVER
			: strcmp(op->verb, "dial") == 0 ? STORE_DIAL
							: STORE_DRAIN,
		.service = (char *)op->service,
		.region = (char *)op->region,
		.reason = (char *)op->reason,
		.value = op->share_ppm,
	};
	return is_failover ? check_target(op, e) : ERR_OK;
}

/* ---- the world after it ---- */

static bool is_cleared(const struct op *op, const struct store_override *o)
{
	for (size_t i = 0; i < op->n_cleared; i++)
		if (op->cleared[i] == o->id)
			return true;
	return false;
}

static bool is_replaced(const struct op *op, const struct store_override *o)
{
	if (op->act != OP_PUT || o->kind != op->change.kind ||
	    strcmp(o->service, op->change.service) != 0)
		return false;
	return o->kind == STORE_FAILOVER || strcmp(o->region, op->change.region) == 0;
}

/* The live state of every service as it would be, by the very code that makes it so. */
static struct publish_service_live *world_after(const struct op *op)
{
	const struct overrides_set now = overrides_now(op->r->forced);
	struct store_override *list = calloc(now.n + 1, sizeof(*list));
	struct publish_service_live *after =
		calloc(rooms_config(op->r)->n_services + 1, sizeof(*after));
	size_t n = 0;

	if (!list || !after) {
		free(list);
		free(after);
		return NULL;
	}
	for (size_t i = 0; i < now.n; i++)
		if (!is_cleared(op, &now.list[i]) && !is_replaced(op, &now.list[i]))
			list[n++] = now.list[i];
	if (op->act == OP_PUT) {
		list[n] = op->change;
		list[n++].by = "";
	}
	for (uint32_t s = 0; s < rooms_config(op->r)->n_services; s++)
		live_with(op->r->live, (struct overrides_set){ list, n }, s, &after[s]);
	free(list);
	return after;
}

static unsigned regions_in(const struct rooms *r, uint32_t service, uint64_t bits)
{
	const struct config_pool *pool =
		&rooms_config(r)->pools[rooms_config(r)->services[service].pool];
	unsigned n = 0;

	for (uint32_t m = 0; m < pool->n_members; m++) {
		bool again = false;

		for (uint32_t i = 0; i < m; i++)
			again |= bits >> i & 1 &&
				 pool->members[i].region == pool->members[m].region;
		n += bits >> m & 1 && !again;
	}
	return n;
}

/* A failover to who is drained would be on record, and move nobody. */
static enum err_code check_moves(const struct op *op, const struct publish_service_live *after,
				 struct err *e)
{
	uint32_t s;

	if (op->act != OP_PUT || op->change.kind != STORE_FAILOVER)
		return ERR_OK;
	s = doc_service_index(rooms_config(op->r), op->service);
	for (uint32_t m = 0; m < CONFIG_MEMBERS_MAX; m++)
		if (after[s].forced >> m & 1 &&
		    (after[s].serve >> m & 1 || fleet_health(op->r->fleet, s, m) == HEALTH_DOWN))
			return ERR_OK; /* it moves, now or when that is back */
	return err_set(e, ERR_REFUSED,
		       "%s would not serve %s: it is drained or dialled to 0 (fairlead override "
		       "list)",
		       op->region, op->service);
}

static enum err_code check_safety(const struct op *op, const struct publish_service_live *after,
				  struct err *e)
{
	const struct rooms *r = op->r;
	unsigned least = rooms_config(r)->safety.min_regions ? rooms_config(r)->safety.min_regions
							     : 1;

	if (op->is_forced)
		return ERR_OK;
	for (uint32_t s = 0; s < rooms_config(r)->n_services; s++) {
		struct publish_service_live now;
		unsigned before, left;

		live_of(r->live, s, &now);
		before = regions_in(r, s, now.serve);
		left = regions_in(r, s, after[s].serve);
		if (left < before && left < least)
			return err_set(
				e, ERR_UNSAFE,
				"%s would be left with %u of %u regions, at least %u must stay "
				"(safety.min_regions); --force does it all the same",
				rooms_config(r)->services[s].name, left, before, least);
	}
	return ERR_OK;
}

/* ---- doing ---- */

static void make_args(struct op *op)
{
	char *text = json_dumps(op->body, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENSURE_ASCII);

	snprintf(op->args, sizeof(op->args), "%.1000s", text ? text : "{}");
	free(text);
}

static enum err_code write_changes(struct op *op, const struct store_actor *actor, int64_t *id,
				   struct err *e)
{
	if (op->act == OP_PUT) {
		op->change.by = (char *)actor->by;
		if (op->expires_s)
			op->change.expires_ms = clock_wall_ms(op->r->clock) + op->expires_s * 1000;
		return store_override_put(op->r->store, &op->change, actor, id, e);
	}
	*id = op->cleared[op->n_cleared - 1];
	return store_override_clear_all(op->r->store, op->cleared, op->n_cleared, actor, e);
}

/* All of it or nothing, and on disk. */
static enum err_code write_down(struct op *op, const struct store_actor *actor, int64_t *id,
				struct err *e)
{
	enum err_code rc = write_changes(op, actor, id, e);

	if (rc != ERR_OK)
		return rc;
	rc = overrides_load(op->r->forced, e);
	return rc == ERR_OK ? rc : err_wrap(e, rc, "it is on disk, and live with a restart");
}

/* Before a service is moved by hand: the state as it was, should the move have been a mistake. */
static void back_up(const struct rooms *r)
{
	const struct dnsd_config *config = rooms_config(r);
	const struct store_backup_place place = { config->state.backup_directory, config->node,
						  config->state.backup_keep };
	struct err e;

	if (place.directory && store_backup_rotate(r->store, &place, &e) != ERR_OK)
		log_error("dnsd/admin", "backup before a failover: %s", e.text);
}

/* A build takes milliseconds: an answer waits for it, so that it tells where the change is live. */
static void answer_live(const struct rooms *r, struct http_reply *reply, json_t *doc)
{
	if (live_apply_all(r->live))
		reload_request_for(r->reload, false, reply, doc);
	else
		http_reply_json(reply, 200, doc);
}

static json_t *result_of(const struct op *op, int64_t id, json_t *moves)
{
	json_t *doc = json_pack("{s:o, s:i, s:[s]}", "id",
				op->is_dry ? json_null() : json_integer(id), "epoch", 0, "live",
				rooms_config(op->r)->node);

	if (op->is_dry) {
		json_object_set_new(doc, "live", json_array());
		json_object_set_new(doc, "moves", moves);
	}
	return doc;
}

static enum err_code check_after(struct op *op, json_t **moves, struct err *e)
{
	struct publish_service_live *after = world_after(op);
	enum err_code rc;

	if (!after)
		return err_set(e, ERR_MEMORY, "no memory");
	rc = check_moves(op, after, e);
	if (rc == ERR_OK)
		rc = check_safety(op, after, e);
	if (rc == ERR_OK && op->is_dry)
		*moves = moves_of(op->r, after);
	free(after);
	return rc;
}

/* What it puts or clears is settled: checks what would be, and makes it so. */
static enum err_code perform(struct op *op, const struct http_request *req, json_t **doc,
			     struct err *e)
{
	const struct store_actor actor = { .by = op->by,
					   .from = req->peer->from,
					   .reason = op->reason,
					   .verb = op->verb,
					   .args = op->args };
	json_t *moves = NULL;
	int64_t id = 0;
	enum err_code rc = check_after(op, &moves, e);

	if (rc != ERR_OK)
		return rc;
	if (!op->is_dry) {
		if (op->act == OP_PUT && op->change.kind == STORE_FAILOVER)
			back_up(op->r);
		rc = write_down(op, &actor, &id, e);
	}
	if (rc == ERR_OK)
		*doc = result_of(op, id, moves);
	return rc;
}

/* Refusals are audited too: who tried what. */
static void audit_refusal(struct op *op, const struct http_request *req, const struct err *e)
{
	const struct store_actor actor = { .by = op->by,
					   .from = req->peer->from,
					   .reason = op->reason && strlen(op->reason) <= REASON_MAX
							     ? op->reason
							     : "",
					   .verb = op->verb,
					   .args = op->args };

	op->ops->refused++;
	if (store_audit_add(op->r->store, &actor, e->text, NULL) != ERR_OK)
		log_warn("dnsd/admin", "%s by %s was refused, and that is not on disk: %s",
			 op->verb, op->by, e->text);
}

/* `audit.reason: required`: what is only tried needs none. */
static enum err_code check_reason(const struct op *op, struct err *e)
{
	if (op->is_dry || op->reason[0] || !rooms_config(op->r)->reason_required)
		return ERR_OK;
	return err_set(e, ERR_INPUT,
		       "a reason is needed here (`audit.reason: required`): --reason TEXT");
}

static enum err_code prepare(struct op *op, const struct http_request *req, struct err *e)
{
	http_by(req, op->by);
	op->cleared = calloc(overrides_now(op->r->forced).n + 1, sizeof(*op->cleared));
	if (!op->cleared)
		return err_set(e, ERR_MEMORY, "no memory");
	keep_flush(op->r->keep); /* what happened before it is told before it */
	return ERR_OK;
}

static void answer(struct op *op, const struct http_request *req, struct http_reply *reply,
		   enum err_code rc, json_t *doc, const struct err *e)
{
	if (rc != ERR_OK) {
		audit_refusal(op, req, e);
		http_reply_error(reply, rc, e->text);
	} else if (op->is_dry) {
		http_reply_json(reply, 200, doc);
	} else {
		log_info("dnsd/admin", "%s %s by %s: %s", op->verb, op->args, op->by,
			 op->reason[0] ? op->reason : "no reason given");
		answer_live(op->r, reply, doc);
	}
	free(op->cleared);
	json_decref(op->body);
}

void ops_handle(struct ops *o, const char *verb, const struct http_request *req,
		struct http_reply *reply)
{
	struct op op = { .ops = o, .r = o->rooms, .verb = verb };
	json_t *doc = NULL;
	struct err e;
	enum err_code rc = prepare(&op, req, &e);

	if (rc == ERR_OK)
		rc = read_body(&op, req, &e);
	if (rc == ERR_OK) {
		make_args(&op);
		rc = check_reason(&op, &e);
	}
	if (rc == ERR_OK)
		rc = plan(&op, &e);
	if (rc == ERR_OK)
		rc = perform(&op, req, &doc, &e);
	answer(&op, req, reply, rc, doc, &e);
}

static bool is_text(const char *text)
{
	size_t len = strlen(text), at = 0, n;

	while (at < len && (n = utf8_char_len(text + at, len - at)))
		at += n;
	return at == len;
}

static enum err_code plan_clear(struct op *op, int64_t id, struct err *e)
{
	const struct overrides_set set = overrides_now(op->r->forced);

	if (strlen(op->reason) > REASON_MAX || !is_text(op->reason)) {
		op->reason = ""; /* nor does the audit take it */
		return err_set(e, ERR_INPUT, "reason is UTF-8, at most %d bytes", REASON_MAX);
	}
	for (size_t i = 0; i < set.n; i++)
		if (set.list[i].id == id) {
			op->act = OP_CLEAR;
			op->cleared[op->n_cleared++] = id;
			return ERR_OK;
		}
	return err_set(e, ERR_NOT_FOUND, "there is no override %lld", (long long)id);
}

void ops_clear(struct ops *o, int64_t id, const struct http_request *req, struct http_reply *reply)
{
	const char *reason = http_query(req, "reason"), *force = http_query(req, "force");
	const char *dry = http_query(req, "dry_run");
	struct op op = { .ops = o,
			 .r = o->rooms,
			 .verb = "override clear",
			 .region = "",
			 .service = "",
			 .reason = reason ? reason : "",
			 .is_dry = dry && strcmp(dry, "true") == 0,
			 .is_forced = force && strcmp(force, "true") == 0 };
	json_t *doc = NULL;
	struct err e;
	enum err_code rc = prepare(&op, req, &e);

	snprintf(op.args, sizeof(op.args), "{%s\"id\":%lld}", op.is_forced ? "\"force\":true," : "",
		 (long long)id);
	if (rc == ERR_OK)
		rc = check_reason(&op, &e);
	if (rc == ERR_OK)
		rc = plan_clear(&op, id, &e);
	if (rc == ERR_OK)
		rc = perform(&op, req, &doc, &e);
	answer(&op, req, reply, rc, doc, &e);
}

void ops_expire(struct ops *o)
{
	const struct rooms *r = o->rooms;
	const struct overrides_set set = overrides_now(r->forced);
	int64_t now = clock_wall_ms(r->clock);
	bool any = false;
	struct err e;

	for (size_t i = 0; i < set.n; i++) {
		const struct store_override *one = &set.list[i];

		if (!one->expires_ms || one->expires_ms > now)
			continue;
		if (store_override_clear(r->store, one->id, NULL, &e) != ERR_OK) {
			log_error("dnsd/admin", "override %lld has expired but stays: %s",
				  (long long)one->id, e.text);
			continue;
		}
		log_info("dnsd/admin", "override %lld (%s %s%s%s) has expired", (long long)one->id,
			 store_override_kind_name(one->kind), one->region,
			 one->service[0] ? " of " : "", one->service);
		any = true;
	}
	if (any && overrides_load(r->forced, NULL) == ERR_OK && live_apply_all(r->live))
		reload_request(r->reload, false, false);
}

/* ---- life ---- */

enum err_code ops_new(struct ops **out, const struct rooms *rooms)
{
	struct ops *o = calloc(1, sizeof(*o));

	if (!o)
		return ERR_MEMORY;
	o->rooms = rooms;
	*out = o;
	return ERR_OK;
}

void ops_free(struct ops *o)
{
	free(o);
}

uint64_t ops_refused(const struct ops *o)
{
	return o->refused;
}
