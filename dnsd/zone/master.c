/* SPDX-License-Identifier: Apache-2.0 */
/* master: a master file read record by record. See master.h. */
#include "dnsd/zone/master.h"

#include "core/file.h"
#include "dnsd/packet/dns.h"
#include "dnsd/zone/expect.h"
#include "dnsd/zone/generate.h"
#include "dnsd/zone/lines.h"
#include "dnsd/zone/rdata.h"
#include "dnsd/zone/types.h"
#include "dnsd/zone/words.h"

#include <ldns/ldns.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define FILE_MAX      ((size_t)4 << 30)
#define TTL_MAX	      0x7fffffffu /* RFC 2181 section 8 */
#define TTL_NOT_SAID  0xfffffffeu
#define TTL_FIRST     3600   /* neither $TTL nor a record before said anything */
#define LDNS_LINE_MAX 65000u /* with room for what ldns puts beside it */

struct master {
	const struct master_options *options;
	struct err *e;
	uint32_t ttl_s;	  /* for records without one */
	uint32_t records; /* read so far */
	bool has_ttl_directive;
	uint8_t *rdata;	 /* RDATA_MAX */
	struct buf line; /* what ldns is given */
};

/* One file being read; an included one has its own origin and last owner. */
struct level {
	const char *path;
	uint16_t file;
	uint8_t depth;
	struct name origin, owner; /* owner.len 0: none yet */
	ldns_rdf *origin_rdf;
};

static enum err_code read_entries(struct master *m, struct level *l, const char *text, size_t len);
static enum err_code read_path(struct master *m, const char *path, const struct name *origin,
			       uint8_t depth, uint32_t from);

/* RFC 1035 section 5.1 wants digits; the units are everybody's custom: 1h30m. */
static bool is_ttl(const char *text, uint32_t *out)
{
	uint64_t sum = 0;

	if (!*text)
		return false;
	while (*text) {
		uint64_t value = 0;
		static const char units[] = "smhdw";
		static const uint32_t seconds[] = { 1, 60, 3600, 86400, 604800 };
		const char *unit;
		const char *from = text;

		while (*text >= '0' && *text <= '9' && value <= TTL_MAX)
			value = value * 10 + (uint64_t)(*text++ - '0');
		if (text == from)
			return false;
		unit = *text ? strchr(units, *text | 0x20) : NULL;
		if (*text++ && !unit)
			return false;
		sum += value * (unit ? seconds[unit - units] : 1);
		if (sum > TTL_MAX)
			return false;
		if (!text[-1])
			break;
	}
	*out = (uint32_t)sum;
	return true;
}

static bool is_meta_type(uint16_t type)
{
	return type == 0 || type == DNS_TYPE_OPT || (type >= 128 && type <= 255);
}

/* These belong to a signed zone; a file that was signed elsewhere is served unsigned, since a
 * service's answers could not be signed without the key. */
static bool is_signature_type(uint16_t type)
{
	return type == DNS_TYPE_RRSIG || type == DNS_TYPE_NSEC || type == DNS_TYPE_NSEC3 ||
	       type == DNS_TYPE_NSEC3PARAM;
}

/* The rdata as one row of bytes. ldns keeps each field in wire form. */
static bool join_rdata(const ldns_rr *rr, uint8_t *out, uint16_t *len)
{
	size_t used = 0;

	for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
		const ldns_rdf *field = ldns_rr_rdf(rr, i);
		size_t size = ldns_rdf_size(field);

		if (ldns_rdf_get_type(field) == LDNS_RDF_TYPE_DNAME && size > NAME_WIRE_MAX)
			return false;
		if (used + size > UINT16_MAX)
			return false;
		memcpy(out + used, ldns_rdf_data(field), size);
		used += size;
	}
	*len = (uint16_t)used;
	return true;
}

/* ---- a record: OWNER [TTL] [CLASS] TYPE RDATA, TTL and class in any order ---- */

/* The words before the rdata. */
struct head {
	uint16_t type;
	const char *rdata; /* in the entry */
};

static bool is_class(const char *word)
{
	return strcasecmp(word, "CH") == 0 || strcasecmp(word, "HS") == 0 ||
	       strcasecmp(word, "CS") == 0 || strncasecmp(word, "CLASS", 5) == 0;
}

static bool take_owner(struct master *m, struct level *l, const char **at, uint32_t where)
{
	struct findings *findings = m->options->findings;
	bool is_blank = **at == ' ' || **at == '\t';
	struct word w = { *at, 0 };
	char text[NAME_TEXT_MAX + 128];
	struct err why;

	if (!is_blank)
		w = words_next(at);
	else
		*at += strspn(*at, " \t");
	words_text(&w, text, sizeof(text));
	if (strcmp(text, "@") == 0) {
		l->owner = l->origin;
	} else if (!is_blank && name_parse(text, &l->origin, &l->owner, &why) != ERR_OK) {
		findings_mistake(findings, where, "%s", why.text);
		return false;
	}
	if (is_blank && !l->owner.len) {
		findings_mistake(findings, where,
				 "no owner: expected a name at the line's beginning");
		return false;
	}
	return true;
}

