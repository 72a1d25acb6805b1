/* SPDX-License-Identifier: Apache-2.0 */
/* match: which services only one side knows. */
#include "dnsd/fleet/match.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static bool has_member(const struct fleet_judge *j, uint32_t service, uint32_t region)
{
	const struct config_pool *pool = fleet_judge_pool(j, service);

	for (size_t m = 0; m < pool->n_members; m++)
		if (pool->members[m].region == region)
			return true;
	return false;
}

/* Which services the nodes of the region report, a flag for each. Both lists are in the order of
 * names. */
static void mark_reported(const struct fleet_judge *j, const struct fleet_node *n, bool *reported)
{
	size_t at = 0;

	for (size_t i = 0; i < n->n_reports; i++) {
		int order = -1;

		while (at < j->n_services &&
		       (order = strcmp(j->config->services[j->by_name[at]].name,
				       n->reports[i].service)) < 0)
			at++;
		if (order == 0)
			reported[j->by_name[at]] = true;
	}
}

static void find_not_here(const struct fleet_judge *j, const struct fleet_node *n,
			  struct fleet_match *out)
{
	for (size_t i = 0; i < n->n_reports; i++) {
		uint32_t s = fleet_judge_find(j, n->reports[i].service);

		if (s == UINT32_MAX || !has_member(j, s, n->region))
			out->not_here[out->n_not_here++] = n->reports[i].service;
	}
}

static enum err_code find_missing(const struct fleet_judge *j, uint32_t region,
				  struct fleet_match *out)
{
	bool *reported = calloc(j->n_services + 1, sizeof(*reported));

	if (!reported)
		return ERR_MEMORY;
	for (const struct fleet_node *n = j->nodes; n; n = n->next)
		if (n->region == region)
			mark_reported(j, n, reported);
	for (uint32_t i = j->region_first[region]; i < j->region_first[region + 1]; i++) {
		uint32_t s = j->by_region[i].service;

		if (!reported[s])
			out->missing[out->n_missing++] = j->config->services[s].name;
		reported[s] = true; /* named once */
	}
	free(reported);
	return ERR_OK;
}

static uint64_t sign(const char *const *list, size_t n, uint64_t seed)
{
	for (size_t i = 0; i < n; i++)
		seed = XXH3_64bits_withSeed(list[i], strlen(list[i]) + 1, seed);
	return seed;
}

enum err_code fleet_match_make(const struct fleet_judge *j, const struct fleet_node *n,
			       struct fleet_match *out)
{
	struct fleet_match m = { 0 };
	size_t most = n->region < j->config->n_regions
			      ? j->region_first[n->region + 1] - j->region_first[n->region]
			      : 0;
	enum err_code code = ERR_OK;

	m.not_here = calloc(n->n_reports + 1, sizeof(*m.not_here));
	m.missing = calloc(most + 1, sizeof(*m.missing));
	if (!m.not_here || !m.missing)
		code = ERR_MEMORY;
	if (code == ERR_OK && n->region < j->config->n_regions) {
		find_not_here(j, n, &m);
		code = find_missing(j, n->region, &m);
	}
	if (code != ERR_OK) {
		fleet_match_fini(&m);
		return code;
	}
	m.signature = sign(m.missing, m.n_missing, sign(m.not_here, m.n_not_here, 1) + 1) | 1;
	*out = m;
	return ERR_OK;
}

void fleet_match_fini(struct fleet_match *m)
{
	free(m->not_here);
	free(m->missing);
	*m = (struct fleet_match){ 0 };
}
