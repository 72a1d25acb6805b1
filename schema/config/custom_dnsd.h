/* SPDX-License-Identifier: Apache-2.0 */
/* custom_dnsd: the values of dnsd.yaml that are no plain type: last_resort, fence, a client.
 *
 * Threads    as walker
 */
#ifndef FAIRLEAD_SCHEMA_CONFIG_CUSTOM_DNSD_H
#define FAIRLEAD_SCHEMA_CONFIG_CUSTOM_DNSD_H

#include "schema/config/walker.h"

/* all | none | [ADDRESS...] into a struct config_pool. */
void custom_read_last_resort(struct walker *w, const struct key *key, const struct yaml_node *node,
			     void *base);
json_t *custom_show_last_resort(const void *root, const void *base);

/* {PLACE: [REGION...]} into a struct config_service. */
void custom_read_fence(struct walker *w, const struct key *key, const struct yaml_node *node,
		       void *base);
json_t *custom_show_fence(const void *root, const void *base);

/* Of a struct config_topology. */
json_t *custom_show_client(const void *root, const void *base);

#endif
