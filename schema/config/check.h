/* SPDX-License-Identifier: Apache-2.0 */
/* check: what one key alone cannot tell: keys that exclude each other, names that must agree.
 *
 * The first group are hooks of the tables, called when a struct has been read; the second judges a
 * whole config once it stands. Both say what they find in the report and go on.
 *
 * Threads    as walker
 */
#ifndef FAIRLEAD_SCHEMA_CONFIG_CHECK_H
#define FAIRLEAD_SCHEMA_CONFIG_CHECK_H

#include "schema/config/walker.h"

/* check_common.c */
void check_monitor(struct walker *w, const struct yaml_node *node, void *entry);
/* After all monitors were read: what the composites are made of. */
void check_composites(struct walker *w, const struct config_monitor *monitors, size_t n);
/* Of `tls`: where each of its files is named. */
void check_tls(struct walker *w, const struct yaml_node *node, void *entry);
/* Two equal entries of a list of directors, databases, addresses, ... : the second is a mistake. */
void check_texts_differ(struct walker *w, const struct yaml_node *list);
/* Gathers where endpoints are asked for, and reports one that is taken. */
struct check_endpoints {
	struct walker *w;
	struct check_endpoint_seen *seen;
};
void check_endpoint(struct check_endpoints *c, const struct yaml_node *node);
void check_endpoint_list(struct check_endpoints *c, const struct yaml_node *list);

/* check_dnsd.c */
void check_state(struct walker *w, const struct yaml_node *node, void *entry);
void check_geo(struct walker *w, const struct yaml_node *node, void *entry);
void check_cluster(struct walker *w, const struct yaml_node *node, void *entry);
void check_transfer_allow(struct walker *w, const struct yaml_node *node, void *entry);
void check_dnsd_pool(struct walker *w, const struct yaml_node *node, void *entry);
void check_dnsd_service(struct walker *w, const struct yaml_node *node, void *entry);
void check_access(struct walker *w, const struct yaml_node *node, void *entry);
void check_client(struct walker *w, const struct yaml_node *node, void *entry);
void check_dnsd(struct walker *w, void *config);

/* check_access.c */
void check_access_list(struct walker *w, const char *fleet);

/* check_regiond.c */
void check_region_state(struct walker *w, const struct yaml_node *node, void *entry);
void check_backend_pool(struct walker *w, const struct yaml_node *node, void *entry);
void check_hash(struct walker *w, const struct yaml_node *node, void *entry);
void check_hash_bound(struct walker *w, const struct key *key, const struct yaml_node *node,
		      void *base);
void check_discover(struct walker *w, const struct yaml_node *node, void *entry);
void check_site_tls(struct walker *w, const struct key *key, const struct yaml_node *node,
		    void *base);
void check_rewrite(struct walker *w, const struct yaml_node *node, void *entry);
void check_affinity(struct walker *w, const struct yaml_node *node, void *entry);
void check_match(struct walker *w, const struct yaml_node *node, void *entry);
void check_route(struct walker *w, const struct yaml_node *node, void *entry);
void check_region_service(struct walker *w, const struct yaml_node *node, void *entry);
void check_regiond(struct walker *w, void *config);

/* check_common.c */
void check_proberd(struct walker *w, void *config);

#endif
