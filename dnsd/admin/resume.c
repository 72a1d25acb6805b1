/* SPDX-License-Identifier: Apache-2.0 */
/* resume: what an operator says about evidence. */
#include "dnsd/admin/resume.h"

#include "core/log.h"
#include "dnsd/admin/doc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REASON_MAX	  255
#define REFUSALS_A_MINUTE 20

/* One request of either kind, taken apart. */
struct word {
	const struct rooms *r;
	const char *verb;
	json_t *body;
	const char *region, *service, *node, *reason; /* "" = not given */
	bool is_dry;
	unsigned n; /* members that were held down */
	char by[HTTP_BY_MAX], args[1024];
	const char *from;
};

static enum err_code read_word(struct word *w, const struct http_request *req, struct err *e)
{
	json_error_t why;
	int dry = 0, force = 0;
	char *text;

	w->region = w->service = w->node = w->reason = "";
	w->from = req->peer->from;
	http_by(req, w->by);
	snprintf(w->args, sizeof(w->args), "{}");
	w->body = json_loadb((const char *)req->body, req->len, JSON_REJECT_DUPLICATES, &why);
	if (!w->body)
		return err_set(e, ERR_INPUT, "the body is not JSON: %s", why.text);
	text = json_dumps(w->body, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENSURE_ASCII);
	snprintf(w->args, sizeof(w->args), "%.1000s", text ? text : "{}");
	free(text);
	if (json_unpack_ex(w->body, &why, JSON_STRICT, "{s?s, s?s, s?s, s?s, s?b, s?b}", "region",
			   &w->region, "service", &w->service, "node", &w->node, "reason",
			   &w->reason, "dry_run", &dry, "force", &force) != 0)
		return err_set(e, ERR_INPUT, "%s", why.text);
	w->is_dry = dry;
	if (strlen(w->reason) > REASON_MAX)
		return err_set(e, ERR_INPUT, "reason is at most %d bytes", REASON_MAX);
	if (!w->is_dry && !w->reason[0] && rooms_config(w->r)->reason_required)
		return err_set(e, ERR_INPUT,
			       "a reason is needed here (`audit.reason: required`): --reason TEXT");
	return ERR_OK;
}

static unsigned count_held_down(const struct word *w, uint32_t region, uint32_t service)
{
	unsigned n = 0;

	for (uint32_t s = 0; s < rooms_config(w->r)->n_services; s++) {
		uint64_t bits = live_region_bits(w->r->live, s, region);

		for (; bits && (service == UINT32_MAX || service == s); bits &= bits - 1)
			n += fleet_is_held_down(w->r->fleet, s, (uint32_t)__builtin_ctzll(bits));
	}
	return n;
}

static enum err_code check_resume(struct word *w, struct err *e)
{
	uint32_t region = resolve_region(live_names(w->r->live), w->region);
	uint32_t service = UINT32_MAX;

	if (region == UINT32_MAX)
		return err_set(e, ERR_NOT_FOUND, "there is no region %s", w->region);
	if (w->service[0]) {
		service = doc_service_index(rooms_config(w->r), w->service);
		if (service == UINT32_MAX)
			return doc_no_service(rooms_config(w->r), w->service, e);
		w->service = rooms_config(w->r)->services[service].name;
	}
	w->n = count_held_down(w, region, service);
	if (!w->n)
		return err_set(e, ERR_REFUSED, "no member of %s is well and held down", w->region);
	return ERR_OK;
}

static struct store_actor actor_of(const struct word *w)
{
	return (struct store_actor){ .by = w->by,
				     .from = w->from,
				     .reason = strlen(w->reason) <= REASON_MAX ? w->reason : "",
				     .verb = w->verb,
				     .args = w->args };
}

static enum err_code add_event(const struct word *w, struct err *e)
{
	const struct store_event event = { .kind = (char *)w->verb,
					   .service = (char *)w->service,
					   .region = (char *)w->region,
					   .from = (char *)w->node,
					   .to = "",
					   .cause = "operator",
					   .by = (char *)w->by,
					   .reason = (char *)w->reason };

	return store_event_add(w->r->store, &event, NULL, e);
}

/* On disk first, as all that an operator changes. */
static enum err_code record(const struct word *w, struct err *e)
{
	const struct store_actor actor = actor_of(w);
	enum err_code rc = store_begin(w->r->store, e);

	if (rc != ERR_OK)
		return rc;
	rc = w->node[0] ? store_node_forget(w->r->store, w->node, &actor, e)
			: store_audit_add(w->r->store, &actor, "done", e);
	if (rc == ERR_OK)
		rc = add_event(w, e);
	return store_end(w->r->store, rc, e);
}

static void answer(struct word *w, struct refusals *refusals, struct http_reply *reply,
		   enum err_code rc, const struct err *e)
{
	const struct store_actor actor = actor_of(w);

	if (rc != ERR_OK) {
		refusals_note(refusals, &actor, e->text, REFUSALS_A_MINUTE);
		http_reply_error(reply, rc, e->text);
	} else {
		json_t *live = json_array();

		if (!w->is_dry)
			json_array_append_new(live, json_string(rooms_config(w->r)->node));
		http_reply_json(reply, 200,
				json_pack("{s:n, s:i, s:o, s:i}", "id", "epoch", 0, "live", live,
					  "members", (int)w->n));
	}
	json_decref(w->body);
}

void resume_handle(const struct rooms *r, struct refusals *refusals, const struct http_request *req,
		   struct http_reply *reply)
{
	struct word w = { .r = r, .verb = "resume" };
	struct err e;
	enum err_code rc = read_word(&w, req, &e);

	if (rc == ERR_OK)
		rc = check_resume(&w, &e);
	if (rc == ERR_OK && !w.is_dry) {
		rc = record(&w, &e);
		if (rc == ERR_OK) {
			fleet_resume(r->fleet, w.region, w.service[0] ? w.service : NULL);
			keep_flush(r->keep); /* what follows is live when this is answered */
			log_info("dnsd/admin", "resume %s by %s", w.args, w.by);
		}
	}
	answer(&w, refusals, reply, rc, &e);
}

void forget_handle(const struct rooms *r, struct refusals *refusals, const struct http_request *req,
		   struct http_reply *reply)
{
	struct word w = { .r = r, .verb = "forget" };
	struct err e;
	enum err_code rc = read_word(&w, req, &e);

	if (rc == ERR_OK && !w.node[0])
		rc = err_set(&e, ERR_INPUT, "node is needed");
	if (rc == ERR_OK && !w.is_dry)
		rc = fleet_forget(r->fleet, w.node, &e);
	if (rc == ERR_OK && !w.is_dry) {
		rc = record(&w, &e);
		if (rc != ERR_OK)
			err_wrap(&e, rc, "it is forgotten until a restart");
		keep_flush(r->keep);
	}
	answer(&w, refusals, reply, rc, &e);
}
