/* SPDX-License-Identifier: Apache-2.0 */
/* exchange: one thing that is asked of a service, from its arrival to its end, and the backend that
 * has it. */
#include "regiond/stream/exchange.h"

#include <string.h>

void exchange_start(struct exchange *x, struct service *service, uint64_t now_us)
{
	*x = (struct exchange){ .service = service_ref(service), .started_us = now_us };
	atomic_fetch_add_explicit(&service->arrivals, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&service->in_flight, 1, memory_order_relaxed);
}

void exchange_end(struct exchange *x, enum service_end end, uint64_t now_us)
{
	if (x->backend)
		backend_release(x->backend);
	x->backend = NULL;
	if (x->reached)
		metrics_observe_us(&x->service->seconds, now_us - x->started_us);
	atomic_fetch_add_explicit(&x->service->ends[end], 1, memory_order_relaxed);
	atomic_fetch_sub_explicit(&x->service->in_flight, 1, memory_order_relaxed);
	service_unref(x->service);
	x->service = NULL;
}

static enum service_end end_of_miss(const struct exchange *x, enum pool_miss miss)
{
	if (x->n_tried)
		return SERVICE_UNREACHABLE;
	return miss == POOL_FULL ? SERVICE_FULL : SERVICE_DOWN;
}

bool exchange_pick(struct exchange *x, const struct pool *pool, uint64_t now_us,
		   enum service_end *miss)
{
	enum pool_miss why = POOL_DOWN;
	struct pool_want want = { .now_us = now_us, .n_tried = x->n_tried };
	if (x->n_tried < POOL_TRIES) {
		memcpy(want.tried, x->tried, sizeof(want.tried));
		x->backend = pool_pick(pool, &want, &why);
	}
	if (!x->backend)
		*miss = end_of_miss(x, why);
	return x->backend;
}

void exchange_reached(struct exchange *x)
{
	backend_connected(x->backend);
	x->reached = true;
}

void exchange_failed(struct exchange *x, uint64_t now_us)
{
	backend_failed(x->backend, now_us);
	exchange_put_back(x);
}

void exchange_put_back(struct exchange *x)
{
	x->tried[x->n_tried++] = x->backend;
	backend_release(x->backend);
	x->backend = NULL;
}
