/* SPDX-License-Identifier: Apache-2.0 */
/* mmdb: GeoIP databases in the MMDB format: one look-up, or the whole as a step function. */
#include "dnsd/client/mmdb.h"

#include <stdlib.h>
#include <string.h>

#define SEPARATOR_LEN 16
/* "The metadata section is at most 128 KiB", with its marker, at the end of the file. */
#define METADATA_MAX (128 * 1024)
static const char marker[] = "\xab\xcd\xefMaxMind.com";
#define MARKER_LEN (sizeof(marker) - 1)

/* ---- opening ---- */

static enum err_code damaged(const struct mmdb *m, struct err *e, const char *what)
{
	return err_set(e, ERR_INPUT, "database %s: %s", m->path, what);
}

/* What a reading found, unless the file was changed under it. */
static enum err_code whole(const struct mmdb *m, struct err *e, enum err_code found)
{
	if (mapped_is_whole(m->file) || found == ERR_MEMORY)
		return found;
	return damaged(m, e,
		       "it was written while it was read; rename a whole file into its place");
}

/* The section after the last marker in the file's tail. */
static enum err_code find_metadata(const struct mmdb *m, struct mmdb_section *out)
{
	size_t from = m->len > METADATA_MAX ? m->len - METADATA_MAX : 0;

	for (size_t at = m->len; at >= from + MARKER_LEN; at--) {
		if (!memcmp(m->bytes + at - MARKER_LEN, marker, MARKER_LEN)) {
			*out = (struct mmdb_section){ m->bytes + at, m->len - at };
			return ERR_OK;
		}
	}
	return ERR_INPUT;
}

static enum err_code metadata_uint(const struct mmdb_section *s, const char *key, uint64_t *out)
{
	struct mmdb_value map, value;

	return mmdb_data_read(s, 0, &map) || mmdb_data_get(s, &map, key, &value) ||
			       mmdb_data_uint(&value, out)
		       ? ERR_INPUT
		       : ERR_OK;
}

static enum err_code read_metadata(struct mmdb *m, struct err *e)
{
	uint64_t version, nodes, bits, ip_version, tree_len;
	struct mmdb_section meta;
	size_t room;

	if (find_metadata(m, &meta))
		return damaged(m, e, "not an MMDB file, or cut short: it has no metadata marker");
	if (metadata_uint(&meta, "binary_format_major_version", &version) ||
	    metadata_uint(&meta, "node_count", &nodes) ||
	    metadata_uint(&meta, "record_size", &bits) ||
	    metadata_uint(&meta, "ip_version", &ip_version))
		return damaged(m, e, "its metadata is damaged");
	if (version != 2)
		return damaged(m, e, "its format is not version 2 of MMDB");
	if ((bits != 24 && bits != 28 && bits != 32) || (ip_version != 4 && ip_version != 6))
		return damaged(m, e, "its metadata has a record size or IP version unheard of");
	room = m->len - meta.len - MARKER_LEN;
	if (!nodes || nodes > UINT32_MAX || nodes * bits / 4 + SEPARATOR_LEN > room)
		return damaged(m, e, "it is cut short: the search tree does not fit in it");
	tree_len = nodes * bits / 4 + SEPARATOR_LEN;
	m->node_count = (uint32_t)nodes;
	m->record_bits = (uint8_t)bits;
	m->ip_version = (uint8_t)ip_version;
	if (metadata_uint(&meta, "build_epoch", &m->built_s))
		m->built_s = 0;
	m->data = (struct mmdb_section){ m->bytes + tree_len, room - tree_len };
	return ERR_OK;
}

/* ---- the tree ---- */

static inline uint32_t be32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return __builtin_bswap32(v);
}

/* Both records of a node. Reads of 4 bytes at any node end inside the separator at the latest.
 *
 *   24   AAA BBB      28   AAAxBBB, x = high nibbles of A and B      32   AAAA BBBB  */
