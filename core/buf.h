/* SPDX-License-Identifier: Apache-2.0 */
/* buf: bytes that grow, with one error at the end instead of one per call.
 *
 * A failed allocation sets `failed` and makes later calls no-ops: check once, at the end.
 *
 * Threads    one owner at a time
 * Ownership  buf_fini() frees; buf_take() hands the bytes over (free() them)
 */
#ifndef FAIRLEAD_CORE_BUF_H
#define FAIRLEAD_CORE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	uint8_t *data;
	size_t len, room;
	bool failed;
};

#define BUF_INIT ((struct buf){ 0 })

void buf_init(struct buf *b);
void buf_fini(struct buf *b);
void buf_clear(struct buf *b); /* keeps the memory */

void buf_add(struct buf *b, const void *bytes, size_t len);
void buf_add_str(struct buf *b, const char *text);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Network byte order. */
void buf_u8(struct buf *b, uint8_t v);
void buf_u16(struct buf *b, uint16_t v);
void buf_u32(struct buf *b, uint32_t v);

/* The content as a terminated string (the terminator is not counted in len); "" if it failed. */
const char *buf_text(struct buf *b);

/* Hands the memory over and leaves b empty. NULL if it failed. */
uint8_t *buf_take(struct buf *b, size_t *len);

#endif
