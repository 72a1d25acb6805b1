/* SPDX-License-Identifier: Apache-2.0 */
/* exchange: one thing that is asked of a service, from its arrival to its end, and the backend that
 * has it. */
#include "regiond/stream/exchange.h"

#include <string.h>

void exchange_start(struct exchange *x, struct service *service, bool is_check, uint64_t now_us)
{
	*x = (struct exchange){ .service = service_ref(service),
				.is_check = is_check,
				.started_us = now_us };
	if (!is_check)
		atomic_fetch_add_explicit(&service->arrivals, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&service->in_flight, 1, memory_order_relaxed);
}

static void count_bytes(struct exchange *x)
{
	for (int i = 0; i < SERVICE_WAYS; i++) {
		atomic_fetch_add_explicit(&x->service->bytes[i], x->bytes[i] - x->counted[i],
					  memory_order_relaxed);
		x->counted[i] = x->bytes[i];
	}
}

static void speak(struct exchange *x)
{
	x->spoke = true;
	atomic_fetch_add_explicit(&x->service->spoken, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&x->service->speaking, 1, memory_order_relaxed);
}

void exchange_moved(struct exchange *x, uint64_t from_client, uint64_t from_backend)
{
	uint64_t all = from_client + from_backend;
	x->bytes[SERVICE_FROM_CLIENT] = from_client;
	x->bytes[SERVICE_FROM_BACKEND] = from_backend;
	if (all && !x->spoke && !x->is_check)
		speak(x);
	if (all - x->counted[SERVICE_FROM_CLIENT] - x->counted[SERVICE_FROM_BACKEND] >=
	    EXCHANGE_COUNT_BYTES)
		count_bytes(x);
}

void exchange_end(struct exchange *x, enum service_end end, uint64_t now_us)
{
	count_bytes(x);
	if (x->spoke)
		atomic_fetch_sub_explicit(&x->service->speaking, 1, memory_order_relaxed);
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

bool exchange_pick(struct exchange *x, const struct pool *pool, uint64_t key, uint64_t now_us,
		   enum service_end *miss)
{
	enum pool_miss why = POOL_DOWN;
	struct pool_want want = { .now_us = now_us, .key = key, .n_tried = x->n_tried };
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
