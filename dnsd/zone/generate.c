/* SPDX-License-Identifier: Apache-2.0 */
/* generate: the $GENERATE directive. See generate.h. */
#include "dnsd/zone/generate.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define COUNTER_MAX 0x7fffffff
#define WIDTH_MAX   255

/* A decimal number up to COUNTER_MAX. Returns the place behind it, NULL if there is none. */
static const char *read_number(const char *at, uint32_t *out)
{
	uint64_t value = 0;
	const char *from = at;

	while (*at >= '0' && *at <= '9') {
		value = value * 10 + (uint64_t)(*at++ - '0');
		if (value > COUNTER_MAX)
			return NULL;
	}
	*out = (uint32_t)value;
	return at == from ? NULL : at;
}

enum err_code generate_init(struct generate *g, const char *arguments, const char **why)
{
	const char *at = arguments + strspn(arguments, " \t");

	g->step = 1;
	*why = "expected $GENERATE start-stop[/step] owner type rdata";
	at = read_number(at, &g->at);
	if (!at || *at++ != '-')
		return ERR_INPUT;
	at = read_number(at, &g->stop);
	if (at && *at == '/')
		at = read_number(at + 1, &g->step);
	if (!at || (*at != ' ' && *at != '\t'))
		return ERR_INPUT;
	g->owner = at + strspn(at, " \t");
	g->owner_len = strcspn(g->owner, " \t");
	g->rest = g->owner + g->owner_len;
	if (!g->owner_len || g->rest[strspn(g->rest, " \t")] == '\0')
		return ERR_INPUT;
	*why = "expected start <= stop and step >= 1";
	return g->at > g->stop || g->step == 0 ? ERR_INPUT : ERR_OK;
}

static void add_nibbles(struct buf *out, uint32_t value, unsigned width, bool is_upper)
{
	const char *digits = is_upper ? "0123456789ABCDEF" : "0123456789abcdef";

	do {
		buf_u8(out, (uint8_t)digits[value & 0xf]);
		value >>= 4;
		width -= width > 0;
		if (width > 0 || value) {
			buf_u8(out, '.');
			width -= width > 0;
		}
	} while (value || width > 0);
}

static bool add_value(struct buf *out, int64_t value, unsigned width, char base)
{
	if (value < 0 && base != 'd')
		return false;
	switch (base) {
	case 'd': buf_printf(out, "%0*" PRId64, (int)width, value); return true;
	case 'o': buf_printf(out, "%0*" PRIo64, (int)width, (uint64_t)value); return true;
	case 'x': buf_printf(out, "%0*" PRIx64, (int)width, (uint64_t)value); return true;
	case 'X': buf_printf(out, "%0*" PRIX64, (int)width, (uint64_t)value); return true;
	case 'n':
	case 'N': add_nibbles(out, (uint32_t)value, width, base == 'N'); return true;
	default: return false;
	}
}

/* "{offset[,width[,base]]}" at *at, which is moved behind it. */
static bool add_braced(struct buf *out, const char **at, uint32_t counter)
{
	const char *p = *at + 1;
	bool is_negative = *p == '-';
	uint32_t offset, width = 0;
	char base = 'd';

	p = read_number(p + is_negative, &offset);
	if (p && *p == ',')
		p = read_number(p + 1, &width);
	if (p && *p == ',') {
		base = p[1];
		p += base ? 2 : 1;
	}
	if (!p || *p != '}' || width > WIDTH_MAX)
		return false;
	*at = p + 1;
	return add_value(out, (int64_t)counter + (is_negative ? -(int64_t)offset : offset), width,
			 base);
}

static bool expand(struct buf *out, const char *at, const char *end, uint32_t counter)
{
	while (at < end) {
		char c = *at++;

		if (c == '\\' && at < end) {
			if (*at != '$')
				buf_u8(out, '\\');
			buf_u8(out, (uint8_t)*at++);
		} else if (c != '$') {
			buf_u8(out, (uint8_t)c);
		} else if (at < end && *at == '$') {
			buf_u8(out, '$');
			at++;
		} else if (at < end && *at == '{') {
			if (!add_braced(out, &at, counter) || at > end)
				return false;
		} else {
			buf_printf(out, "%u", counter);
		}
	}
	return true;
}

enum err_code generate_next(struct generate *g, struct buf *out, const char **why)
{
	if (g->at > g->stop)
		return ERR_NOT_FOUND;
	buf_clear(out);
	*why = "expected ${offset,width,base} with base d, o, x, X, n or N";
	if (!expand(out, g->owner, g->owner + g->owner_len, g->at) ||
	    !expand(out, g->rest, g->rest + strlen(g->rest), g->at))
		return ERR_INPUT;
	buf_u8(out, '\0');
	g->at = g->stop - g->at < g->step ? g->stop + 1 : g->at + g->step;
	return out->failed ? ERR_MEMORY : ERR_OK;
}