static inline __attribute__((always_inline)) void read_node(const uint8_t *tree, unsigned bits,
							    uint32_t node, uint32_t child[2])
{
	const uint8_t *p = tree + (size_t)node * (bits / 4);

	if (bits == 24) {
		child[0] = be32(p) >> 8;
		child[1] = be32(p + 2) & 0xffffff;
	} else if (bits == 28) {
		uint32_t left = be32(p);

		child[0] = left >> 8 | (left & 0xf0) << 20;
		child[1] = be32(p + 3) & 0xfffffff;
	} else {
		child[0] = be32(p);
		child[1] = be32(p + 4);
	}
}

static uint32_t child_of(const struct mmdb *m, uint32_t node, unsigned bit)
{
	uint32_t child[2];

	read_node(m->bytes, m->record_bits, node, child);
	return child[bit];
}

/* Follows the bits of an address from a record; the result may be a node when the bits run out. */
static uint32_t descend(const struct mmdb *m, uint32_t record, const uint8_t *bytes, unsigned bits)
{
	for (unsigned i = 0; i < bits && record < m->node_count; i++)
		record = child_of(m, record, bytes[i / 8] >> (7 - i % 8) & 1);
	return record;
}

/* The offset of a record's data; ERR_INPUT when it points nowhere. */
static enum err_code data_offset(const struct mmdb *m, uint32_t record, uint32_t *out)
{
	uint64_t offset = (uint64_t)record - m->node_count - SEPARATOR_LEN;

	if (record < (uint64_t)m->node_count + SEPARATOR_LEN || offset >= m->data.len)
		return ERR_INPUT;
	*out = (uint32_t)offset;
	return ERR_OK;
}

enum err_code mmdb_open(const char *path, struct mmdb *out, struct err *e)
{
	static const uint8_t zero[12];
	struct mmdb m = { .path = strdup(path) };
	enum err_code code = m.path ? mapped_open(path, &m.file, e) : ERR_MEMORY;

	if (!m.path)
		return err_set(e, code, "out of memory");
	if (code) {
		mmdb_close(&m);
		return err_wrap(e, code, "database");
	}
	m.bytes = mapped_bytes(m.file);
	m.len = mapped_len(m.file);
	code = whole(&m, e, read_metadata(&m, e));
	if (code) {
		mmdb_close(&m);
		return code;
	}
	if (m.ip_version == 6)
		m.v4_root = descend(&m, 0, zero, 96);
	*out = m;
	return ERR_OK;
}

void mmdb_close(struct mmdb *m)
{
	mapped_close(m->file);
	free(m->path);
	*m = (struct mmdb){ 0 };
}

bool mmdb_has_family(const struct mmdb *m, uint8_t family)
{
	return family == 4 || m->ip_version == 6;
}

static enum err_code find(const struct mmdb *m, const struct addr *a, struct place *out,
			  struct err *e)
{
	struct mmdb_keys keys = { 0 };
	uint32_t record, offset;

	if (!mmdb_has_family(m, a->family))
		return ERR_NOT_FOUND;
	record = descend(m, a->family == 4 ? m->v4_root : 0, a->bytes, addr_bits(a));
	if (record == m->node_count)
		return ERR_NOT_FOUND;
	if (record < m->node_count || data_offset(m, record, &offset))
		return damaged(m, e, "its search tree is damaged");
	if (mmdb_data_place(&m->data, &keys, offset, out))
		return damaged(m, e, "a record in it is damaged");
	return ERR_OK;
}

enum err_code mmdb_find(const struct mmdb *m, const struct addr *a, struct place *out,
			struct err *e)
{
	return whole(m, e, find(m, a, out, e));
}

/* ---- the walk ---- */

/* A record of the file that the walk has met. */
struct seen {
	uint32_t key; /* its offset + 1; 0 = a free slot */
	uint32_t value;
	uint64_t weight;
};

