/* SPDX-License-Identifier: Apache-2.0 */
/* exchange: one thing that is asked of a service, from its arrival to its end, and the backend that
 * has it: a relayed connection, later one HTTP request of many on a connection.
 *
 *   exchange_start -> exchange_pick -> (dialled) -> exchange_reached -> exchange_end
 *                          ^               |
 *                          +---------------+ exchange_failed: the backend did not answer
 *                                            exchange_put_back: we had no port or descriptor
 *
 * It counts in flight, for the service and for the backend; a connection on which nothing is asked
 * counts nowhere.
 *
 * Threads    one worker; what it counts in is atomic
 * Ownership  it holds a reference to its service, and one to its backend with the place there
 * Units      _us: of the monotonic clock
 */
#ifndef FAIRLEAD_REGIOND_EXCHANGE_H
#define FAIRLEAD_REGIOND_EXCHANGE_H

#include "regiond/route/table.h"

/* Counters that all workers share are not touched for every packet. */
#define EXCHANGE_COUNT_BYTES (256 << 10)

struct exchange {
	struct service *service;
	struct backend *backend; /* the place reserved; NULL between two tries */
	uint64_t started_us;
	const struct backend *tried[POOL_TRIES]; /* only compared, never followed */
	uint32_t n_tried;
	bool reached;			/* a backend took it */
	bool is_check;			/* of a prober: neither demand nor a client */
	bool spoke;			/* it has carried a byte */
	uint64_t bytes[SERVICE_WAYS];	/* as told last */
	uint64_t counted[SERVICE_WAYS]; /* of these, in the service's counters */
};

void exchange_start(struct exchange *x, struct service *service, bool is_check, uint64_t now_us);
void exchange_end(struct exchange *x, enum service_end end, uint64_t now_us);

/* The next backend of the pool, with a place reserved: true. Or false, and what the exchange ends
 * as: the pool is down or full, or those that were tried did not answer. `key` is for a pool whose
 * policy goes by it, else 0. */
bool exchange_pick(struct exchange *x, const struct pool *pool, uint64_t key, uint64_t now_us,
		   enum service_end *miss);

/* What became of the backend that was picked. */
void exchange_reached(struct exchange *x);
void exchange_failed(struct exchange *x, uint64_t now_us); /* another one may be picked */
void exchange_put_back(struct exchange *x);		   /* it says nothing of the backend */

/* How many bytes it has carried from each side so far. The service's counters follow at every
 * EXCHANGE_COUNT_BYTES, and at the end. */
void exchange_moved(struct exchange *x, uint64_t from_client, uint64_t from_backend);

#endif
