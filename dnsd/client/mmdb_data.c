/* SPDX-License-Identifier: Apache-2.0 */
/* mmdb_data: the data section of an MMDB file: typed values behind control bytes, every read
 * bounded. */
#include "dnsd/client/mmdb_data.h"

#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

/* Several times what any known record holds: a damaged file cannot make us read all of it for each
 * of its records. */
#define VALUES_MAX 1024

/* Takes `n` bytes at *at as a big-endian number; the caller checks that they are there. */
static uint64_t take(const struct mmdb_section *s, size_t *at, unsigned n)
{
	uint64_t v = 0;

	while (n--)
		v = v << 8 | s->bytes[(*at)++];
	return v;
}

static bool has_bytes(const struct mmdb_section *s, size_t at, size_t n)
{
	return at <= s->len && n <= s->len - at;
}

/* A pointer's target; *at goes from its control byte to after it. */
static inline enum err_code read_pointer(const struct mmdb_section *s, size_t *at, size_t *target)
{
	/* "Pointer": what is added to the value for each size, so that short ones reach further. */
	static const size_t added[] = { 0, 2048, 526336, 0 };
	const uint8_t *p = s->bytes + *at;
	unsigned extra = (p[0] >> 3 & 3) + 1;
	size_t high = p[0] & 7;

	if (!has_bytes(s, *at, 1 + extra))
		return ERR_INPUT;
	*at += 1 + extra;
	switch (extra) {
	case 1: *target = high << 8 | p[1]; break;
	case 2: *target = high << 16 | (size_t)p[1] << 8 | p[2]; break;
	case 3: *target = high << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3]; break;
	default: *target = (size_t)p[1] << 24 | (size_t)p[2] << 16 | (size_t)p[3] << 8 | p[4];
	}
	*target += added[extra - 1];
	return ERR_OK;
}

/* Type and size; *at goes from the control byte to the payload. */
static enum err_code read_control(const struct mmdb_section *s, size_t *at, struct mmdb_value *out)
{
	static const uint32_t added[] = { 29, 285, 65821 };
	unsigned control = s->bytes[(*at)++], extra;

	out->type = control >> 5;
	out->size = control & 31;
	if (out->type == MMDB_EXTENDED) {
		if (!has_bytes(s, *at, 1) || s->bytes[*at] > MMDB_FLOAT - 7)
			return ERR_INPUT;
		out->type = 7 + s->bytes[(*at)++];
	}
	if (out->size < 29)
		return ERR_OK;
	extra = out->size - 28;
	if (!has_bytes(s, *at, extra))
		return ERR_INPUT;
	out->size = added[extra - 1] + (uint32_t)take(s, at, extra);
	return ERR_OK;
}

/* Anything but a pointer. */
static enum err_code read_plain(const struct mmdb_section *s, size_t at, struct mmdb_value *out)
{
	if (read_control(s, &at, out))
		return ERR_INPUT;
	out->bytes = NULL;
	out->inside = out->next = at;
	switch (out->type) {
	case MMDB_EXTENDED:
	case MMDB_POINTER:
	case MMDB_CONTAINER:
	case MMDB_END: return ERR_INPUT;
	case MMDB_MAP:
	case MMDB_ARRAY:
	case MMDB_BOOLEAN: return ERR_OK; /* a boolean's size is its value */
	default: break;
	}
	if (!has_bytes(s, at, out->size))
		return ERR_INPUT;
	out->bytes = s->bytes + at;
	out->next = at + out->size;
	return ERR_OK;
}

enum err_code mmdb_data_read(const struct mmdb_section *s, size_t at, struct mmdb_value *out)
{
	size_t after = at, target;

	if (!has_bytes(s, at, 1))
		return ERR_INPUT;
	out->in_place = s->bytes[at] >> 5 != MMDB_POINTER;
	if (out->in_place)
		return read_plain(s, at, out);
	/* "A pointer to a pointer is not allowed", so one step is enough and no circle is possible.
	 */
	if (read_pointer(s, &after, &target) || !has_bytes(s, target, 1) ||
	    s->bytes[target] >> 5 == MMDB_POINTER || read_plain(s, target, out))
		return ERR_INPUT;
	out->next = after;
	return ERR_OK;
}

enum err_code mmdb_data_skip(const struct mmdb_section *s, size_t at, size_t *after)
{
	/* Values still to pass. Each takes at least one byte, which bounds a lying size. */
	for (uint64_t left = 1; left; left--) {
		struct mmdb_value v;
		size_t target;

		if (!has_bytes(s, at, 1))
			return ERR_INPUT;
		if (s->bytes[at] >> 5 == MMDB_POINTER) {
			if (read_pointer(s, &at, &target))
				return ERR_INPUT;
			continue;
		}
		if (read_plain(s, at, &v))
			return ERR_INPUT;
		at = v.next;
		if (v.type == MMDB_MAP)
			left += 2 * (uint64_t)v.size;
		else if (v.type == MMDB_ARRAY)
			left += v.size;
		if (left > VALUES_MAX)
			return ERR_INPUT;
	}
	*after = at;
	return ERR_OK;
}

