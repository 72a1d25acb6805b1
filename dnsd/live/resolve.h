/* SPDX-License-Identifier: Apache-2.0 */
/* resolve: overrides by the numbers of a configuration. They are kept by name, and there may be as
 * many as there are services; who asks about a service sees those of it alone, and those of all.
 *
 * Threads    any, one at a time
 * Ownership  resolve_fini(); the set that it was made from is borrowed
 * Errors     ERR_MEMORY
 */
#ifndef FAIRLEAD_DNSD_LIVE_RESOLVE_H
#define FAIRLEAD_DNSD_LIVE_RESOLVE_H

#include "dnsd/forced/overrides.h"
#include "schema/config/dnsd_config.h"
#include "steer/world.h"

#define RESOLVE_ALL UINT32_MAX /* services */

struct resolve_one {
	const struct store_override *o;
	uint32_t service; /* RESOLVE_ALL */
	uint32_t region;
};

struct resolve {
	struct resolve_one *list; /* by service, those of all services last */
	size_t n, n_held;
	const struct store_override **idle; /* they bear on nothing in this configuration */
	size_t n_idle;
};

/* The numbers of the names of a configuration. */
struct resolve_names {
	uint32_t *services; /* sorted by name */
	const struct dnsd_config *config;
};
enum err_code resolve_names_init(struct resolve_names *n, const struct dnsd_config *config);
void resolve_names_fini(struct resolve_names *n);
uint32_t resolve_service(const struct resolve_names *n, const char *name); /* UINT32_MAX */
uint32_t resolve_region(const struct resolve_names *n, const char *name);  /* UINT32_MAX */

enum err_code resolve_init(struct resolve *r, const struct resolve_names *names,
			   struct overrides_set set);
void resolve_fini(struct resolve *r);

/* The members of a service that an override bears on. */
uint64_t resolve_members(const struct resolve_names *names, const struct resolve_one *one,
			 uint32_t service);
/* Those that bear on a service, those of all services first; each() is called in the order of their
 * ids, own ones after the others. */
typedef void (*resolve_fn)(void *ctx, const struct resolve_one *one, uint64_t members);
void resolve_each(const struct resolve *r, const struct resolve_names *names, uint32_t service,
		  resolve_fn each, void *ctx);

#endif
