/* SPDX-License-Identifier: Apache-2.0 */
/* backend: one address of one pool, as every worker and every table shares it.
 *
 * What the configuration says of it (weight, max, AZ) is in the table and changes with it; what
 * is true of the machine behind it (up, in flight, drained) is here and outlives reloads, so that
 * connections of an old table still count.
 *
 *            first result of all its monitors
 *   UNKNOWN ---------------------------------> UP  <----> DOWN
 *
 * Threads    checks and operators write on the control thread; workers read, reserve and release.
 *            Everything after `refs` is atomic
 * Ownership  counted: a table holds one, every connection holds one
 * Units      _us microseconds of the monotonic clock
 */
#ifndef FAIRLEAD_REGIOND_BACKEND_H
#define FAIRLEAD_REGIOND_BACKEND_H

#include "core/addr.h"
#include "core/err.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* After a failed connect a backend is chosen only when no other is left, for so long: the active
 * checks need longer to see it, and with few connections it looks like the least busy one. */
#define BACKEND_AVOID_US 1000000

enum backend_state { BACKEND_UNKNOWN, BACKEND_UP, BACKEND_DOWN };

struct backend {
	char *pool;
	struct endpoint address;
	char text[ENDPOINT_TEXT_MAX];
	struct sockaddr_storage sockaddr;
	socklen_t sockaddr_len;
	uint64_t seed; /* of its address: tells backends apart the same way everywhere */

	atomic_uint refs;
	/* Its own cache line: every connection writes it. */
	_Alignas(64) _Atomic uint32_t in_flight;
	_Atomic uint64_t next_turn;	     /* for the policy (turn.h) */
	_Alignas(64) _Atomic uint32_t state; /* enum backend_state */
	_Atomic bool drained;
	_Atomic uint64_t up_since_us;	 /* 0 = since ever: no slow start */
	_Atomic uint64_t avoid_until_us; /* after a failed connect */
	_Atomic uint64_t connects, connect_failures;
};

enum err_code backend_new(struct backend **out, const char *pool, const struct endpoint *address);
struct backend *backend_ref(struct backend *b);
void backend_unref(struct backend *b);

/* On the control thread. A change from DOWN or from a first failure to UP starts the slow start;
 * the first result of all does not, or a restart of regiond would slow a busy region. */
void backend_set_state(struct backend *b, enum backend_state state, uint64_t now_us);
const char *backend_state_name(enum backend_state state); /* the contract's words */

/* May new connections go there, as far as checks and operators are concerned? */
bool backend_is_usable(const struct backend *b);

/* Takes a place, or returns false when all `max` are taken (0 = not limited); never exceeds it. A
 * reserved place also holds a reference. backend_release() gives both back. */
bool backend_reserve(struct backend *b, uint32_t max);
void backend_release(struct backend *b);

/* What the connection attempt of a reserved place came to. */
void backend_connected(struct backend *b);
void backend_failed(struct backend *b, uint64_t now_us);

#endif
