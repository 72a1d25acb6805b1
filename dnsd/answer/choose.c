/* SPDX-License-Identifier: Apache-2.0 */
/* choose: which member of a service a client gets. See choose.h. */
#include "dnsd/answer/choose.h"

/* Of its /24 or /48, whose length goes to *bits. A v4 address inside a v6 one counts as itself: the
 * first 48 bits of all clients behind one NAT64 are the same. */
static inline uint64_t key_of(const struct addr *client, uint8_t *bits)
{
	const uint8_t *b = client->bytes;
	struct addr v4;
	int before = -1;

	if (client->family == 6 && (!b[0] || (b[0] == 0x20 && (b[1] == 1 || b[1] == 2))))
		before = addr_embedded_v4(client, &v4);
	if (before >= 0) {
		*bits = (uint8_t)(before + PICK_KEY_BITS_4);
		return pick_client_key(4, v4.bytes);
	}
	*bits = client->family == 4 ? PICK_KEY_BITS_4 : PICK_KEY_BITS_6;
	return pick_client_key(client->family, b);
}

/* RFC 7871 section 7.2.1: the scope is the network that the answer holds for. */
static inline uint8_t scope_of(const struct snapshot_service *s, const struct decide_row *row,
			       const struct pick_live *live, uint8_t leaf, uint8_t key_bits)
{
	bool by_key = row->is_tie | ((live->dialled & row->allowed) != 0) |
		      ((live->forced & (live->forced - 1)) != 0);

	if (by_key)
		return leaf > key_bits ? leaf : key_bits;
	return s->rows->is_uniform ? 0 : leaf;
}

/* family_fallback: next leaves those out that have no such address, unless nobody has. */
static inline uint64_t within_family(const struct snapshot_service *s, uint64_t serve, uint64_t has,
				     enum snapshot_type type)
{
	return s->family_next && type < SNAPSHOT_TYPES && serve & has ? serve & has : serve;
}

/* family_fallback: next, of all who may be asked. */
static inline void keep_family(const struct snapshot_service *s, const struct decide_row *row,
			       enum snapshot_type type, struct pick_live *live, uint64_t *last)
{
	uint64_t has = choose_has(s, type);

	live->serve = within_family(s, live->serve & row->allowed, has, type);
	live->spare = within_family(s, live->spare & row->allowed, has, type);
	*last = within_family(s, *last, type < SNAPSHOT_TYPES ? s->with_type[type] : 0, type);
}

void answer_choose(const struct snapshot *snap, const struct snapshot_service *service,
		   const struct addr *client, enum snapshot_type type, struct answer_choice *out)
{
	const struct snapshot_live *live = service->live;
	struct decide_choice choice;
	struct pick_live asked;
	struct decide_row row;
	uint8_t leaf, key_bits;
	uint64_t last;

	client_map_find(snap->clients, client, &out->class, &leaf);
	row = rows_get(service->rows, out->class);
	asked.serve = atomic_load_explicit(&live->serve, memory_order_acquire);
	asked.forced = atomic_load_explicit(&live->forced, memory_order_relaxed) & row.allowed;
	asked.dialled = atomic_load_explicit(&live->dialled, memory_order_relaxed);
	asked.spare = atomic_load_explicit(&live->spare, memory_order_relaxed);
	out->ttl_s = atomic_load_explicit(&live->ttl_s, memory_order_relaxed);
	out->live = asked;
	out->key = key_of(client, &key_bits);
	out->scope_len = scope_of(service, &row, &asked, leaf, key_bits);
	last = service->last_resort == SNAPSHOT_ALL ? row.allowed : 0;
	if (service->family_next)
		keep_family(service, &row, type, &asked, &last);
	decide_choose(&row, &asked, service->picks, last, out->key, &choice);
	out->member = choice.member;
	out->how = choice.how;
	out->ttl_s = decide_ttl_s(choice.how, out->ttl_s);
}