/* The value at *at, with *at going to what follows all of it. */
static enum err_code read_whole(const struct mmdb_section *s, size_t *at, struct mmdb_value *out)
{
	size_t start = *at;

	if (mmdb_data_read(s, start, out))
		return ERR_INPUT;
	*at = out->next;
	if (out->in_place && (out->type == MMDB_MAP || out->type == MMDB_ARRAY))
		return mmdb_data_skip(s, start, at);
	return ERR_OK;
}

/* The key at *at and the value after it; *at goes to the next key. */
static enum err_code next_pair(const struct mmdb_section *s, size_t *at, struct mmdb_value *key,
			       struct mmdb_value *value)
{
	if (mmdb_data_read(s, *at, key) || key->type != MMDB_STRING)
		return ERR_INPUT;
	*at = key->next;
	return read_whole(s, at, value);
}

static bool is_text(const struct mmdb_value *v, const char *text, size_t len)
{
	return v->type == MMDB_STRING && v->size == len && !memcmp(v->bytes, text, len);
}

enum err_code mmdb_data_get(const struct mmdb_section *s, const struct mmdb_value *map,
			    const char *key, struct mmdb_value *out)
{
	size_t at = map->inside, len = strlen(key);

	if (map->type != MMDB_MAP || map->size > VALUES_MAX)
		return ERR_INPUT;
	for (uint32_t i = 0; i < map->size; i++) {
		struct mmdb_value k;

		if (next_pair(s, &at, &k, out))
			return ERR_INPUT;
		if (is_text(&k, key, len))
			return ERR_OK;
	}
	return ERR_NOT_FOUND;
}

enum err_code mmdb_data_uint(const struct mmdb_value *v, uint64_t *out)
{
	struct mmdb_section whole = { v->bytes, v->size };
	size_t at = 0;

	if ((v->type != MMDB_UINT16 && v->type != MMDB_UINT32 && v->type != MMDB_UINT64) ||
	    v->size > 8)
		return ERR_INPUT;
	*out = take(&whole, &at, v->size);
	return ERR_OK;
}

/* ---- places ---- */

enum field {
	FIELD_COUNTRY = 1,
	FIELD_CONTINENT,
	FIELD_LATITUDE,
	FIELD_LONGITUDE,
	FIELD_ASN,
	FIELD_LOCATION,
};

/* What is gathered from a record; degrees are NAN until they are known. */
struct gathered {
	struct place place;
	double latitude, longitude;
	unsigned fields; /* bits of those that were there: each counts once */
};

/* The keys of both layouts. `inner` is the key of interest when the value is a map. */
static const struct mmdb_field {
	const char *name;
	uint8_t len;
	enum field field;
	const char *inner;
} fields[] = {
#define FIELD(name, field, inner)                    \
	{                                            \
		name, sizeof(name) - 1, field, inner \
	}
	FIELD("country_code", FIELD_COUNTRY, NULL),
	FIELD("country", FIELD_COUNTRY, "iso_code"),
	FIELD("continent_code", FIELD_CONTINENT, NULL),
	FIELD("continent", FIELD_CONTINENT, "code"),
	FIELD("latitude", FIELD_LATITUDE, NULL),
	FIELD("longitude", FIELD_LONGITUDE, NULL),
	FIELD("location", FIELD_LOCATION, NULL),
	FIELD("autonomous_system_number", FIELD_ASN, NULL),
	FIELD("asn", FIELD_ASN, NULL),
#undef FIELD
};

static const struct mmdb_field *field_of(const struct mmdb_value *key)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		if (is_text(key, fields[i].name, fields[i].len))
			return &fields[i];
	}
	return NULL;
}

static double degrees(const struct mmdb_value *v)
{
	struct mmdb_section whole = { v->bytes, v->size };
	uint64_t bits = 0;
	uint32_t bits32;
	size_t at = 0;
	double d;
	float f;

	if (v->type == MMDB_DOUBLE && v->size == 8) {
		bits = take(&whole, &at, 8);
		memcpy(&d, &bits, sizeof(d));
		return d;
	}
	if (v->type == MMDB_FLOAT && v->size == 4) {
		bits32 = (uint32_t)take(&whole, &at, 4);
		memcpy(&f, &bits32, sizeof(f));
		return (double)f;
	}
	return NAN;
}

/* Two letters of a code, upper case; anything else is "not said". */
static bool is_code(const struct mmdb_value *v, char out[3])
{
	if (v->type != MMDB_STRING || v->size != 2 || !isalpha(v->bytes[0]) ||
	    !isalpha(v->bytes[1]))
		return false;
	out[0] = (char)toupper(v->bytes[0]);
	out[1] = (char)toupper(v->bytes[1]);
	out[2] = 0;
	return true;
}

