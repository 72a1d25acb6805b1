/* SPDX-License-Identifier: Apache-2.0 */
/* counters: what one thread has answered. See counters.h. */
#include "dnsd/answer/counters.h"

#include "dnsd/packet/dns.h"

#include <stddef.h>
#include <sys/mman.h>

enum { QTYPE_OTHER = ANSWER_QTYPES - 1 };

static const struct {
	uint16_t type;
	const char *name;
} qtypes[ANSWER_QTYPES] = {
	{ DNS_TYPE_A, "A" },	     { DNS_TYPE_AAAA, "AAAA" },
	{ DNS_TYPE_NS, "NS" },	     { DNS_TYPE_SOA, "SOA" },
	{ DNS_TYPE_MX, "MX" },	     { DNS_TYPE_TXT, "TXT" },
	{ DNS_TYPE_HTTPS, "HTTPS" }, { 0, "other" },
};

const char *answer_qtype_name(unsigned index)
{
	return index < ANSWER_QTYPES ? qtypes[index].name : "other";
}

unsigned counters_qtype(uint16_t type)
{
	unsigned i = 0;

	while (i < QTYPE_OTHER && qtypes[i].type != type)
		i++;
	return i;
}

static const uint32_t times_us[ANSWER_TIMES] = { 1,   2,   5,	 10,   25,   50,    100,
						 250, 500, 1000, 2500, 5000, 10000, 100000 };

uint32_t counters_time_us(unsigned bucket)
{
	return times_us[bucket];
}

void counters_took(struct answer_counters *c, uint64_t ns)
{
	unsigned i = 0;

	while (i < ANSWER_TIMES && ns > times_us[i] * UINT64_C(1000))
		i++;
	counters_add(&c->took[i]);
	atomic_store_explicit(&c->took_ns,
			      atomic_load_explicit(&c->took_ns, memory_order_relaxed) + ns,
			      memory_order_relaxed);
}

enum err_code answer_scratch_init(struct answer_scratch *s)
{
	void *pages = mmap(NULL, sizeof(*s->counters), PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED)
		return ERR_MEMORY;
	s->counters = pages;
	return ERR_OK;
}

void answer_scratch_fini(struct answer_scratch *s)
{
	if (s->counters)
		munmap(s->counters, sizeof(*s->counters));
	s->counters = NULL;
}
