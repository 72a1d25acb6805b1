/* SPDX-License-Identifier: Apache-2.0 */
/* mmdb: GeoIP databases in the MMDB format: one look-up, or the whole as a step function.
 *
 *   | search tree: node_count nodes of 2 records | 16 zero bytes | data section | metadata |
 *
 *   record < node_count   a node           record = node_count   no data
 *   record > node_count   data at record - node_count - 16
 *
 * An IPv6 tree keeps IPv4 under ::/96, and often points to the same subtree from ::ffff:0:0/96,
 * 2002::/16 and 2001::/32: a walk of family 6 leaves all of these out, because such addresses are
 * looked up as IPv4 (addr_embedded_v4).
 *
 * Threads    one thread; a look-up does not change it
 * Ownership  mmdb_close() frees; places are copies
 * Errors     ERR_IO, or ERR_INPUT for a file that is damaged, another format, or was written while
 *            it was read; the text has the path. Nothing in the bytes can crash or hang a walk. It
 *            should be replaced by rename: one that is cut or written in place is refused.
 * Source     https://maxmind.github.io/MaxMind-DB/ (version 2.0)
 */
#ifndef FAIRLEAD_DNSD_CLIENT_MMDB_H
#define FAIRLEAD_DNSD_CLIENT_MMDB_H

#include "core/addr.h"
#include "dnsd/client/mapped.h"
#include "dnsd/client/mmdb_data.h"
#include "dnsd/client/sweep.h"

struct mmdb {
	char *path;
	struct mapped *file;
	const uint8_t *bytes; /* of the file */
	size_t len;
	uint32_t node_count;
	uint8_t record_bits; /* 24, 28 or 32 */
	uint8_t ip_version;  /* 4 or 6 */
	uint64_t built_s;    /* since 1970; 0 = the file does not say */
	uint32_t v4_root;    /* in a v6 tree the record for ::/96, a node or not; else 0 */
	struct mmdb_section data;
};

enum err_code mmdb_open(const char *path, struct mmdb *out, struct err *e);
void mmdb_close(struct mmdb *m);

/* Reads the whole file, both families: can it be used? */
enum err_code mmdb_check(const char *path, struct err *e);

/* Whether the file has addresses of this family at all. */
bool mmdb_has_family(const struct mmdb *m, uint8_t family);

/* ERR_NOT_FOUND (no text) when the address has no record. */
enum err_code mmdb_find(const struct mmdb *m, const struct addr *a, struct place *out,
			struct err *e);

/* Gives each distinct record of the file a value, once; MMDB_FAILED ends the walk (ERR_MEMORY). */
#define MMDB_FAILED UINT32_MAX
typedef uint32_t (*mmdb_place_fn)(void *ctx, const struct place *p);

struct mmdb_visitor {
	void *ctx;
	mmdb_place_fn place;
	/* After the walk, for each record: does it cover more than what stands for `value` so far?
	 * Then represent() gets its place. Both NULL: not wanted. */
	bool (*is_heavier)(void *ctx, uint32_t value, uint64_t weight);
	void (*represent)(void *ctx, uint32_t value, const struct place *p);
};

/* The value of every address of a family; 0 where the file has nothing. Weights count addresses of
 * IPv4, /32 networks of IPv6 (a narrower one counts as one). */
enum err_code mmdb_walk(const struct mmdb *m, uint8_t family, const struct mmdb_visitor *visitor,
			struct sweep *out, struct err *e);

#endif
