/* SPDX-License-Identifier: Apache-2.0 */
/* document: the JSON documents of the admin API, with the contract's keys. */
#include "regiond/control/document.h"

#include "schema/config/config.h"

/* A time for people and programs; null for 0. */
static json_t *time_json(int64_t wall_ms)
{
	char text[CLOCK_TEXT_MAX];
	if (!wall_ms)
		return json_null();
	clock_text(wall_ms, text);
	return json_string(text);
}

static json_t *forced_json(const struct forced_drain *d)
{
	if (!d)
		return json_null();
	return json_pack("{s:I, s:s, s:s, s:s, s:o}", "id", (json_int_t)d->id, "kind", "drain",
			 "by", d->by, "reason", d->reason, "until", time_json(d->expires_ms));
}

static json_t *backend_json(const struct node *n, const struct pool *p, const struct pool_slot *s)
{
	struct backend *b = s->backend;
	const char *state = backend_state_name(atomic_load(&b->state));
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:I, s:I, s:I, s:n, s:I, s:I}", "pool",
			 p->config->name, "az", p->az_names[s->az], "address", b->text, "health",
			 state, "reason", checks_reason(n->checks, b), "forced",
			 forced_json(forced_backend(n->forced, b->pool, b->text)), "weight",
			 (json_int_t)s->weight, "in_flight", (json_int_t)atomic_load(&b->in_flight),
			 "max", (json_int_t)s->max, "ejected_until", "connects",
			 (json_int_t)atomic_load(&b->connects), "connect_failures",
			 (json_int_t)atomic_load(&b->connect_failures));
}

json_t *document_backends(const struct node *n)
{
	json_t *list = json_array();
	for (size_t i = 0; list && i < n->table->n_pools; i++) {
		const struct pool *p = &n->table->pools[i];
		for (size_t k = 0; k < p->n_slots; k++)
			json_array_append_new(list, backend_json(n, p, &p->slots[k]));
	}
	return list;
}

static json_t *listen_json(const struct config_region_service *config)
{
	char text[ENDPOINT_TEXT_MAX];
	json_t *list = json_array();
	for (size_t i = 0; i < config->n_listen; i++) {
		endpoint_text(&config->listen[i], text);
		json_array_append_new(list, json_string(text));
	}
	return list;
}

/* mode, ttl and epoch are the directors' matter: null here. */
static json_t *service_json(const struct node *n, const struct table_service *ts,
			    const struct tally *t)
{
	return json_pack("{s:s, s:s, s:n, s:[s], s:n, s:n, s:o, s:o, s:s, s:s, s:I, s:I, s:I, "
			 "s:I, s:I}",
			 "name", ts->service->name, "pool",
			 routes_rest(&ts->routes)->pool->config->name, "mode", "active",
			 n->table->config->region, "ttl", "epoch", "forced",
			 forced_json(forced_node(n->forced)), "listen", listen_json(ts->config),
			 "health", tally_health_name(t->health), "reason", t->reason, "capacity",
			 (json_int_t)t->capacity, "used", (json_int_t)t->used, "arrivals",
			 (json_int_t)t->arrivals, "backends_up", (json_int_t)t->backends_up,
			 "backends_all", (json_int_t)t->backends_all);
}

static const char *withdrawn_word(const struct node *n)
{
	if (n->state == NODE_STOPPING)
		return "stopping";
	return forced_node(n->forced) ? "drained" : NULL;
}

json_t *document_services(const struct node *n)
{
	json_t *list = json_array();
	for (size_t i = 0; list && i < n->table->n_services; i++) {
		struct tally t;
		tally_take(&t, &n->table->services[i], withdrawn_word(n));
		json_array_append_new(list, service_json(n, &n->table->services[i], &t));
	}
	return list;
}

json_t *document_overrides(const struct node *n)
{
	json_t *list = json_array();
	for (size_t i = 0; list && i < forced_count(n->forced); i++) {
		const struct forced_drain *d = forced_at(n->forced, i);
		json_t *scope = json_pack("{s:s, s:s, s:s}", "node", n->table->config->node, "pool",
					  d->pool, "backend", d->backend);
		json_t *o = json_pack("{s:I, s:s, s:o, s:n, s:s, s:s, s:o, s:o}", "id",
				      (json_int_t)d->id, "kind", "drain", "scope", scope, "value",
				      "by", d->by, "reason", d->reason, "since",
				      time_json(d->since_ms), "expires", time_json(d->expires_ms));
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *directors_json(const struct node *n)
{
	json_t *list = json_array();
	for (size_t i = 0; i < reporter_directors(n->reporter); i++) {
		struct reporter_director d = reporter_director(n->reporter, i);
		json_t *o = json_pack("{s:s, s:b, s:s, s:s}", "address", d.address, "up", d.up,
				      "node", d.peer, "error", d.last_error);
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *problems_json(const struct node *n, const struct problems *problems)
{
	json_t *list = json_array();
	int64_t now_ms = clock_wall_ms(n->clock);
	for (size_t i = 0; list && i < problems->n; i++) {
		const struct problem *p = &problems->list[i];
		json_t *since = p->since_s < 0 ? json_null()
					       : time_json(now_ms - (int64_t)(p->since_s * 1000));
		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "severity",
						problem_severity_name(p->severity), "kind", p->kind,
						"subject", p->subject, "what", p->what, "reason",
						p->reason, "since", since));
	}
	return list;
}

/* null without a certificate. */
static json_t *certificate_json(const struct node *n)
{
	int64_t left_s = n->tls ? tls_expires_s(n->tls) - clock_wall_ms(n->clock) / 1000 : 0;
	if (!n->tls)
		return json_null();
	return json_pack("{s:o, s:I}", "expires", time_json(tls_expires_s(n->tls) * 1000),
			 "days_left", (json_int_t)(left_s / (24 * 60 * 60)));
}

static json_t *node_json(const struct node *n, const struct changeover *reload)
{
	const struct reload_count *count = changeover_count(reload);
	const struct regiond_config *c = n->table->config;
	int64_t up_s = (clock_wall_ms(n->clock) - n->started_ms) / 1000;
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:o, s:I, s:I, s:b, s:o, s:o}",
			 "fleet", c->fleet, "region", c->region, "node", c->node, "version",
			 PACKAGE_VERSION, "state", node_state_name(n->state), "uptime_s",
			 (json_int_t)up_s, "workers", (json_int_t)front_workers(n->front),
			 "connections", (json_int_t)front_open(n->front), "forced",
			 forced_json(forced_node(n->forced)), "reloads", (json_int_t)count->done,
			 "reload_failures", (json_int_t)count->refused, "reload_settling",
			 changeover_is_settling(reload), "certificate", certificate_json(n),
			 "directors", directors_json(n));
}

json_t *document_status(const struct node *n, const struct changeover *reload,
			const struct problems *problems)
{
	return json_pack("{s:[o], s:[], s:o, s:o, s:o}", "nodes", node_json(n, reload), "regions",
			 "services", document_services(n), "overrides", document_overrides(n),
			 "problems", problems_json(n, problems));
}

json_t *document_config(const struct node *n)
{
	return config_regiond_json(n->table->config);
}
