/* SPDX-License-Identifier: Apache-2.0 */
/* store_node: the regionds and probers that have linked to this name server, and when each was last
 * heard: after a restart it knows whom to wait for.
 *
 * Threads    the store's owner
 * Ownership  a list is freed with store_node_free()
 * Units      _ms milliseconds since 1970
 * Errors     those of store.h; ERR_NOT_FOUND for a node that is not there
 */
#ifndef FAIRLEAD_SCHEMA_STORE_NODE_H
#define FAIRLEAD_SCHEMA_STORE_NODE_H

#include "core/err.h"
#include "schema/sql/store_audit.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

struct store_node {
	bool is_prober; /* else a regiond */
	char *region;	/* "" of a prober */
	char *name;
	int64_t first_ms, last_ms;
};

/* One transaction. A node that is there keeps its first_ms. */
enum err_code store_node_put(struct store *s, const struct store_node *list, size_t n,
			     struct err *e);
enum err_code store_node_list(struct store *s, struct store_node **out, size_t *n, struct err *e);
void store_node_free(struct store_node *list, size_t n);
/* A node that will not come back, with its audit row in the same transaction: "REGION/NAME", or
 * "NAME" for every node of that name, in whatever role or region it was. */
enum err_code store_node_forget(struct store *s, const char *name, const struct store_actor *actor,
				struct err *e);

#endif
