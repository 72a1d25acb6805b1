/* SPDX-License-Identifier: Apache-2.0 */
/* buf: bytes that grow, with one error at the end instead of one per call. */
#include "core/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 64

void buf_init(struct buf *b)
{
	*b = BUF_INIT;
}

void buf_fini(struct buf *b)
{
	free(b->data);
	buf_init(b);
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	b->failed = false;
}

/* Makes space for `more` bytes after len. */
static bool has_space(struct buf *b, size_t more)
{
	size_t room = b->room ? b->room : FIRST_ROOM;
	uint8_t *data;

	if (b->failed)
		return false;
	if (more <= b->room - b->len)
		return true;
	if (more > SIZE_MAX / 2 - b->len) {
		b->failed = true;
		return false;
	}
	while (room < b->len + more)
		room *= 2;
	data = realloc(b->data, room);
	if (!data) {
		b->failed = true;
		return false;
	}
	b->data = data;
	b->room = room;
	return true;
}

void buf_add(struct buf *b, const void *bytes, size_t len)
{
	if (len == 0 || !has_space(b, len))
		return;
	memcpy(b->data + b->len, bytes, len);
	b->len += len;
}

void buf_add_str(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (len < 0)
		b->failed = true;
	if (len < 0 || !has_space(b, (size_t)len + 1)) /* vsnprintf writes its terminator */
		return;
	va_start(args, fmt);
	vsnprintf((char *)b->data + b->len, (size_t)len + 1, fmt, args);
	va_end(args);
	b->len += (size_t)len;
}

void buf_u8(struct buf *b, uint8_t v)
{
	buf_add(b, &v, 1);
}

void buf_u16(struct buf *b, uint16_t v)
{
	buf_add(b, (uint8_t[]){ (uint8_t)(v >> 8), (uint8_t)v }, 2);
}

void buf_u32(struct buf *b, uint32_t v)
{
	buf_u16(b, (uint16_t)(v >> 16));
	buf_u16(b, (uint16_t)v);
}

const char *buf_text(struct buf *b)
{
	if (!has_space(b, 1))
		return "";
	b->data[b->len] = 0;
	return (const char *)b->data;
}

uint8_t *buf_take(struct buf *b, size_t *len)
{
	uint8_t *data;

	buf_text(b); /* so that empty content is memory too, and all content is terminated */
	if (b->failed) {
		buf_fini(b);
		return NULL;
	}
	data = b->data;
	*len = b->len;
	buf_init(b);
	return data;
}