static void gather_value(const struct mmdb_value *v, enum field field, struct gathered *g)
{
	uint64_t number;
	char code[3];

	switch (field) {
	case FIELD_COUNTRY:
		if (is_code(v, code))
			memcpy(g->place.country, code, sizeof(code));
		break;
	case FIELD_CONTINENT:
		if (is_code(v, code))
			g->place.continent = place_continent_parse(code);
		break;
	case FIELD_LATITUDE: g->latitude = degrees(v); break;
	case FIELD_LONGITUDE: g->longitude = degrees(v); break;
	case FIELD_ASN:
		if (!mmdb_data_uint(v, &number) && number <= UINT32_MAX)
			g->place.asn = (uint32_t)number;
		break;
	case FIELD_LOCATION: break;
	}
}

static enum err_code gather_location(const struct mmdb_section *s, const struct mmdb_value *map,
				     struct gathered *g)
{
	struct mmdb_value key, value;
	size_t at = map->inside;

	for (uint32_t i = 0; i < map->size && i < VALUES_MAX; i++) {
		if (next_pair(s, &at, &key, &value))
			return ERR_INPUT;
		if (is_text(&key, "latitude", 8))
			g->latitude = degrees(&value);
		else if (is_text(&key, "longitude", 9))
			g->longitude = degrees(&value);
	}
	return ERR_OK;
}

static enum err_code gather_field(const struct mmdb_section *s, const struct mmdb_field *f,
				  const struct mmdb_value *v, struct gathered *g)
{
	struct mmdb_value inner;
	enum err_code code;

	if (v->type != MMDB_MAP) {
		gather_value(v, f->field, g);
		return ERR_OK;
	}
	if (f->field == FIELD_LOCATION)
		return gather_location(s, v, g);
	if (!f->inner)
		return ERR_OK;
	code = mmdb_data_get(s, v, f->inner, &inner);
	if (!code)
		gather_value(&inner, f->field, g);
	return code == ERR_NOT_FOUND ? ERR_OK : code;
}

/* Neighbouring records mostly are of one country. */
static uint8_t continent_of(struct mmdb_keys *keys, const char country[3])
{
	if (memcmp(keys->country, country, sizeof(keys->country))) {
		memcpy(keys->country, country, sizeof(keys->country));
		keys->continent = place_continent_of(country);
	}
	return keys->continent;
}

static void settle(const struct gathered *g, struct mmdb_keys *keys, struct place *out)
{
	*out = g->place;
	if (out->continent == PLACE_NOWHERE && out->country[0])
		out->continent = continent_of(keys, out->country);
	/* Written so that NAN fails it. 0, 0 is how databases write "no idea": it is open sea. */
	if (!(fabs(g->latitude) <= 90 && fabs(g->longitude) <= 180) ||
	    (g->latitude == 0 && g->longitude == 0))
		return;
	out->has_position = true;
	out->lat_e4 = (int32_t)lrint(g->latitude * 1e4);
	out->lon_e4 = (int32_t)lrint(g->longitude * 1e4);
}

/* The field of the key at *at, NULL for one that does not matter; *at goes to its value. */
static enum err_code read_key(const struct mmdb_section *s, struct mmdb_keys *keys, size_t *at,
			      const struct mmdb_field **out)
{
	size_t target = *at, after = *at, slot;
	struct mmdb_value key;

	if (!has_bytes(s, *at, 1) ||
	    (s->bytes[*at] >> 5 == MMDB_POINTER && read_pointer(s, &after, &target)))
		return ERR_INPUT;
	slot = target % MMDB_KEYS;
	if (keys->slot[slot].at == target + 1 && after != *at) {
		*at = after;
		*out = keys->slot[slot].field;
		return ERR_OK;
	}
	if (mmdb_data_read(s, *at, &key) || key.type != MMDB_STRING)
		return ERR_INPUT;
	keys->slot[slot].at = target + 1;
	keys->slot[slot].field = *out = field_of(&key);
	*at = key.next;
	return ERR_OK;
}

static enum err_code gather_pair(const struct mmdb_section *s, struct mmdb_keys *keys, size_t *at,
				 struct gathered *g)
{
	const struct mmdb_field *f;
	struct mmdb_value v;

	if (read_key(s, keys, at, &f))
		return ERR_INPUT;
	if (!f || g->fields & 1U << f->field)
		return mmdb_data_skip(s, *at, at);
	g->fields |= 1U << f->field;
	return read_whole(s, at, &v) ? ERR_INPUT : gather_field(s, f, &v, g);
}

enum err_code mmdb_data_place(const struct mmdb_section *s, struct mmdb_keys *keys, size_t at,
			      struct place *out)
{
	struct gathered g = { .latitude = NAN, .longitude = NAN };
	struct mmdb_value record;

	if (mmdb_data_read(s, at, &record) || record.type != MMDB_MAP || record.size > VALUES_MAX)
		return ERR_INPUT;
	at = record.inside;
	for (uint32_t i = 0; i < record.size; i++) {
		if (gather_pair(s, keys, &at, &g))
			return ERR_INPUT;
	}
	settle(&g, keys, out);
	return ERR_OK;
}
