/* SPDX-License-Identifier: Apache-2.0 */
/* service: the counters of one service, which outlive reloads. */
#include "regiond/route/service.h"

#include <stdlib.h>
#include <string.h>

enum err_code service_new(struct service **out, const char *name, uint32_t id)
{
	struct service *s = aligned_alloc(64, sizeof(*s));
	if (!s)
		return ERR_MEMORY;
	memset(s, 0, sizeof(*s));
	s->name = strdup(name);
	if (!s->name) {
		free(s);
		return ERR_MEMORY;
	}
	s->id = id;
	atomic_init(&s->refs, 1);
	*out = s;
	return ERR_OK;
}

struct service *service_ref(struct service *s)
{
	atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
	return s;
}

void service_unref(struct service *s)
{
	if (!s || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
		return;
	free(s->name);
	free(s);
}

const char *service_end_name(enum service_end end)
{
	static const char *const names[SERVICE_ENDS] = {
		[SERVICE_DONE] = "done",
		[SERVICE_RESET] = "reset",
		[SERVICE_FULL] = "full",
		[SERVICE_DOWN] = "down",
		[SERVICE_UNREACHABLE] = "unreachable",
		[SERVICE_EXHAUSTED] = "exhausted",
	};
	return names[end];
}
