/* SPDX-License-Identifier: Apache-2.0 */
/* op: one request of an operator, taken apart. */
#include "dnsd/admin/op.h"

#include "core/utf8.h"
#include "dnsd/admin/doc.h"

#include <stdlib.h>
#include <string.h>

void op_init(struct op *op, const struct rooms *r, const char *verb, const struct http_request *req)
{
	*op = (struct op){ .r = r, .verb = verb, .region = "", .service = "", .reason = "" };
	http_by(req, op->by);
}

void op_fini(struct op *op)
{
	free(op->cleared);
	json_decref(op->body);
}

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
	if (json_unpack_ex(op->body, &why, JSON_STRICT,
			   "{s?s, s?s, s?s, s?s, s?I, s?I, s?b, s?b, s?b}", "region", &op->region,
			   "service", &op->service, "to", &to, "reason", &op->reason, "share_ppm",
			   &share, "expires_s", &expires, "dry_run", &dry, "force", &force, "wait",
			   &wait) != 0)
		return err_set(e, ERR_INPUT, "%s", why.text);
	if (to)
		op->region = to;
	if (strlen(op->reason) > OP_REASON_MAX)
		return err_set(e, ERR_INPUT, "reason is at most %d bytes", OP_REASON_MAX);
	if (expires < 0 || expires > STORE_EXPIRES_MAX_S)
		return err_set(e, ERR_INPUT, "expires_s is 0 to %d", STORE_EXPIRES_MAX_S);
	if (strcmp(op->verb, "dial") == 0 && (share < 0 || share > PICK_SHARE_ALL))
		return err_set(e, ERR_INPUT, "share_ppm is 0 to 1000000 (100 %%)");
	op->share_ppm = share < 0 ? 0 : (uint32_t)share; /* a dial's alone */
	op->expires_s = expires;
	op->is_dry = dry;
	op->is_forced = force;
	return ERR_OK;
}

/* `audit.reason: required`: what is only tried needs none. */
static enum err_code check_reason(const struct op *op, struct err *e)
{
	if (op->is_dry || op->reason[0] || !rooms_config(op->r)->reason_required)
		return ERR_OK;
	return err_set(e, ERR_INPUT,
		       "a reason is needed here (`audit.reason: required`): --reason TEXT");
}

static void make_args(struct op *op)
{
	char *text = json_dumps(op->body, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENSURE_ASCII);

	snprintf(op->args, sizeof(op->args), "%.1000s", text ? text : "{}");
	free(text);
}

/* ---- what the configuration knows ---- */

static enum err_code check_region(const struct op *op, struct err *e)
{
	const struct dnsd_config *config = rooms_config(op->r);
	struct buf known = BUF_INIT;

	if (resolve_region(live_names(op->r->live), op->region) != UINT32_MAX)
		return ERR_OK;
	for (size_t i = 0; i < config->n_regions; i++)
		buf_printf(&known, "%s%s", i ? ", " : "", config->regions[i].name);
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
		return doc_no_service(rooms_config(op->r), op->service, e);
	op->service = rooms_config(op->r)->services[s].name;
	return ERR_OK;
}

static enum err_code check_target(const struct op *op, struct err *e)
{
	const struct resolve_names *names = live_names(op->r->live);
	uint32_t s = resolve_service(names, op->service);
	uint64_t bits = live_region_bits(op->r->live, s, resolve_region(names, op->region));
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

/* ---- clearing ---- */

static enum err_code add_cleared(struct op *op, int64_t id, struct err *e)
{
	if (op->n_cleared == op->room) {
		size_t room = op->room ? op->room * 2 : 16;
		int64_t *grown = realloc(op->cleared, room * sizeof(*grown));

		if (!grown)
			return err_set(e, ERR_MEMORY, "out of memory");
		op->cleared = grown;
		op->room = room;
	}
	op->cleared[op->n_cleared++] = id;
	return ERR_OK;
}

/* Those of this kind, of this service ("" = of all) and region ("" = any). */
static enum err_code clear_matching(struct op *op, enum store_override_kind kind, struct err *e)
{
	const struct overrides_set set = overrides_now(op->r->overrides);
	enum err_code rc = ERR_OK;

	for (size_t i = 0; rc == ERR_OK && i < set.n; i++) {
		const struct store_override *o = &set.list[i];

		if (o->kind != kind || strcmp(o->service, op->service) != 0 ||
		    (op->region[0] && strcmp(o->region, op->region) != 0))
			continue;
		if (o->id)
			rc = add_cleared(op, o->id, e);
		else
			op->clears_waiting = true;
	}
	return rc;
}

/* The name of an override's service, as people write it. */
static bool is_named(const char *name, const char *written)
{
	size_t len = strlen(written);

	if (len && written[len - 1] == '.')
		len--;
	return strncasecmp(name, written, len) == 0 && !name[len];
}

/* A service that only overrides know: it was renamed or removed. */
static enum err_code find_service(struct op *op, struct err *e)
{
	const struct overrides_set set = overrides_now(op->r->overrides);
	enum err_code rc = check_service(op, e);

	for (size_t i = 0; rc != ERR_OK && op->service[0] && i < set.n; i++)
		if (is_named(set.list[i].service, op->service)) {
			op->service = set.list[i].service;
			return ERR_OK;
		}
	return rc;
}

static enum err_code find_region(const struct op *op, struct err *e)
{
	const struct overrides_set set = overrides_now(op->r->overrides);