/* False, and told, when what stands there is no TTL or another class. */
static bool take_ttl_or_class(struct findings *findings, const char *word,
			      struct master_record *out)
{
	if (*word >= '0' && *word <= '9' && !is_ttl(word, &out->ttl_s)) {
		findings_mistake(findings, out->where,
				 "TTL %s: expected seconds up to %u, or units as in 1h30m", word,
				 TTL_MAX);
		return false;
	}
	if (is_class(word) && strcasecmp(word, "CLASS1") != 0) {
		findings_mistake(findings, out->where, "class %s, expected IN", word);
		return false;
	}
	return true;
}

static bool take_head(struct master *m, const char *entry, const char *at, struct head *h,
		      struct master_record *out)
{
	struct findings *findings = m->options->findings;
	bool had_ttl = false, had_class = false;
	char word[40];

	for (;;) {
		struct word w = words_next(&at);
		bool is_number, is_in;

		words_text(&w, word, sizeof(word));
		is_number = *word >= '0' && *word <= '9';
		is_in = strcasecmp(word, "IN") == 0 || is_class(word);
		if ((is_number && had_ttl) || (is_in && had_class) || (!is_number && !is_in))
			break;
		if (!take_ttl_or_class(findings, word, out))
			return false;
		had_ttl |= is_number;
		had_class |= is_in;
	}
	h->type = types_by_name(word);
	h->rdata = at;
	out->type = h->type;
	if (!h->type)
		expect_report(findings, out->where, entry, 0, "unknown type");
	else if (is_meta_type(h->type))
		findings_mistake(
			findings, out->where,
			"type %u cannot stand in a zone, expected a type by name or TYPEnnn",
			h->type);
	return h->type && !is_meta_type(h->type);
}

/* The owner must be in the zone. */
static bool is_inside(struct master *m, struct master_record *record)
{
	const struct name *origin = m->options->origin;
	char text[NAME_TEXT_MAX];

	name_lower(record->owner.wire, record->owner.wire, record->owner.len);
	if (name_is_within(record->owner.wire, record->owner.len, origin->wire, origin->len))
		return true;
	findings_mistake(m->options->findings, record->where,
			 "%s is not in the zone, expected a name below %s",
			 name_text(record->owner.wire, text),
			 name_text(origin->wire, (char[NAME_TEXT_MAX]){ 0 }));
	return false;
}

/* What ldns reads. It cuts a line of 65,535 characters in silence. */
static enum err_code read_by_ldns(struct master *m, struct level *l, const char *entry,
				  const struct head *h, struct master_record *out, bool *is_good)
{
	struct findings *findings = m->options->findings;
	ldns_rr *rr = NULL;
	ldns_status status;
	char type[16];

	buf_clear(&m->line);
	buf_printf(&m->line, ". 0 IN %s %s", types_name(h->type, type), h->rdata);
	if (m->line.failed)
		return ERR_MEMORY;
	if (m->line.len >= LDNS_LINE_MAX) {
		findings_mistake(findings, out->where,
				 "%s: over %u characters, expected less, or \\# LENGTH HEX", type,
				 LDNS_LINE_MAX);
		return ERR_OK;
	}
	status = ldns_rr_new_frm_str(&rr, buf_text(&m->line), 0, l->origin_rdf, NULL);
	if (status == LDNS_STATUS_MEM_ERR)
		return err_set(m->e, ERR_MEMORY, "out of memory for a record");
	if (status != LDNS_STATUS_OK)
		expect_report(findings, out->where, entry, h->type,
			      ldns_get_errorstr_by_id(status));
	else if (!join_rdata(rr, m->rdata, &out->rdlen))
		findings_mistake(findings, out->where,
				 "a domain name over 255 bytes or rdata over 65535");
	else
		*is_good = !expect_refuses_number(findings, out->where, h->rdata, h->type);
	ldns_rr_free(rr);
	return ERR_OK;
}

static enum err_code read_rdata(struct master *m, struct level *l, const char *entry,
				const struct head *h, struct master_record *out, bool *is_good)
{
	struct rdata r = { .at = h->rdata, .origin = &l->origin, .out = m->rdata };

	out->rdata = m->rdata;
	if (!rdata_is_own(h->type, h->rdata))
		return read_by_ldns(m, l, entry, h, out, is_good);
	*is_good = rdata_read(&r, h->type);
	out->rdlen = (uint16_t)r.len;
	if (!*is_good)
		expect_report(m->options->findings, out->where, entry, h->type, r.why);
	return ERR_OK;
}

