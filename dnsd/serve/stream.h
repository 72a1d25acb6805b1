/* SPDX-License-Identifier: Apache-2.0 */
/* stream: DNS over TCP, all connections on one thread of their own (libevent), so that they never
 * hold up a UDP worker.
 *
 * Messages are answered in the order they come, many in flight (pipelining). A connection that says
 * nothing for stream's idle time is closed; when the table is full, or the descriptors for clients
 * are (core/reserve.h), the one that was silent longest makes room. A peer that does not read is
 * not read from, and all that waits for such peers is bounded together: each may have its part, and
 * beyond the bound the one silent longest is closed.
 *
 * Threads    all calls from the control thread; the counters may be read meanwhile
 * Errors     ERR_IO names the address
 * Source     RFC 7766 (TCP), RFC 7828 (keepalive)
 */
#ifndef FAIRLEAD_DNSD_SERVE_STREAM_H
#define FAIRLEAD_DNSD_SERVE_STREAM_H

#include "core/addr.h"
#include "core/err.h"
#include "core/handover.h"
#include "dnsd/answer/answer.h"

struct stream;

struct stream_limits {
	unsigned connections; /* default 1000 */
	unsigned idle_ms;     /* default 10000 */
	size_t bytes;	      /* in the buffers of all connections; 0 = 32 MiB, which with what the
				 allocator adds is under 64 MiB */
};
#define STREAM_BYTES_DEFAULT ((size_t)32 << 20)
#define STREAM_LIMITS_DEFAULT                     \
	{                                         \
		1000, 10000, STREAM_BYTES_DEFAULT \
	}

/* sockets: those that listen already (core/handover.h); NULL = none. */
enum err_code stream_new(struct stream **out, const struct endpoint *at, size_t n,
			 struct handover *sockets, const struct stream_limits *limits,
			 _Atomic(struct snapshot *) *snapshot, struct err *e);
enum err_code stream_start(struct stream *s, struct err *e);
void stream_stop(struct stream *s);
void stream_free(struct stream *s);

const struct answer_counters *stream_counters(const struct stream *s);
unsigned stream_open_count(const struct stream *s);
/* The i-th listening socket; -1 = no more. */
int stream_socket(const struct stream *s, size_t i);

#endif