struct walk {
	const struct mmdb *m;
	const struct mmdb_visitor *visitor;
	struct sweep *out;
	struct seen *seen; /* open addressing */
	size_t n_seen, slots;
	struct mmdb_keys keys;
	uint32_t aliased; /* the node whose other appearances are left out */
	uint64_t budget;  /* nodes still to be visited before it cannot be a tree */
	const char *problem;
};

/* A guess that spares most of the growing: a slot per 64 bytes of data, within bounds. */
#define SLOTS_LEAST 256
#define SLOTS_FIRST (1 << 19)

/* Pages of the file need not stay with the process once the walk is past them. */
#define NODES_PER_RELEASE (1 << 20)

/* A prefix of this length weighs 1: an address of IPv4, a provider's network of IPv6. */
#define WEIGHT_BITS 32

static struct seen *slot_of(struct seen *seen, size_t slots, uint32_t key)
{
	size_t i = (key * UINT64_C(0x9e3779b97f4a7c15)) >> 32 & (slots - 1);

	while (seen[i].key && seen[i].key != key)
		i = (i + 1) & (slots - 1);
	return &seen[i];
}

static size_t first_slots(const struct mmdb *m)
{
	size_t slots = SLOTS_LEAST;

	while (slots < SLOTS_FIRST && slots < m->data.len / 64)
		slots *= 2;
	return slots;
}

static enum err_code grow_seen(struct walk *w)
{
	size_t slots = w->slots ? 2 * w->slots : first_slots(w->m);
	struct seen *bigger = calloc(slots, sizeof(*bigger));

	if (!bigger)
		return ERR_MEMORY;
	for (size_t i = 0; i < w->slots; i++) {
		if (w->seen[i].key)
			*slot_of(bigger, slots, w->seen[i].key) = w->seen[i];
	}
	free(w->seen);
	w->seen = bigger;
	w->slots = slots;
	return ERR_OK;
}

static enum err_code meet(struct walk *w, uint32_t offset, struct seen **out)
{
	struct place place;
	uint32_t value;

	if (w->n_seen >= w->slots / 2 && grow_seen(w))
		return ERR_MEMORY;
	if (mmdb_data_place(&w->m->data, &w->keys, offset, &place)) {
		w->problem = "a record in it is damaged";
		return ERR_INPUT;
	}
	value = w->visitor->place(w->visitor->ctx, &place);
	if (value == MMDB_FAILED)
		return ERR_MEMORY;
	*out = slot_of(w->seen, w->slots, offset + 1);
	**out = (struct seen){ .key = offset + 1, .value = value };
	w->n_seen++;
	return ERR_OK;
}

/* A record that has been followed as far as it goes: the end of one prefix. */
static inline enum err_code visit_leaf(struct walk *w, uint32_t record, struct sweep_key start,
				       unsigned len)
{
	struct seen *seen;
	uint32_t offset;
	enum err_code code;

	if (record <= w->m->node_count) { /* no data, or the aliased node */
		sweep_append(w->out, start, 0);
		return ERR_OK;
	}
	if (data_offset(w->m, record, &offset)) {
		w->problem = "its search tree is damaged: a record points outside";
		return ERR_INPUT;
	}
	seen = slot_of(w->seen, w->slots, offset + 1);
	if (!seen->key) {
		code = meet(w, offset, &seen);
		if (code)
			return code;
	}
	seen->weight += len < WEIGHT_BITS ? UINT64_C(1) << (WEIGHT_BITS - len) : 1;
	sweep_append(w->out, start, seen->value);
	return ERR_OK;
}

static inline bool is_spent(struct walk *w)
{
	if (!w->budget--) {
		w->problem = "its search tree is damaged: branches meet again";
		return true;
	}
	if (w->budget % NODES_PER_RELEASE == 0)
		mapped_release(w->m->file);
	return false;
}

/* The 1 branch of a node at depth `len`. */
static inline struct sweep_key right_of(struct sweep_key start, unsigned len)
{
	if (len < 64)
		start.hi |= UINT64_C(1) << (63 - len);
	else
		start.lo |= UINT64_C(1) << (127 - len);
	return start;
}

