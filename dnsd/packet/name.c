/* SPDX-License-Identifier: Apache-2.0 */
/* name: domain names in wire form. See name.h. */
#include "dnsd/packet/name.h"

#include "dnsd/packet/dns.h"

#include <string.h>

static inline uint8_t lower_byte(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

/* Eight bytes at once: a carry into a byte's top bit tells 'A' <= byte and byte > 'Z'. */
static inline uint64_t lower_word(uint64_t x)
{
	const uint64_t ones = 0x0101010101010101ull;
	uint64_t low = x & 0x7f * ones;
	uint64_t from_a = low + (0x80 - 'A') * ones;
	uint64_t over_z = low + (0x7f - 'Z') * ones;
	uint64_t upper = (from_a ^ over_z) & ~x & 0x80 * ones;

	return x | upper >> 2;
}

void name_lower_padded(uint8_t *out, const uint8_t *in, size_t len)
{
	for (size_t at = 0; at < len; at += 8) {
		uint64_t word;

		memcpy(&word, in + at, 8);
		word = lower_word(word);
		memcpy(out + at, &word, 8);
	}
}

void name_lower(uint8_t *out, const uint8_t *in, size_t len)
{
	for (size_t at = 0; at < len; at++)
		out[at] = lower_byte(in[at]);
}

enum err_code name_read(const uint8_t *msg, size_t msg_len, size_t *at, struct name *out)
{
	size_t pos = *at, end = 0, len = 0;
	size_t floor = *at; /* pointers must go below the last place jumped to */
	uint8_t wire[NAME_WIRE_MAX], labels = 0;

	for (;;) {
		uint8_t size;

		if (pos >= msg_len)
			return ERR_INPUT;
		size = msg[pos];
		if (size > NAME_LABEL_MAX) {
			size_t to;

			if (size < 0xc0 || pos + 2 > msg_len)
				return ERR_INPUT;
			to = dns_get16(msg + pos) & 0x3fff;
			if (to >= floor)
				return ERR_INPUT;
			end = end ? end : pos + 2;
			pos = floor = to;
			continue;
		}
		if (pos + 1 + size > msg_len || len + 1 + size > NAME_WIRE_MAX)
			return ERR_INPUT;
		memcpy(wire + len, msg + pos, 1u + size);
		len += 1u + size;
		pos += 1u + size;
		if (size == 0)
			break;
		labels++;
	}
	memcpy(out->wire, wire, len);
	out->len = (uint8_t)len;
	out->labels = labels;
	*at = end ? end : pos;
	return ERR_OK;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* One character of a label, escapes resolved. Returns how many bytes of text it took, 0 if bad. */
static size_t read_escape(const char *text, uint8_t *out)
{
	unsigned value;

	if (text[0] != '\\') {
		*out = (uint8_t)text[0];
		return 1;
	}
	if (!text[1])
		return 0;
	if (!is_digit(text[1])) {
		*out = (uint8_t)text[1];
		return 2;
	}
	if (!is_digit(text[2]) || !is_digit(text[3]))
		return 0;
	value = (unsigned)(text[1] - '0') * 100 + (unsigned)(text[2] - '0') * 10 +
		(unsigned)(text[3] - '0');
	*out = (uint8_t)value;
	return value > 255 ? 0 : 4;
}

/* One label up to a dot or the end. Returns how many bytes of text it took, 0 with a reason. */
static size_t read_label(const char *text, uint8_t *out, size_t room, const char **why)
{
	size_t used = 0, len = 0;

	while (text[used] && text[used] != '.') {
		uint8_t byte;
		size_t took = read_escape(text + used, &byte);

		*why = took == 0	       ? "a bad escape, expected \\DDD up to 255 or \\X"
		       : len == NAME_LABEL_MAX ? "a label over 63 bytes"
		       : len + 1 >= room       ? "over 255 bytes"
					       : NULL;
		if (*why)
			return 0;
		out[1 + len++] = byte;
		used += took;
	}
	*why = len ? NULL : "an empty label";
	out[0] = (uint8_t)len;
	return len ? used : 0;
}

enum err_code name_parse(const char *text, const struct name *origin, struct name *out,
			 struct err *e)
{
	struct name made = { .len = 0 };
	const char *at = text, *why = "it is empty";
	size_t len = 0;
	bool is_absolute = !origin || strcmp(text, ".") == 0;

	if (!*text)
		goto bad;
	if (strcmp(text, ".") == 0)
		at++;
	while (*at) {
		size_t took = read_label(at, made.wire + len, NAME_WIRE_MAX - len, &why);

		if (took == 0)
			goto bad;
		at += took;
		len += 1u + made.wire[len];
		made.labels++;
		if (*at == '.' && !*++at)
			is_absolute = true;
	}
	why = "over 255 bytes";
	if (len + (is_absolute ? 1u : origin->len) > NAME_WIRE_MAX)
		goto bad;
	if (is_absolute) {
		made.wire[len++] = 0;
	} else {
		memcpy(made.wire + len, origin->wire, origin->len);
		len += origin->len;
		made.labels = (uint8_t)(made.labels + origin->labels);
	}
	made.len = (uint8_t)len;
	*out = made;
	return ERR_OK;
bad:
	return err_set(e, ERR_INPUT, "\"%s\" is not a domain name: %s", text, why);
}

char *name_text(const uint8_t *wire, char out[NAME_TEXT_MAX])
{
	char *to = out;

	if (!*wire)
		*to++ = '.';
	while (*wire) {
		for (uint8_t left = *wire++; left; left--) {
			uint8_t c = *wire++;

			if (c <= ' ' || c >= 0x7f) {
				*to++ = '\\';
				*to++ = (char)('0' + c / 100);
				*to++ = (char)('0' + c / 10 % 10);
				c = (uint8_t)('0' + c % 10);
			} else if (strchr(".;\\\"()@$", c)) {
				*to++ = '\\';
			}
			*to++ = (char)c;
		}
		*to++ = '.';
	}
	*to = 0;
	return out;
}

uint8_t name_labels(const uint8_t *wire)
{
	uint8_t labels = 0;

	for (; *wire; wire += 1 + *wire)
		labels++;
	return labels;
}

size_t name_len(const uint8_t *wire)
{
	const uint8_t *at = wire;

	while (*at)
		at += 1 + *at;
	return (size_t)(at - wire) + 1;
}

bool name_is_equal(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	if (a_len != b_len)
		return false;
	for (size_t at = 0; at < a_len; at++)
		if (lower_byte(a[at]) != lower_byte(b[at]))
			return false;
	return true;
}

bool name_is_within(const uint8_t *name, size_t len, const uint8_t *top, size_t top_len)
{
	size_t at = 0;

	if (len < top_len)
		return false;
	while (len - at > top_len)
		at += 1u + name[at];
	return len - at == top_len && memcmp(name + at, top, top_len) == 0;
}

/* Where the labels begin, root left out. Returns how many. */
static unsigned label_places(const uint8_t *wire, uint8_t places[NAME_LABELS_MAX])
{
	unsigned count = 0;

	for (size_t at = 0; wire[at]; at += 1u + wire[at])
		places[count++] = (uint8_t)at;
	return count;
}

static int compare_labels(const uint8_t *a, const uint8_t *b)
{
	unsigned shorter = *a < *b ? *a : *b;

	for (unsigned at = 1; at <= shorter; at++) {
		int diff = lower_byte(a[at]) - lower_byte(b[at]);

		if (diff != 0)
			return diff;
	}
	return *a - *b;
}

int name_compare(const uint8_t *a, const uint8_t *b)
{
	uint8_t a_at[NAME_LABELS_MAX], b_at[NAME_LABELS_MAX];
	unsigned a_left = label_places(a, a_at), b_left = label_places(b, b_at);

	while (a_left && b_left) {
		int diff = compare_labels(a + a_at[--a_left], b + b_at[--b_left]);

		if (diff != 0)
			return diff;
	}
	return (int)a_left - (int)b_left;
}

enum err_code name_replace_suffix(const uint8_t *name, size_t len, size_t suffix_len,
				  const uint8_t *target, size_t target_len, struct name *out)
{
	size_t kept = len - suffix_len;

	if (kept + target_len > NAME_WIRE_MAX)
		return ERR_LIMIT;
	memcpy(out->wire, name, kept);
	memcpy(out->wire + kept, target, target_len);
	out->len = (uint8_t)(kept + target_len);
	out->labels = name_labels(out->wire);
	return ERR_OK;
}
