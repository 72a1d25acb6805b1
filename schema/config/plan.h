/* SPDX-License-Identifier: Apache-2.0 */
/* plan: the steps of a failover plan in dnsd.yaml.
 *
 *   plans: {leave-eu-west: [{dial: {region: eu-west, share: 50%}}, {wait: 2m}, ...]}
 *
 * Each step has exactly one key, which says what is done.
 *
 * Threads    as walker
 * Errors     in the walker's report
 */
#ifndef FAIRLEAD_SCHEMA_CONFIG_PLAN_H
#define FAIRLEAD_SCHEMA_CONFIG_PLAN_H

#include "schema/config/walker.h"

#define PLAN_SCHEMA                                                                              \
	"{\"type\":\"array\",\"minItems\":1,\"items\":{\"type\":\"object\",\"minProperties\":1," \
	"\"maxProperties\":1}}"

void plan_read(struct walker *w, const struct key *key, const struct yaml_node *node, void *base);

#endif