/* Depth first, so that prefixes come in order. Compiled once for each record size. The branches
 * that are left to do wait in arrays of scalars: copied as structs they stall the processor at each
 * node (a wide load of what was just stored in parts). */
static inline __attribute__((always_inline)) enum err_code
walk_tree(struct walk *w, uint32_t root, unsigned max_len, unsigned bits)
{
	const uint32_t node_count = w->m->node_count, aliased = w->aliased;
	const uint8_t *tree = w->m->bytes;
	uint32_t records[128], child[2], record = root;
	struct sweep_key starts[128], start = { 0, 0 };
	unsigned lens[128], len = 0, n = 0;

	for (;;) {
		enum err_code code;

		while (record < node_count && record != aliased) {
			if (len == max_len) {
				w->problem = "its search tree is damaged: it is too deep";
				return ERR_INPUT;
			}
			if (is_spent(w))
				return ERR_INPUT;
			read_node(tree, bits, record, child);
			starts[n] = right_of(start, len);
			records[n] = child[1];
			lens[n++] = ++len;
			record = child[0];
		}
		code = visit_leaf(w, record, start, len);
		if (code || !n)
			return code;
		n--;
		record = records[n];
		start = starts[n];
		len = lens[n];
	}
}

static enum err_code walk_by_size(struct walk *w, uint32_t root, unsigned max_len)
{
	switch (w->m->record_bits) {
	case 24: return walk_tree(w, root, max_len, 24);
	case 28: return walk_tree(w, root, max_len, 28);
	default: return walk_tree(w, root, max_len, 32);
	}
}

static void tell_weights(struct walk *w)
{
	struct place place;

	for (size_t i = 0; i < w->slots; i++) {
		const struct seen *s = &w->seen[i];

		if (s->key && w->visitor->is_heavier(w->visitor->ctx, s->value, s->weight) &&
		    !mmdb_data_place(&w->m->data, &w->keys, s->key - 1, &place))
			w->visitor->represent(w->visitor->ctx, s->value, &place);
	}
}

enum err_code mmdb_walk(const struct mmdb *m, uint8_t family, const struct mmdb_visitor *visitor,
			struct sweep *out, struct err *e)
{
	struct walk w = {
		.m = m,
		.visitor = visitor,
		.out = out,
		.aliased = family == 6 ? m->v4_root : UINT32_MAX,
		/* Twice, as a tree may share a few branches on purpose. */
		.budget = 2 * (uint64_t)m->node_count,
	};
	enum err_code code = ERR_OK;

	if (!mmdb_has_family(m, family))
		sweep_append(out, (struct sweep_key){ 0, 0 }, 0);
	else if (grow_seen(&w))
		code = ERR_MEMORY;
	else
		code = walk_by_size(&w, family == 4 ? m->v4_root : 0, family == 4 ? 32 : 128);
	if (!code && out->failed)
		code = ERR_MEMORY;
	if (!code && visitor->is_heavier)
		tell_weights(&w);
	free(w.seen);
	if (code == ERR_MEMORY)
		err_set(e, code, "database %s: out of memory", m->path);
	else if (code)
		damaged(m, e, w.problem);
	return whole(m, e, code);
}

static uint32_t take_any(void *ctx, const struct place *p)
{
	(void)ctx;
	(void)p;
	return 1;
}

enum err_code mmdb_check(const char *path, struct err *e)
{
	const struct mmdb_visitor visitor = { .place = take_any };
	struct mmdb m;
	enum err_code code = mmdb_open(path, &m, e);

	if (code)
		return code;
	for (uint8_t family = 4; family <= 6 && !code; family += 2) {
		struct sweep out = SWEEP_INIT;

		code = mmdb_walk(&m, family, &visitor, &out, e);
		sweep_fini(&out);
	}
	mmdb_close(&m);
	return code;
}
