/* SPDX-License-Identifier: Apache-2.0 */
/* document: the JSON documents of the admin API, with the contract's keys. */
#include "regiond/control/document.h"

#include "schema/config/config.h"
#include "schema/sql/store_look.h"

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

static void add_problem(json_t *list, const char *severity, json_t *what)
{
	json_t *o = json_pack("{s:s, s:o, s:n}", "severity", severity, "what", what, "since");
	json_array_append_new(list, o);
}

static void add_state_problems(json_t *list, const struct node *n)
{
	struct problems p = PROBLEMS_INIT;
	if (n->store)
		store_problems(n->store, &p);
	for (size_t i = 0; i < p.n; i++)
		add_problem(list, problem_severity_name(p.list[i].severity),
			    json_sprintf("%s: %s", p.list[i].what, p.list[i].reason));
	problems_fini(&p);
}

static json_t *problems_json(const struct node *n)
{
	json_t *list = json_array();
	add_state_problems(list, n);
	for (size_t i = 0; i < n->table->n_services; i++) {
		struct tally t;
		tally_take(&t, &n->table->services[i], NULL);
		if (t.health == FAIRLEAD__WIRE__HEALTH__HEALTH_UP)
			continue;
		bool down = t.health != FAIRLEAD__WIRE__HEALTH__HEALTH_DEGRADED;
		add_problem(list, down ? "critical" : "warning",
			    json_sprintf("service %s: %s", t.service->name, t.reason));
	}
	for (size_t i = 0; i < reporter_directors(n->reporter); i++) {
		struct reporter_director d = reporter_director(n->reporter, i);
		if (!d.up)
			add_problem(list, "warning",
				    json_sprintf("director %s: %s", d.address,
						 d.last_error[0] ? d.last_error : "not connected"));
	}
	return list;
}

static json_t *node_json(const struct node *n)
{
	const struct regiond_config *c = n->table->config;
	int64_t up_s = (clock_wall_ms(n->clock) - n->started_ms) / 1000;
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:o, s:I, s:I, s:o}", "fleet",
			 c->fleet, "region", c->region, "node", c->node, "version", PACKAGE_VERSION,
			 "state", node_state_name(n->state), "uptime_s", (json_int_t)up_s,
			 "workers", (json_int_t)front_workers(n->front), "connections",
			 (json_int_t)front_open(n->front), "forced",
			 forced_json(forced_node(n->forced)), "reloads", (json_int_t)n->reloads,
			 "reload_failures", (json_int_t)n->reload_failures, "directors",
			 directors_json(n));
}

json_t *document_status(const struct node *n)
{
	return json_pack("{s:[o], s:[], s:o, s:o, s:o}", "nodes", node_json(n), "regions",
			 "services", document_services(n), "overrides", document_overrides(n),
			 "problems", problems_json(n));
}

json_t *document_config(const struct node *n)
{
	return config_regiond_json(n->table->config);
}
