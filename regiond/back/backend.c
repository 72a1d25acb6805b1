/* SPDX-License-Identifier: Apache-2.0 */
/* backend: one address of one pool, as every worker and every table shares it. */
#include "regiond/back/backend.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum err_code backend_new(struct backend **out, const char *pool, const struct endpoint *address)
{
	struct backend *b = aligned_alloc(64, sizeof(*b));
	if (!b)
		return ERR_MEMORY;
	memset(b, 0, sizeof(*b));
	b->pool = strdup(pool);
	if (!b->pool) {
		free(b);
		return ERR_MEMORY;
	}
	b->address = *address;
	endpoint_text(address, b->text);
	b->seed = XXH3_64bits(b->text, strlen(b->text));
	b->sockaddr_len = endpoint_to_sockaddr(address, &b->sockaddr);
	atomic_init(&b->refs, 1);
	*out = b;
	return ERR_OK;
}

struct backend *backend_ref(struct backend *b)
{
	atomic_fetch_add_explicit(&b->refs, 1, memory_order_relaxed);
	return b;
}

void backend_unref(struct backend *b)
{
	if (!b || atomic_fetch_sub_explicit(&b->refs, 1, memory_order_acq_rel) != 1)
		return;
	free(b->pool);
	free(b);
}

void backend_set_state(struct backend *b, enum backend_state state, uint64_t now_us)
{
	enum backend_state before = atomic_load_explicit(&b->state, memory_order_relaxed);
	if (state == before)
		return;
	if (state == BACKEND_UP) {
		atomic_store_explicit(&b->up_since_us, before == BACKEND_DOWN ? now_us : 0,
				      memory_order_relaxed);
		atomic_store_explicit(&b->avoid_until_us, 0, memory_order_relaxed);
	}
	atomic_store_explicit(&b->state, state, memory_order_release);
}

const char *backend_state_name(enum backend_state state)
{
	static const char *const names[] = { "unknown", "up", "down" };
	return names[state];
}

bool backend_is_usable(const struct backend *b)
{
	return atomic_load_explicit(&b->state, memory_order_acquire) == BACKEND_UP &&
	       !atomic_load_explicit(&b->drained, memory_order_relaxed);
}

bool backend_reserve(struct backend *b, uint32_t max)
{
	uint32_t before = atomic_fetch_add_explicit(&b->in_flight, 1, memory_order_relaxed);
	if (max && before >= max) {
		atomic_fetch_sub_explicit(&b->in_flight, 1, memory_order_relaxed);
		return false;
	}
	backend_ref(b);
	return true;
}

void backend_release(struct backend *b)
{
	atomic_fetch_sub_explicit(&b->in_flight, 1, memory_order_relaxed);
	backend_unref(b);
}

void backend_connected(struct backend *b)
{
	atomic_fetch_add_explicit(&b->connects, 1, memory_order_relaxed);
}

void backend_failed(struct backend *b, uint64_t now_us)
{
	atomic_fetch_add_explicit(&b->connect_failures, 1, memory_order_relaxed);
	atomic_store_explicit(&b->avoid_until_us, now_us + BACKEND_AVOID_US, memory_order_relaxed);
}
