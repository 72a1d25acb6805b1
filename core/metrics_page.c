/* SPDX-License-Identifier: Apache-2.0 */
/* metrics_page: the page /metrics of each daemon, in pieces. */
#include "core/metrics_page.h"

#include <stdlib.h>

#define TYPE "text/plain; version=0.0.4; charset=utf-8"

/* Of one turn: several scrapers may have theirs in the same one. */
#define PIECE_US  3000
#define PIECE_LEN (256 << 10)
/* A part that is longer than it should be does not go out at once. */
#define WRITE_MAX (HTTP_STREAM_MAX / 2)

struct page {
	const struct metrics *metrics;
	const struct clock *clock;
	struct http_reply *reply;
	struct metrics_cursor at;
	struct buf text;
	size_t sent; /* of text */
	bool has_more;
};

static void free_page(struct page *p)
{
	buf_fini(&p->text);
	free(p);
}

/* Never nothing while there is more: what is not written is never ready(). */
static void make_piece(struct page *p)
{
	uint64_t end_us = clock_mono_us(p->clock) + PIECE_US;

	buf_clear(&p->text);
	p->sent = 0;
	do
		p->has_more = metrics_next(p->metrics, &p->at, &p->text);
	while (p->has_more && !p->text.failed &&
	       (p->text.len == 0 || (p->text.len < PIECE_LEN && clock_mono_us(p->clock) < end_us)));
}

static void end(struct page *p, bool whole)
{
	http_stream_end(p->reply, whole);
	free_page(p);
}

static void send_piece(void *page)
{
	struct page *p = page;
	size_t len;

	if (p->sent == p->text.len && p->has_more)
		make_piece(p);
	len = p->text.len - p->sent < WRITE_MAX ? p->text.len - p->sent : WRITE_MAX;
	if (p->text.failed || http_stream_write(p->reply, p->text.data + p->sent, len) != ERR_OK) {
		end(p, false);
		return;
	}
	p->sent += len;
	if (p->sent == p->text.len && !p->has_more)
		end(p, metrics_is_current(p->metrics, &p->at));
}

static void gone(void *page)
{
	end(page, false);
}

static const struct http_stream_fns stream = { .ready = send_piece, .gone = gone };

void metrics_page_send(const struct metrics *m, const struct clock *clock, struct http_reply *reply)
{
	struct page *p = calloc(1, sizeof(*p));

	if (!p) {
		http_reply_error(reply, ERR_MEMORY, "out of memory");
		return;
	}
	*p = (struct page){ m, clock, reply, metrics_begin(m), BUF_INIT, 0, true };
	make_piece(p);
	if (p->has_more && !p->text.failed) {
		http_stream_start(reply, 200, TYPE, &stream, p);
		send_piece(p);
		return;
	}
	if (p->text.failed)
		http_reply_error(reply, ERR_MEMORY, "out of memory");
	else
		http_reply_text(reply, 200, TYPE, (const char *)p->text.data, p->text.len);
	free_page(p);
}