	for (size_t i = 0; i < set.n; i++)
		if (op->region[0] && strcmp(set.list[i].region, op->region) == 0)
			return ERR_OK;
	return check_region(op, e);
}

static bool is_anything_cleared(const struct op *op)
{
	return op->n_cleared || op->clears_waiting;
}

static enum err_code plan_failback(struct op *op, struct err *e)
{
	enum err_code rc = find_service(op, e);

	op->act = OP_CLEAR;
	if (rc == ERR_OK)
		rc = clear_matching(op, STORE_FAILOVER, e);
	if (rc == ERR_OK)
		rc = clear_matching(op, STORE_HELD, e);
	if (rc != ERR_OK || is_anything_cleared(op))
		return rc;
	return err_set(e, ERR_REFUSED, "%s was not failed over", op->service);
}

static enum err_code plan_undrain(struct op *op, struct err *e)
{
	enum err_code rc = find_region(op, e);

	op->act = OP_CLEAR;
	if (rc == ERR_OK && op->service[0])
		rc = find_service(op, e);
	if (rc == ERR_OK)
		rc = clear_matching(op, STORE_DRAIN, e);
	if (rc != ERR_OK || is_anything_cleared(op))
		return rc;
	return err_set(e, ERR_REFUSED, "%s is not drained", op->region);
}

static bool is_region_dialled(const struct op *op)
{
	const struct overrides_set set = overrides_now(op->r->overrides);

	for (size_t i = 0; i < set.n; i++)
		if (set.list[i].kind == STORE_DIAL && !set.list[i].service[0] &&
		    strcmp(set.list[i].region, op->region) == 0)
			return true;
	return false;
}

/* All of what it would get: nothing is forced, but for a service whose region is dialled. */
static bool is_dial_back(const struct op *op)
{
	return strcmp(op->verb, "dial") == 0 && op->share_ppm == PICK_SHARE_ALL &&
	       (!op->service[0] || !is_region_dialled(op));
}

/* ---- from the verb to what it puts or clears ---- */

static enum err_code plan(struct op *op, struct err *e)
{
	bool is_failover = strcmp(op->verb, "failover") == 0;
	enum err_code rc;

	if (strcmp(op->verb, "failback") == 0)
		return plan_failback(op, e);
	if (strcmp(op->verb, "undrain") == 0)
		return plan_undrain(op, e);
	rc = check_region(op, e);
	if (rc == ERR_OK && (op->service[0] || is_failover))
		rc = check_service(op, e);
	if (rc != ERR_OK)
		return rc;
	if (is_dial_back(op)) {
		op->act = OP_CLEAR;
		return clear_matching(op, STORE_DIAL, e);
	}
	op->change = (struct store_override){
		.kind = is_failover			? STORE_FAILOVER
			: strcmp(op->verb, "dial") == 0 ? STORE_DIAL
							: STORE_DRAIN,
		.service = (char *)op->service,
		.region = (char *)op->region,
		.by = "",
		.reason = (char *)op->reason,
		.value = op->share_ppm,
	};
	return is_failover ? check_target(op, e) : ERR_OK;
}

enum err_code op_read(struct op *op, const struct http_request *req, struct err *e)
{
	enum err_code rc = read_body(op, req, e);

	if (rc != ERR_OK)
		return rc;
	make_args(op);
	rc = check_reason(op, e);
	return rc == ERR_OK ? plan(op, e) : rc;
}

static bool is_text(const char *text)
{
	size_t len = strlen(text), at = 0, n;

	while (at < len && (n = utf8_char_len(text + at, len - at)))
		at += n;
	return at == len;
}

enum err_code op_read_clear(struct op *op, int64_t id, const struct http_request *req,
			    struct err *e)
{
	const struct overrides_set set = overrides_now(op->r->overrides);
	const char *reason = http_query(req, "reason"), *force = http_query(req, "force");
	const char *dry = http_query(req, "dry_run");

	op->act = OP_CLEAR;
	op->is_dry = dry && strcmp(dry, "true") == 0;
	op->is_forced = force && strcmp(force, "true") == 0;
	snprintf(op->args, sizeof(op->args), "{%s\"id\":%lld}",
		 op->is_forced ? "\"force\":true," : "", (long long)id);
	if (reason && (strlen(reason) > OP_REASON_MAX || !is_text(reason)))
		return err_set(e, ERR_INPUT, "reason is UTF-8, at most %d bytes", OP_REASON_MAX);
	op->reason = reason ? reason : "";
	if (check_reason(op, e) != ERR_OK)
		return ERR_INPUT;
	for (size_t i = 0; i < set.n; i++)
		if (id && set.list[i].id == id)
			return add_cleared(op, id, e);
	return err_set(e, ERR_NOT_FOUND, "there is no override %lld", (long long)id);
}

bool op_clears(const struct op *op, const struct store_override *o)
{
	if (!o->id)
		return op->clears_waiting && strcmp(o->service, op->service) == 0 &&
		       (!op->region[0] || strcmp(o->region, op->region) == 0);
	for (size_t i = 0; i < op->n_cleared; i++)
		if (op->cleared[i] == o->id)
			return true;
	return false;
}

bool op_replaces(const struct op *op, const struct store_override *o)
{
	if (op->act != OP_PUT || o->kind != op->change.kind ||
	    strcmp(o->service, op->change.service) != 0)
		return false;
	return o->kind == STORE_FAILOVER || strcmp(o->region, op->change.region) == 0;
}
