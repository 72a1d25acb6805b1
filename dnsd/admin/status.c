/* SPDX-License-Identifier: Apache-2.0 */
/* status: one document about everything. */
#include "dnsd/admin/status.h"

#include "dnsd/admin/doc.h"
#include "dnsd/admin/trouble.h"
#include "dnsd/admin/views.h"

#define NODES_MAX 256

static json_t *problems_of(const struct rooms *r)
{
	struct problems p = PROBLEMS_INIT;
	json_t *doc;

	trouble_collect(r, &p);
	doc = trouble_doc(r, &p);
	problems_fini(&p);
	return doc;
}

static json_t *probers_doc(const struct rooms *r)
{
	json_t *list = json_array();
	struct fleet_vantage_view v[NODES_MAX];
	size_t n = fleet_vantages(r->fleet, v, NODES_MAX);

	for (size_t i = 0; i < n; i++)
		json_array_append_new(
			list, json_pack("{s:s, s:b, s:b, s:i, s:i}", "name", v[i].name, "linked",
					(int)v[i].is_up, "trusted", (int)!v[i].is_blind, "targets",
					(int)v[i].targets, "failing", (int)v[i].failing));
	return list;
}

json_t *status_doc(const struct rooms *r)
{
	json_t *node = json_pack("{s:s, s:s, s:s, s:I, s:o, s:i}", "name", rooms_config(r)->node,
				 "version", PACKAGE_VERSION, "mode", "standalone", "generation",
				 (json_int_t)rooms_snapshot(r)->generation, "started",
				 doc_time(r->started_ms), "classes",
				 (int)client_map_class_count(rooms_snapshot(r)->clients));

	return json_pack("{s:[o], s:o, s:o, s:o, s:o, s:o}", "nodes", node, "regions",
			 views_regions(r), "services", views_services(r), "probers", probers_doc(r),
			 "overrides", views_overrides(r), "problems", problems_of(r));
}
