/* SPDX-License-Identifier: Apache-2.0 */
/* service: the counters of one service, which outlive reloads.
 *
 * Threads    workers count (atomics); the control thread reads
 * Ownership  counted: a table holds one, every connection and every listener holds one
 * Units      connections; bytes
 */
#ifndef FAIRLEAD_REGIOND_SERVICE_H
#define FAIRLEAD_REGIOND_SERVICE_H

#include "core/err.h"
#include "core/metrics.h"

#include <stdatomic.h>
#include <stdint.h>

enum service_end {
	SERVICE_DONE,	     /* both sides closed in order */
	SERVICE_RESET,	     /* one side broke it off, or fell silent */
	SERVICE_FULL,	     /* refused: no backend had a place */
	SERVICE_DOWN,	     /* refused: no backend is usable */
	SERVICE_UNREACHABLE, /* no backend that was tried answered */
	SERVICE_EXHAUSTED,   /* we had no descriptor, port or memory left */
	SERVICE_ENDS,
};

enum service_way { SERVICE_FROM_CLIENT, SERVICE_FROM_BACKEND, SERVICE_WAYS };

struct service {
	char *name;
	uint32_t id; /* unique while the process lives: the index in a table */
	atomic_uint refs;
	_Alignas(64) _Atomic uint64_t arrivals;
	_Atomic uint64_t in_flight;
	/* Those that have carried a byte, either way, and those of them in flight: a health check
	 * that only connects never does. */
	_Atomic uint64_t spoken, speaking;
	_Atomic uint64_t bytes[SERVICE_WAYS];
	_Atomic uint64_t ends[SERVICE_ENDS];
	struct metrics_histogram seconds; /* of connections that reached a backend */
};

enum err_code service_new(struct service **out, const char *name, uint32_t id);
struct service *service_ref(struct service *s);
void service_unref(struct service *s);

const char *service_end_name(enum service_end end); /* the `code` label of the metrics */

#endif
