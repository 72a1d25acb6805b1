/* SPDX-License-Identifier: Apache-2.0 */
/* serve: the sockets. One UDP worker thread a core (recvmmsg, sendmmsg, SO_REUSEPORT), and one
 * thread for all TCP connections, so that they never disturb UDP. All of them read the published
 * snapshot by RCU.
 *
 *   serve_new (binds; nothing is answered yet) -> serve_start (threads) -> serve_stop -> serve_free
 *
 * Threads    all calls from the control thread
 * Ownership  the caller keeps the pointer's owner (publish) alive until serve_free
 * Errors     ERR_IO names the address that cannot be bound
 */
#ifndef FAIRLEAD_DNSD_SERVE_SERVE_H
#define FAIRLEAD_DNSD_SERVE_SERVE_H

#include "core/addr.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/handover.h"
#include "dnsd/publish/labels.h"
#include "dnsd/publish/snapshot.h"

struct serve;

struct serve_options {
	const struct endpoint *dns;
	size_t n_dns;
	uint32_t workers;	  /* 0 = one a core */
	struct handover *sockets; /* bound already: taken from here; NULL = none */
};

enum err_code serve_new(struct serve **out, const struct serve_options *options,
			_Atomic(struct snapshot *) *snapshot, struct err *e);
enum err_code serve_start(struct serve *s, struct err *e);
void serve_stop(struct serve *s); /* answers what has been received, then joins the threads */
void serve_free(struct serve *s);

/* Every socket that it answers on: for a successor, or for the service manager to keep. */
void serve_each_socket(const struct serve *s, void (*fn)(void *ctx, int fd), void *ctx);

/* fairlead_dns_queries_total, _responses_total, _answers_total: a metrics_part_fn. Call before
 * serve_free. */
bool serve_metrics(struct serve *s, uint32_t part, struct buf *out, struct labels *labels);

/* Answers counted in a slot, by all threads together. */
double serve_answers(const struct serve *s, uint32_t slot);

#endif
