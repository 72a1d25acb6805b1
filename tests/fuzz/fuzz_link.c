/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_link: a stream cut into pieces gives the same frames as the stream whole. */
#include "core/frame.h"

#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

#define FRAME_MAX 4096 /* small, so that over it is as likely as under it */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a reader made of a stream: a running sum over its frames, and how it ended. */
struct digest {
	uint64_t sum;
	unsigned frames;
	enum err_code end;
};

static void read_frames(struct evbuffer *in, struct digest *d)
{
	struct frame_verdict verdict;
	const uint8_t *bytes;
	size_t len;
	struct err e;

	while ((d->end == ERR_OK || d->end == ERR_AGAIN) &&
	       (d->end = frame_next(in, FRAME_MAX, &bytes, &len, &e)) == ERR_OK) {
		if (d->frames++ == 0 && frame_read_verdict(bytes, len, &verdict, &e) == ERR_OK &&
		    strlen(verdict.reason) > FRAME_VERDICT_REASON_MAX)
			abort();
		for (size_t i = 0; i < len; i++)
			d->sum = d->sum * 31 + bytes[i];
		d->sum = d->sum * 31 + len;
		frame_drop(in, len);
	}
}

/* The first byte says how the rest is cut. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct evbuffer *whole = evbuffer_new(), *pieces = evbuffer_new();
	struct digest a = { 0 }, b = { 0 };
	size_t at, step = size > 0 ? data[0] % 64 + 1 : 1;

	if (!whole || !pieces)
		abort();
	if (size > 1) {
		evbuffer_add(whole, data + 1, size - 1);
		read_frames(whole, &a);
	}
	for (at = 1; at < size; at += step) {
		evbuffer_add(pieces, data + at, size - at < step ? size - at : step);
		read_frames(pieces, &b);
	}
	if (a.sum != b.sum || a.frames != b.frames || a.end != b.end)
		abort();
	evbuffer_free(whole);
	evbuffer_free(pieces);
	return 0;
}
