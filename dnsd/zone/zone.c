/* SPDX-License-Identifier: Apache-2.0 */
/* zone: one zone's static records: loading and lifetime. See zone.h. */
#include "dnsd/zone/zone.h"

#include "dnsd/zone/findings.h"

#include <stdio.h>
#include <stdlib.h>

enum err_code zone_new_broken(const char *origin_text, uint64_t seed, struct zone **out,
			      struct err *e)
{
	struct zone *z = calloc(1, sizeof(*z));
	struct zone_slot *slots = calloc(1, sizeof(*slots));
	enum err_code rc = ERR_MEMORY;

	if (z && slots)
		rc = name_parse(origin_text, NULL, &z->origin, e);
	else
		err_set(e, rc, "zone %s: out of memory", origin_text);
	if (rc != ERR_OK) {
		free(slots);
		free(z);
		return rc;
	}
	name_lower(z->origin.wire, z->origin.wire, z->origin.len);
	z->is_broken = true;
	z->slots = slots;
	z->seed = seed;
	atomic_init(&z->refs, 1);
	*out = z;
	return ERR_OK;
}

struct zone *zone_ref(struct zone *z)
{
	atomic_fetch_add_explicit(&z->refs, 1, memory_order_relaxed);
	return z;
}

void zone_unref(struct zone *z)
{
	if (!z || atomic_fetch_sub_explicit(&z->refs, 1, memory_order_acq_rel) != 1)
		return;
	free((void *)z->arena);
	free((void *)z->slots);
	findings_free_files(z->files, z->n_files);
	free(z);
}

static bool is_same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

bool zone_is_current(const struct zone *z)
{
	for (uint16_t i = 0; i < z->n_files; i++) {
		const struct zone_file *f = &z->files[i];
		struct stat st;

		if (!f->is_file)
			continue;
		if (stat(f->path, &st) != 0 || st.st_dev != f->dev || st.st_ino != f->ino ||
		    st.st_size != f->size || !is_same_time(&st.st_mtim, &f->mtime) ||
		    !is_same_time(&st.st_ctim, &f->ctime))
			return false;
	}
	return true;
}

const char *zone_path(const struct zone *z)
{
	return z->n_files ? z->files[0].path : "";
}

char *zone_where_text(const struct zone *z, uint32_t where, char out[ZONE_WHERE_MAX])
{
	snprintf(out, ZONE_WHERE_MAX, "%.480s:%u", findings_file(z->files, z->n_files, where),
		 findings_line(where));
	return out;
}

void zone_each_node(const struct zone *z, zone_node_fn fn, void *ctx)
{
	uint32_t place = z->apex;

	/* Nodes stand one behind the other from the apex on, as compile.c wrote them. */
	for (uint32_t i = 0; i < z->names; i++) {
		const struct zone_node *node = zone_node_at(z, place);
		const struct rrset *set = zone_node_first(node);

		for (unsigned left = node->rrsets; left; left--)
			set = zone_node_next(set);
		if (node->rrsets)
			fn(ctx, z, node);
		place = (uint32_t)((const uint32_t *)set - z->arena);
	}
}
