/* SPDX-License-Identifier: Apache-2.0 */
/* copy: a zone's records in a file of their own. See copy.h. */
#include "dnsd/zone/copy.h"

#include "core/file.h"
#include "dnsd/packet/hash.h"
#include "dnsd/zone/build.h"
#include "dnsd/zone/check.h"
#include "dnsd/zone/compile.h"
#include "dnsd/zone/zone_load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC	  "FLZONE1\n"
#define MAGIC_LEN 8u
#define HASH_LEN  8u
#define COPY_MAX  ((size_t)8 << 30)
#define COPY_MODE 0640

/* ---- writing ---- */

static void add_rrset(struct buf *out, const struct zone_node *node, const struct rrset *set)
{
	for (size_t at = 0; at < set->len; at += RRSET_RR_HEAD + dns_get16(set->wire + at + 10)) {
		const uint8_t *rr = set->wire + at;
		uint16_t rdlen = dns_get16(rr + 10);

		buf_add(out, node->name, node->name_len);
		buf_u16(out, set->type);
		buf_u32(out, set->ttl_s);
		buf_u16(out, rdlen);
		buf_add(out, rr + RRSET_RR_HEAD, rdlen);
	}
}

static void add_node(void *ctx, const struct zone *z, const struct zone_node *node)
{
	const struct rrset *set = zone_node_first(node);

	for (unsigned left = node->rrsets; left; left--, set = zone_node_next(set))
		add_rrset(ctx, node, set);
}

static void add_hash(struct buf *out)
{
	uint64_t hash = XXH3_64bits(out->data, out->len);

	buf_u32(out, (uint32_t)(hash >> 32));
	buf_u32(out, (uint32_t)hash);
}

/* Whether the file ends with the same hash and is as long. */
static bool is_there(const char *path, const struct buf *wanted)
{
	uint8_t tail[HASH_LEN];
	FILE *f = fopen(path, "re");
	bool same;

	if (!f)
		return false;
	same = fseeko(f, -(off_t)HASH_LEN, SEEK_END) == 0 &&
	       ftello(f) + (off_t)HASH_LEN == (off_t)wanted->len &&
	       fread(tail, 1, HASH_LEN, f) == HASH_LEN &&
	       memcmp(tail, wanted->data + wanted->len - HASH_LEN, HASH_LEN) == 0;
	fclose(f);
	return same;
}

enum err_code copy_save(const struct zone *z, const char *path, struct err *e)
{
	struct buf out = BUF_INIT;
	enum err_code rc = ERR_OK;

	if (z->is_broken || z->is_copy)
		return ERR_OK;
	buf_add(&out, MAGIC, MAGIC_LEN);
	buf_add(&out, z->origin.wire, z->origin.len);
	zone_each_node(z, add_node, &out);
	add_hash(&out);
	if (out.failed)
		rc = err_set(e, ERR_MEMORY, "%s: out of memory", path);
	else if (!is_there(path, &out))
		rc = file_replace(path, out.data, out.len, COPY_MODE, e);
	buf_fini(&out);
	return rc;
}

/* ---- reading ---- */

struct reader {
	const uint8_t *at, *end;
	uint16_t file;
};

static bool is_sound(const uint8_t *bytes, size_t len, const struct name *origin)
{
	uint64_t hash;

	if (len < MAGIC_LEN + origin->len + HASH_LEN || memcmp(bytes, MAGIC, MAGIC_LEN) != 0)
		return false;
	hash = XXH3_64bits(bytes, len - HASH_LEN);
	return dns_get32(bytes + len - 8) == hash >> 32 &&
	       dns_get32(bytes + len - 4) == (uint32_t)hash &&
	       memcmp(bytes + MAGIC_LEN, origin->wire, origin->len) == 0;
}

static bool read_record(struct reader *r, const struct name *origin, struct master_record *out)
{
	size_t at = 0, room = (size_t)(r->end - r->at);

	if (name_read(r->at, room, &at, &out->owner) != ERR_OK || room - at < 8)
		return false;
	out->type = dns_get16(r->at + at);
	out->ttl_s = dns_get32(r->at + at + 2);
	out->rdlen = dns_get16(r->at + at + 6);
	out->rdata = r->at + at + 8;
	out->where = findings_where(r->file, 1);
	r->at += at + 8;
	if ((size_t)(r->end - r->at) < out->rdlen)
		return false;
	r->at += out->rdlen;
	return name_is_within(out->owner.wire, out->owner.len, origin->wire, origin->len);
}

static enum err_code read_all(struct build *b, struct reader *r)
{
	enum err_code rc = ERR_OK;

	while (rc == ERR_OK && r->at < r->end) {
		struct master_record record = { .where = 0 };

		rc = read_record(r, &b->origin, &record) ? build_add(b, &record) : ERR_INPUT;
	}
	return rc;
}

static enum err_code make_zone(const char *path, const uint8_t *bytes, size_t len,
			       const struct name *origin, uint64_t seed, struct zone **out)
{
	struct reader r = { .at = bytes + MAGIC_LEN + origin->len, .end = bytes + len - HASH_LEN };
	struct findings findings;
	struct zone *z = NULL;
	struct build b;
	enum err_code rc = build_init(&b, origin, seed);

	findings_init(&findings, NULL, 1);
	if (rc == ERR_OK)
		rc = findings_add_file(&findings, path, NULL, &r.file);
	if (rc == ERR_OK)
		rc = read_all(&b, &r);
	if (rc == ERR_OK)
		rc = check_zone(&b, &findings);
	if (rc == ERR_OK && !findings.mistakes)
		rc = compile_zone(&b, &findings, &z);
	if (rc == ERR_OK && findings.mistakes) {
		zone_unref(z);
		rc = ERR_INPUT;
	}
	if (rc == ERR_OK) {
		z->files = findings_take_files(&findings, &z->n_files);
		z->is_copy = true;
		*out = z;
	}
	build_fini(&b);
	findings_fini(&findings);
	return rc;
}

enum err_code copy_load(const char *path, const char *origin_text, const struct zone_limits *limits,
			struct zone **out, struct err *e)
{
	struct name origin;
	char *bytes;
	size_t len;
	enum err_code rc = name_parse(origin_text, NULL, &origin, e);

	if (rc == ERR_OK)
		rc = file_read(path, COPY_MAX, &bytes, &len, e);
	if (rc != ERR_OK)
		return rc;
	name_lower(origin.wire, origin.wire, origin.len);
	rc = is_sound((const uint8_t *)bytes, len, &origin)
		     ? make_zone(path, (const uint8_t *)bytes, len, &origin, limits->seed, out)
		     : ERR_INPUT;
	free(bytes);
	return rc == ERR_OK ? ERR_OK
			    : err_set(e, rc, "%s: %s", path,
				      rc == ERR_MEMORY ? "out of memory" : "the copy is damaged");
}
