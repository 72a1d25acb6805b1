/* SPDX-License-Identifier: Apache-2.0 */
/* tiny_mmdb: a database of one network, the last of its family, so that the network ends where the
 * addresses end: 240.0.0.0/4 for TINY_MMDB(4, 4), ffff::/16 for (6, 16).
 *
 *   node i: 0 -> nothing, 1 -> node i + 1, and at the last node 1 -> the data
 */
#ifndef FAIRLEAD_TESTS_UNIT_DNSD_TINY_MMDB_H
#define FAIRLEAD_TESTS_UNIT_DNSD_TINY_MMDB_H

#include "tests/unit/unit.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define TINY_MMDB_MAX 1024

static inline size_t tiny_put(uint8_t *at, const void *bytes, size_t len)
{
	memcpy(at, bytes, len);
	return len;
}

/* A key and a uint32 value of the metadata. */
static inline size_t tiny_put_uint(uint8_t *at, const char *key, uint8_t value)
{
	const uint8_t number[] = { 0xc1, value };
	size_t len = 0;

	at[len++] = (uint8_t)(0x40 | (strlen(key) < 29 ? strlen(key) : 29));
	if (strlen(key) >= 29)
		at[len++] = (uint8_t)(strlen(key) - 29);
	len += tiny_put(at + len, key, strlen(key));
	return len + tiny_put(at + len, number, sizeof(number));
}

/* Returns the length. prefix_len <= 120. */
static inline size_t tiny_mmdb(uint8_t *out, uint8_t ip_version, uint8_t prefix_len)
{
	static const char data[] = "\xe1\x4c"
				   "country_code"
				   "\x42"
				   "FR";
	size_t len = 0;

	for (uint8_t i = 0; i < prefix_len; i++) {
		uint8_t right = (uint8_t)(i + 1 < prefix_len ? i + 1 : prefix_len + 16);
		const uint8_t node[] = { 0, 0, prefix_len, 0, 0, right };

		len += tiny_put(out + len, node, sizeof(node));
	}
	memset(out + len, 0, 16);
	len += 16;
	len += tiny_put(out + len, data, sizeof(data) - 1);
	len += tiny_put(out + len, "\xab\xcd\xefMaxMind.com\xe4", 15);
	len += tiny_put_uint(out + len, "binary_format_major_version", 2);
	len += tiny_put_uint(out + len, "node_count", prefix_len);
	len += tiny_put_uint(out + len, "record_size", 24);
	return len + tiny_put_uint(out + len, "ip_version", ip_version);
}

static inline void tiny_mmdb_write(const char *path, uint8_t ip_version, uint8_t prefix_len)
{
	uint8_t bytes[TINY_MMDB_MAX];
	FILE *f = fopen(path, "w");
	size_t len = tiny_mmdb(bytes, ip_version, prefix_len);

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

#endif
