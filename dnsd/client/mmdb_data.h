/* SPDX-License-Identifier: Apache-2.0 */
/* mmdb_data: the data section of an MMDB file: typed values behind control bytes, every read
 * bounded.
 *
 *   control byte   ttt sssss     t = 1..7 type, 0 = extended: the next byte is type - 7
 *                                s = 0..28 size; 29, 30, 31: 1, 2, 3 more bytes of size
 *   pointer        001 ss vvv    ss + 1 more bytes; an offset from the start of the section
 *   map, array     size pairs or elements follow, each a value or a pointer to one
 *
 * Own code, because a whole city database is decoded at each load and libmaxminddb walks the record
 * once per field and trusts more of the file; the tests hold the two against each other.
 *
 * Threads    any, pure
 * Ownership  values point into the section
 * Errors     ERR_INPUT: the bytes are not what the format allows; *out is undefined then
 * Source     https://maxmind.github.io/MaxMind-DB/ (version 2.0), "Output Data Section"
 */
#ifndef FAIRLEAD_DNSD_CLIENT_MMDB_DATA_H
#define FAIRLEAD_DNSD_CLIENT_MMDB_DATA_H

#include "core/err.h"
#include "steer/place.h"

#include <stddef.h>
#include <stdint.h>

struct mmdb_section {
	const uint8_t *bytes;
	size_t len;
};

enum mmdb_type {
	MMDB_EXTENDED,
	MMDB_POINTER,
	MMDB_STRING,
	MMDB_DOUBLE,
	MMDB_BYTES,
	MMDB_UINT16,
	MMDB_UINT32,
	MMDB_MAP,
	MMDB_INT32,
	MMDB_UINT64,
	MMDB_UINT128,
	MMDB_ARRAY,
	MMDB_CONTAINER,
	MMDB_END,
	MMDB_BOOLEAN,
	MMDB_FLOAT,
};

struct mmdb_value {
	enum mmdb_type type;  /* never MMDB_POINTER: it is followed */
	uint32_t size;	      /* bytes; pairs of a map, elements of an array */
	const uint8_t *bytes; /* the payload; NULL for map and array */
	size_t inside;	      /* offset of the first key or element of a map or array */
	size_t next;	      /* offset after the value (after the pointer, if it was one); for a
				 map or array that stood in place: its inside */
	bool in_place;	      /* not reached through a pointer */
};

/* The value at an offset. */
enum err_code mmdb_data_read(const struct mmdb_section *s, size_t at, struct mmdb_value *out);
/* The offset after the value at an offset, all that is in it included. */
enum err_code mmdb_data_skip(const struct mmdb_section *s, size_t at, size_t *after);

/* The value of a key in a map; ERR_NOT_FOUND when the map has none. */
enum err_code mmdb_data_get(const struct mmdb_section *s, const struct mmdb_value *map,
			    const char *key, struct mmdb_value *out);

/* An unsigned integer of up to 8 bytes; anything else is ERR_INPUT. */
enum err_code mmdb_data_uint(const struct mmdb_value *v, uint64_t *out);

/* Which field of a place a key means, remembered by where the key stands: the records of a file
 * share their keys by pointers, so that a few dozen keys are read instead of millions. Begins all
 * zero. */
#define MMDB_KEYS 64
struct mmdb_keys {
	struct {
		size_t at; /* offset of the key + 1; 0 = free */
		const struct mmdb_field *field;
	} slot[MMDB_KEYS];
	char country[3]; /* the last one asked for, and where it lies */
	uint8_t continent;
};

/* The place that the record at an offset describes, in any of the known layouts:
 *
 *   nested (MaxMind)   country.iso_code  continent.code  location.latitude  location.longitude
 *   flat (DB-IP)       country_code      continent_code  latitude           longitude
 *   either             autonomous_system_number, asn
 *
 * What is missing stays unknown; a continent that is not said follows from the country. */
enum err_code mmdb_data_place(const struct mmdb_section *s, struct mmdb_keys *keys, size_t at,
			      struct place *out);

#endif
