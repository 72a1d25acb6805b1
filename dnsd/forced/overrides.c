/* SPDX-License-Identifier: Apache-2.0 */
/* overrides: what operators forced, and who is held back, in memory. */
#include "dnsd/forced/overrides.h"

#include <stdlib.h>
#include <string.h>

struct overrides {
	struct store *store;
	struct store_override *list;
	size_t n;
};

enum err_code overrides_new(struct overrides **out, struct store *store)
{
	struct overrides *f = calloc(1, sizeof(*f));

	if (!f)
		return ERR_MEMORY;
	f->store = store;
	*out = f;
	return ERR_OK;
}

void overrides_free(struct overrides *f)
{
	if (!f)
		return;
	store_override_free(f->list, f->n);
	free(f);
}

enum err_code overrides_load(struct overrides *f, struct err *e)
{
	struct store_override *list;
	size_t n;
	enum err_code rc = store_override_list(f->store, &list, &n, e);

	if (rc != ERR_OK)
		return rc;
	store_override_free(f->list, f->n);
	f->list = list;
	f->n = n;
	return ERR_OK;
}

struct overrides_set overrides_now(const struct overrides *f)
{
	return (struct overrides_set){ f->list, f->n };
}

bool overrides_is_held(const struct store_override *o)
{
	return o->kind == STORE_HELD ||
	       (o->kind == STORE_DRAIN && strcmp(o->by, OVERRIDES_SELF) == 0);
}

bool overrides_bears_on(const struct store_override *o, const char *service, const char *region)
{
	return (!o->service[0] || strcmp(o->service, service) == 0) &&
	       (!region || strcmp(o->region, region) == 0);
}

const struct store_override *overrides_find(struct overrides_set set, enum store_override_kind kind,
					    const char *service, const char *region)
{
	const struct store_override *general = NULL;

	for (size_t i = 0; i < set.n; i++) {
		const struct store_override *o = &set.list[i];

		if (o->kind != kind || overrides_is_held(o) ||
		    !overrides_bears_on(o, service, region))
			continue;
		if (o->service[0])
			return o;
		general = o;
	}
	return general;
}

const struct store_override *overrides_find_held(struct overrides_set set, const char *service,
						 const char *region)
{
	for (size_t i = 0; i < set.n; i++)
		if (overrides_is_held(&set.list[i]) &&
		    overrides_bears_on(&set.list[i], service, region))
			return &set.list[i];
	return NULL;
}