static enum err_code read_record(struct master *m, struct level *l, char *entry, uint32_t where)
{
	struct master_record record = { .where = where, .ttl_s = TTL_NOT_SAID };
	const char *at = entry;
	bool is_good = false;
	enum err_code rc;
	struct head h;

	if (m->records++ >= m->options->records_max)
		return ERR_LIMIT;
	if (!take_owner(m, l, &at, where) || !take_head(m, entry, at, &h, &record))
		return ERR_OK;
	record.owner = l->owner;
	rc = read_rdata(m, l, entry, &h, &record, &is_good);
	if (rc != ERR_OK || !is_good || !is_inside(m, &record))
		return rc;
	/* RFC 1035: the last one said; RFC 2308: unless there is a $TTL. */
	if (record.ttl_s == TTL_NOT_SAID)
		record.ttl_s = m->ttl_s;
	else if (!m->has_ttl_directive)
		m->ttl_s = record.ttl_s;
	if (!is_signature_type(record.type))
		return m->options->fn(m->options->ctx, &record);
	findings_warning(m->options->findings, where, "%s: left out, this server signs by itself",
			 types_name(record.type, (char[16]){ 0 }));
	return ERR_OK;
}

static enum err_code set_origin(struct level *l, const struct name *origin)
{
	ldns_rdf *made = ldns_rdf_new_frm_data(LDNS_RDF_TYPE_DNAME, origin->len, origin->wire);

	if (!made)
		return ERR_MEMORY;
	ldns_rdf_deep_free(l->origin_rdf);
	l->origin_rdf = made;
	l->origin = *origin;
	return ERR_OK;
}

/* The next word of a directive, unquoted; "" at the end. Changes the text. */
static char *next_word(char **at)
{
	char *word = *at + strspn(*at, " \t");
	bool is_quoted = *word == '"';
	char *end;

	word += is_quoted;
	end = word + strcspn(word, is_quoted ? "\"" : " \t");
	*at = *end ? end + 1 : end;
	*end = '\0';
	return word;
}

static enum err_code do_ttl(struct master *m, char *rest, uint32_t where)
{
	const char *word = next_word(&rest);

	if (is_ttl(word, &m->ttl_s))
		m->has_ttl_directive = true;
	else
		findings_mistake(m->options->findings, where,
				 "$TTL %.40s: expected seconds up to %u, or units as in 1h30m",
				 word, TTL_MAX);
	return ERR_OK;
}

static enum err_code do_origin(struct master *m, struct level *l, char *rest, uint32_t where)
{
	struct name origin;
	struct err why;

	if (name_parse(next_word(&rest), &l->origin, &origin, &why) == ERR_OK)
		return set_origin(l, &origin);
	findings_mistake(m->options->findings, where, "$ORIGIN: %s", why.text);
	return ERR_OK;
}

/* A relative file name is taken from the directory of the file that includes it. */
static void join_path(const char *from, const char *path, char out[PATH_MAX])
{
	const char *slash = strrchr(from, '/');

	if (*path == '/' || !slash)
		snprintf(out, PATH_MAX, "%s", path);
	else
		snprintf(out, PATH_MAX, "%.*s/%s", (int)(slash - from), from, path);
}

static enum err_code do_include(struct master *m, struct level *l, char *rest, uint32_t where)
{
	struct findings *findings = m->options->findings;
	struct name origin = l->origin;
	const char *path = next_word(&rest), *origin_text = next_word(&rest);
	char joined[PATH_MAX];
	struct err why;

	if (!*path) {
		findings_mistake(findings, where, "$INCLUDE: expected a file name");
	} else if (l->depth >= m->options->include_depth) {
		findings_mistake(findings, where,
				 "$INCLUDE %.200s: expected at most %u levels of it", path,
				 m->options->include_depth);
	} else if (*origin_text && name_parse(origin_text, &l->origin, &origin, &why) != ERR_OK) {
		findings_mistake(findings, where, "$INCLUDE: %s", why.text);
	} else {
		join_path(l->path, path, joined);
		return read_path(m, joined, &origin, l->depth + 1, where);
	}
	return ERR_OK;
}

static enum err_code do_generate(struct master *m, struct level *l, const char *rest,
				 uint32_t where)
{
	struct buf text = BUF_INIT;
	struct generate g;
	const char *why;
	enum err_code rc = generate_init(&g, rest, &why);

	while (rc == ERR_OK && !findings_is_full(m->options->findings)) {
		rc = generate_next(&g, &text, &why);
		if (rc == ERR_OK)
			rc = read_record(m, l, (char *)text.data, where);
	}
	buf_fini(&text);
	if (rc == ERR_INPUT)
		findings_mistake(m->options->findings, where, "$GENERATE: %s", why);
	return rc == ERR_INPUT || rc == ERR_NOT_FOUND ? ERR_OK : rc;
}

