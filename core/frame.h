/* SPDX-License-Identifier: Apache-2.0 */
/* frame: the bytes of a link (core/link.h), apart from sockets and TLS.
 *
 * Threads    any; a buffer has one owner at a time
 * Ownership  the bytes of frame_next() belong to the buffer, until frame_drop()
 * Units      bytes
 * Errors     after anything but ERR_OK and ERR_AGAIN the stream has no meaning any more
 */
#ifndef FAIRLEAD_CORE_FRAME_H
#define FAIRLEAD_CORE_FRAME_H

#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct evbuffer;

#define FRAME_HEAD 4

/* The first frame in `in`. ERR_AGAIN: not whole yet; ERR_INPUT: its length is 0; ERR_LIMIT: its
 * length is over max, which is known before its bytes are there. */
enum err_code frame_next(struct evbuffer *in, uint32_t max, const uint8_t **bytes, size_t *len,
			 struct err *e);
void frame_drop(struct evbuffer *in, size_t len); /* the frame that frame_next() gave */

enum err_code frame_add(struct evbuffer *out, const void *bytes, size_t len);

/* The first frame of each side: is the other one welcome? */
#define FRAME_VERDICT_REASON_MAX 200
#define FRAME_VERDICT_MAX	 (2 + FRAME_VERDICT_REASON_MAX)

struct frame_verdict {
	bool is_refusal;
	char reason[FRAME_VERDICT_REASON_MAX + 1]; /* printable ASCII; "" when welcome */
};

enum err_code frame_add_verdict(struct evbuffer *out, const char *refusal); /* NULL = welcome */
enum err_code frame_read_verdict(const uint8_t *bytes, size_t len, struct frame_verdict *out,
				 struct err *e);

#endif
