/* SPDX-License-Identifier: Apache-2.0 */
/* counters: what one thread has answered, on pages of its own.
 *
 * Threads    one writer, so a plain load and store is enough; who adds them up reads them relaxed
 * Ownership  counters_fini() frees
 * Errors     ERR_MEMORY
 */
#ifndef FAIRLEAD_DNSD_ANSWER_COUNTERS_H
#define FAIRLEAD_DNSD_ANSWER_COUNTERS_H

#include "core/err.h"

#include <stdatomic.h>
#include <stdint.h>

enum answer_transport { ANSWER_UDP, ANSWER_TCP, ANSWER_TRANSPORTS };

#define ANSWER_SLOTS  65536 /* of fairlead_dns_answers_total; slot 0 = everything beyond */
#define ANSWER_QTYPES 8	    /* A AAAA NS SOA MX TXT HTTPS, other */
#define ANSWER_RCODES 24
#define ANSWER_TIMES  14 /* buckets: counters_time_us() */

struct answer_counters {
	_Atomic uint64_t queries[ANSWER_TRANSPORTS][ANSWER_QTYPES];
	_Atomic uint64_t rcodes[ANSWER_RCODES];
	_Atomic uint64_t dropped, truncated;
	/* How long a sample of the answers took; the last bucket is beyond all bounds. */
	_Atomic uint64_t took[ANSWER_TIMES + 1];
	_Atomic uint64_t took_ns;
	_Atomic uint64_t slots[ANSWER_SLOTS];
};

struct answer_scratch {
	struct answer_counters *counters;
};

enum err_code answer_scratch_init(struct answer_scratch *s);
void answer_scratch_fini(struct answer_scratch *s);

static inline void counters_add(_Atomic uint64_t *counter)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + 1,
			      memory_order_relaxed);
}

void counters_took(struct answer_counters *c, uint64_t ns);
uint32_t counters_time_us(unsigned bucket); /* its upper bound */

/* The place of a type in `queries`, and its name: "A", "AAAA", ..., "other". */
unsigned counters_qtype(uint16_t type);
const char *answer_qtype_name(unsigned index);

#endif
