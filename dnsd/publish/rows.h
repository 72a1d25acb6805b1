/* SPDX-License-Identifier: Apache-2.0 */
/* rows: for each class of clients, the groups of members in their order (steer/rank.h), interned.
 *
 *   index[class] -> offset -> [ n, tie | groups[n] | allowed ]      equal rows stand once
 *
 * tie (the top bit): some group has more than one member, so that rule 9 may choose by the client's
 * network. It follows from the configuration alone, never from who is up.
 *
 * Services with the same ranking (method, regions and tiers of the members, fences) share one.
 *
 * Threads    immutable once built; the count is atomic
 * Ownership  rows_ref/rows_unref
 */
#ifndef FAIRLEAD_DNSD_PUBLISH_ROWS_H
#define FAIRLEAD_DNSD_PUBLISH_ROWS_H

#include "core/err.h"
#include "dnsd/client/map.h"
#include "schema/config/dnsd_config.h"
#include "steer/decide.h"

#include <stdatomic.h>
#include <stdbool.h>

struct rows {
	_Atomic uint32_t refs;
	uint32_t n_classes;
	uint64_t signature; /* of what it was built from: equal signature, equal rows */
	uint32_t *index;    /* by class: offset in words */
	uint64_t *words;
	size_t n_words;
	bool is_uniform; /* all classes have the same row */
};

#define ROWS_TIE (UINT64_C(1) << 63)

static inline struct decide_row rows_get(const struct rows *r, uint32_t class)
{
	const uint64_t *w = r->words + r->index[class < r->n_classes ? class : 0];
	size_t n = (size_t)(w[0] & ~ROWS_TIE);

	return (struct decide_row){
		.groups = w + 1, .n_groups = n, .allowed = w[1 + n], .is_tie = w[0] & ROWS_TIE
	};
}

/* The members that some class of clients gets now: of each row those who stand first among the ones
 * that may serve. Nobody where the last resort answers. */
uint64_t rows_active(const struct rows *r, const struct pick_live *live);
/* Is there a class of clients with one of `was` in its row, and none of `is`? */
bool rows_leave_alone(const struct rows *r, uint64_t was, uint64_t is);

/* What a service's ranking depends on besides the class; made once per service. */
struct rows_ranking {
	struct rank_input input; /* without prefer and client */
	struct rank_member members[RANK_MEMBERS_MAX];
	struct rank_fence *fences;
	uint16_t *fence_regions; /* what the fences point into */
	uint64_t signature;
};
enum err_code rows_ranking_init(struct rows_ranking *k, const struct dnsd_config *config,
				size_t service, const struct place *regions);
void rows_ranking_fini(struct rows_ranking *k);

enum err_code rows_build(const struct rows_ranking *k, const struct dnsd_config *config,
			 const struct client_map *clients, struct rows **out, struct err *e);
/* The rank_input of one class, for `explain`. prefer must hold CONFIG_MEMBERS_MAX. */
void rows_class_input(const struct rows_ranking *k, const struct dnsd_config *config,
		      const struct client_map *clients, uint32_t class, struct place *place,
		      uint16_t *prefer, struct rank_input *out);

struct rows *rows_ref(struct rows *r);
void rows_unref(struct rows *r);

#endif