static enum err_code read_directive(struct master *m, struct level *l, const char *entry,
				    uint32_t where)
{
	char *copy = strdup(entry), *rest = copy;
	enum err_code rc = ERR_OK;
	const char *word;

	if (!copy)
		return ERR_MEMORY;
	word = next_word(&rest);
	if (strcasecmp(word, "$TTL") == 0)
		rc = do_ttl(m, rest, where);
	else if (strcasecmp(word, "$ORIGIN") == 0)
		rc = do_origin(m, l, rest, where);
	else if (strcasecmp(word, "$INCLUDE") == 0)
		rc = do_include(m, l, rest, where);
	else if (strcasecmp(word, "$GENERATE") == 0)
		rc = do_generate(m, l, rest, where);
	else
		findings_mistake(m->options->findings, where,
				 "%.40s: expected $ORIGIN, $TTL, $INCLUDE or $GENERATE", word);
	free(copy);
	return rc;
}

static enum err_code read_entries(struct master *m, struct level *l, const char *text, size_t len)
{
	struct findings *findings = m->options->findings;
	enum err_code rc = ERR_OK;
	struct lines lines;
	const char *why;
	char *entry;
	uint32_t line;

	lines_init(&lines, text, len);
	while (rc == ERR_OK && !findings_is_full(findings)) {
		uint32_t where;

		rc = lines_next(&lines, &entry, &line, &why);
		where = findings_where(l->file, line);
		if (rc == ERR_INPUT) {
			findings_mistake(findings, where, "%s", why);
			rc = ERR_OK;
		} else if (rc == ERR_OK) {
			rc = *entry == '$' ? read_directive(m, l, entry, where)
					   : read_record(m, l, entry, where);
		}
	}
	lines_fini(&lines);
	return rc == ERR_NOT_FOUND ? ERR_OK : rc;
}

/* One level: from is where it was included, 0 for the zone's own file. */
static enum err_code read_level(struct master *m, struct level *l, const char *text, size_t len,
				const struct stat *st, const struct name *origin)
{
	enum err_code rc = findings_add_file(m->options->findings, l->path, st, &l->file);

	if (rc == ERR_LIMIT)
		return err_set(m->e, rc, "%s: over %u files in one zone", l->path,
			       FINDINGS_FILES_MAX);
	if (rc == ERR_OK)
		rc = set_origin(l, origin);
	if (rc == ERR_OK)
		rc = read_entries(m, l, text, len);
	ldns_rdf_deep_free(l->origin_rdf);
	return rc;
}

static enum err_code read_path(struct master *m, const char *path, const struct name *origin,
			       uint8_t depth, uint32_t from)
{
	struct level l = { .path = path, .depth = depth };
	char *text = NULL;
	struct stat st;
	struct err why;
	enum err_code rc;
	size_t len;

	/* Its state is taken before its bytes: a change in between is seen by zone_is_current(). */
	if (stat(path, &st) != 0)
		memset(&st, 0, sizeof(st));
	if (st.st_mode && !S_ISREG(st.st_mode)) /* a FIFO may keep its reader waiting for ever */
		rc = err_set(&why, ERR_INPUT, "%s: no regular file", path);
	else
		rc = file_read(path, FILE_MAX, &text, &len, &why);
	if (rc != ERR_OK && from) {
		findings_mistake(m->options->findings, from, "$INCLUDE: %s", why.text);
		return ERR_OK;
	}
	if (rc != ERR_OK)
		return err_set(m->e, rc, "%s", why.text);
	rc = read_level(m, &l, text, len, &st, origin);
	free(text);
	return rc;
}

static enum err_code with_room(struct master *m, const struct master_options *options,
			       struct err *e)
{
	*m = (struct master){ .options = options, .e = e, .ttl_s = TTL_FIRST };
	m->rdata = malloc(RDATA_MAX);
	return m->rdata ? ERR_OK : err_set(e, ERR_MEMORY, "out of memory to read a zone");
}

enum err_code master_read_file(const char *path, const struct master_options *options,
			       struct err *e)
{
	struct master m;
	enum err_code rc = with_room(&m, options, e);

	if (rc == ERR_OK)
		rc = read_path(&m, path, options->origin, 0, 0);
	free(m.rdata);
	buf_fini(&m.line);
	return rc;
}

enum err_code master_read_text(const char *text, size_t len, const char *label,
			       const struct master_options *options, struct err *e)
{
	struct master_options no_include = *options;
	struct level l = { .path = label };
	struct master m;
	enum err_code rc;

	no_include.include_depth = 0;
	rc = with_room(&m, &no_include, e);
	if (rc == ERR_OK)
		rc = read_level(&m, &l, text, len, NULL, options->origin);
	free(m.rdata);
	buf_fini(&m.line);
	return rc;
}
