/* SPDX-License-Identifier: Apache-2.0 */
/* frame: the bytes of a link, apart from sockets and TLS. */
#include "core/frame.h"

#include <event2/buffer.h>
#include <stdio.h>
#include <string.h>

enum { VERDICT_VERSION = 1, VERDICT_WELCOME = 0, VERDICT_REFUSED = 1 };

static uint32_t read_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

enum err_code frame_next(struct evbuffer *in, uint32_t max, const uint8_t **bytes, size_t *len,
			 struct err *e)
{
	uint8_t head[FRAME_HEAD];
	uint8_t *whole;
	uint32_t size;

	if (evbuffer_copyout(in, head, sizeof(head)) < (ev_ssize_t)sizeof(head))
		return ERR_AGAIN;
	size = read_u32(head);
	if (size == 0)
		return err_set(e, ERR_INPUT, "a frame of length 0");
	if (size > max)
		return err_set(e, ERR_LIMIT, "a frame of %u bytes, at most %u are allowed", size,
			       max);
	if (evbuffer_get_length(in) - FRAME_HEAD < size)
		return ERR_AGAIN;
	whole = evbuffer_pullup(in, (ev_ssize_t)size + FRAME_HEAD);
	if (!whole)
		return err_set(e, ERR_MEMORY, "out of memory for a frame of %u bytes", size);
	*bytes = whole + FRAME_HEAD;
	*len = size;
	return ERR_OK;
}

void frame_drop(struct evbuffer *in, size_t len)
{
	evbuffer_drain(in, FRAME_HEAD + len);
}

/* Room for both parts first, so that a failed allocation cannot leave half a frame behind. */
enum err_code frame_add(struct evbuffer *out, const void *bytes, size_t len)
{
	const uint8_t head[FRAME_HEAD] = { (uint8_t)(len >> 24), (uint8_t)(len >> 16),
					   (uint8_t)(len >> 8), (uint8_t)len };

	if (len == 0 || len > UINT32_MAX)
		return ERR_INPUT;
	if (evbuffer_expand(out, FRAME_HEAD + len) != 0)
		return ERR_MEMORY;
	evbuffer_add(out, head, sizeof(head));
	evbuffer_add(out, bytes, len);
	return ERR_OK;
}

enum err_code frame_add_verdict(struct evbuffer *out, const char *refusal)
{
	char bytes[FRAME_VERDICT_MAX + 1] = { VERDICT_VERSION,
					      refusal ? VERDICT_REFUSED : VERDICT_WELCOME };

	if (refusal)
		snprintf(bytes + 2, sizeof(bytes) - 2, "%s", refusal);
	return frame_add(out, bytes, 2 + strlen(bytes + 2));
}

/* The reason is text of an unknown peer on its way to a terminal. */
static void copy_printable(char *out, const uint8_t *bytes, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		out[i] = bytes[i] >= ' ' && bytes[i] <= '~' ? (char)bytes[i] : '?';
	out[len] = 0;
}

enum err_code frame_read_verdict(const uint8_t *bytes, size_t len, struct frame_verdict *out,
				 struct err *e)
{
	if (len < 2 || len > FRAME_VERDICT_MAX)
		return err_set(e, ERR_INPUT, "its first frame has %zu bytes, expected 2 to %d", len,
			       FRAME_VERDICT_MAX);
	if (bytes[0] != VERDICT_VERSION)
		return err_set(e, ERR_INPUT, "it speaks version %u of links, we speak version %d",
			       bytes[0], VERDICT_VERSION);
	if (bytes[1] > VERDICT_REFUSED)
		return err_set(e, ERR_INPUT, "its verdict is %u, expected 0 or 1", bytes[1]);
	out->is_refusal = bytes[1] == VERDICT_REFUSED;
	copy_printable(out->reason, bytes + 2, len - 2);
	return ERR_OK;
}
