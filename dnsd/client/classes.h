/* SPDX-License-Identifier: Apache-2.0 */
/* classes: which clients the configuration can never steer differently.
 *
 * Two clients are of one class when they agree on
 *
 *   what the first topology rule that matches prefers   (or none matches)
 *   where each service's fences hold them               (a country goes before its continent)
 *   the order of the regions by distance                (of those in pools that rank by distance)
 *
 * so whatever is up, down, full or drained, they get the same row. With up to 8 regions the whole
 * order counts; with more the nearest 6 do, and the rest follows the class's representative. When
 * that makes more than classes_max classes, fewer ranks count (5, 4, ... 0) until it fits.
 *
 * Places become classes in two steps, so that databases can be merged in between:
 *
 *   place --classes_trait()--> trait: what of it the configuration looks at
 *   trait, trait --classes_join()--> trait: the second fills what the first does not say
 *   trait, prefix rule --classes_sign()--> signature --classes_finish()--> class
 *
 * Threads    one owner
 * Ownership  the input is borrowed until classes_free(); the list of a finish is the caller's
 * Errors     CLASSES_FAILED and ERR_MEMORY when memory is out; ERR_LIMIT when rules and fences
 *            alone make more than classes_max classes
 */
#ifndef FAIRLEAD_DNSD_CLIENT_CLASSES_H
#define FAIRLEAD_DNSD_CLIENT_CLASSES_H

#include "schema/config/dnsd_config.h"
#include "steer/place.h"

#define CLASSES_MAX    16384 /* default bound: a row per pool and class has to fit in memory */
#define CLASSES_FAILED UINT32_MAX

/* What of the configuration decides the partition. */
struct classes_input {
	const struct config_region *regions;
	size_t n_regions;
	const struct config_topology *topology;
	size_t n_topology;
	const struct config_service *services; /* their fences */
	size_t n_services;
	const struct config_pool *pools; /* which regions are ranked by distance */
	size_t n_pools;
	uint32_t classes_max; /* 0 = CLASSES_MAX */
};

/* One class as the rest of dnsd sees it. */
struct client_class {
	struct place place; /* of the member with most addresses; all zero = unknown */
	int32_t topology;   /* the rule that matches first, or an earlier one that prefers the
			       same; -1 = none */
};

/* What p does not say is taken from another place: the position, the country with its continent,
 * the ASN. The same for traits (classes_join) and for the one place of an `explain`. */
void classes_fill_place(struct place *p, const struct place *from);

struct classes;

enum err_code classes_new(const struct classes_input *in, struct classes **out);
void classes_free(struct classes *c);

/* Trait 0 is that of the unknown place. */
uint32_t classes_trait(struct classes *c, const struct place *p);
uint32_t classes_join(struct classes *c, uint32_t a, uint32_t b);
size_t classes_trait_count(const struct classes *c);

/* The place that stands for a trait is the one that covers most addresses. */
bool classes_is_heavier(const struct classes *c, uint32_t trait, uint64_t weight);
void classes_represent(struct classes *c, uint32_t trait, uint64_t weight, const struct place *p);

/* rule is the first TOPOLOGY_PREFIX rule that covers the client, CLASSES_NO_RULE = none.
 * Signature 0 is that of the unknown place that no rule matches. */
#define CLASSES_NO_RULE UINT32_MAX
uint32_t classes_sign(struct classes *c, uint32_t trait, uint32_t rule);

struct class_list {
	struct client_class *classes; /* free() */
	uint32_t *of_signature;	      /* free(): the class of each signature; 0 is class 0 */
	size_t n;
	uint32_t ranks; /* how many of the nearest regions all members of a class agree on */
	bool coarsened; /* fewer than could be told, because of classes_max */
};
enum err_code classes_finish(struct classes *c, struct class_list *out, struct err *e);

#endif
