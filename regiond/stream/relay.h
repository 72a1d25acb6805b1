/* SPDX-License-Identifier: Apache-2.0 */
/* relay: bytes from one stream to the other and back, without waiting and in bounded memory.
 *
 * Sockets are watched edge-triggered, once, for everything: a request and its reply cost two
 * recv(2) and two send(2) and no epoll_ctl(2). Each direction is one of
 *
 *   copying    recv into the worker's scratch, send at once; nothing is kept while the peer takes
 *              all
 *   held       the peer would block: the rest lies in a buffer of its own (RELAY_READ at most), and
 *              nothing more is read until it is gone. So a slow reader slows its sender, not us
 *   splicing   after RELAY_BULK_READS full reads in a row, where both streams are raw: through a
 *              pipe, without copying; until little comes at a time, or urgent data, which splice(2)
 *              does not pass
 *   ended      the source has closed its half; when all is out, the same is done to the other side
 *
 * A reset, or an error of either socket, ends both: what the other side gets is a reset, too, so
 * that a reply which was cut does not look whole.
 *
 * Urgent data is passed on as any other byte, at its place, and not as urgent.
 *
 * Threads    the worker's own
 * Ownership  the streams are the caller's; buffers and pipes are borrowed from relay_stock until
 *            relay_fini()
 * Units      bytes
 */
#ifndef FAIRLEAD_REGIOND_RELAY_H
#define FAIRLEAD_REGIOND_RELAY_H

#include "core/err.h"
#include "regiond/stream/io.h"
#include "regiond/stream/pipes.h"
#include "regiond/stream/slab.h"

#include <stdint.h>

#define RELAY_READ	 (32 * 1024)
#define RELAY_BULK_READS 4    /* 128 KiB in one go: worth a pipe */
#define RELAY_BULK_LEAST 4096 /* a splice that moved less was not */
#define RELAY_ROUNDS	 16   /* reads in a row before others have their turn */

/* What all relays of a worker share. */
struct relay_stock {
	uint8_t *scratch;    /* RELAY_READ */
	struct slab buffers; /* of RELAY_READ, for what is held */
	struct pipes pipes;
};
enum err_code relay_stock_init(struct relay_stock *stock);
void relay_stock_fini(struct relay_stock *stock);

enum relay_side_name { RELAY_CLIENT, RELAY_BACKEND };

/* One direction; flows[i] reads from sides[i]. */
struct relay_flow {
	uint8_t *held;
	uint32_t held_at, held_len;
	struct pipe_ends pipe;
	uint32_t piped;
	uint8_t full_reads;
	uint64_t moved; /* bytes read from the source so far */
	bool ended;	/* the source has */
	bool shut;	/* and the other side was told */
};

struct relay {
	struct io *sides[2];
	struct relay_flow flows[2];
};

enum relay_next {
	RELAY_WAIT,   /* until the next event */
	RELAY_AGAIN,  /* there is more to do: call relay_run() when others had their turn */
	RELAY_DONE,   /* both halves are closed in order */
	RELAY_BROKEN, /* close both with a reset */
};

void relay_init(struct relay *r, struct io *client, struct io *backend);
void relay_fini(struct relay *r, struct relay_stock *stock);

/* Notes what epoll said of a side, and moves what can be moved. */
enum relay_next relay_event(struct relay *r, struct relay_stock *stock, enum relay_side_name side,
			    uint32_t events);
enum relay_next relay_run(struct relay *r, struct relay_stock *stock);

#endif
