/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_zone: any text is a zone or a list of mistakes, and every name of a zone that loads is
 * found. */
#include "dnsd/zone/zone_load.h"
#include "dnsd/zone/zone_set.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* ldns 1.8.3 loses a field of some records that it refuses (CERT 0 ...); our own leaks are looked
 * for in the unit tests. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libldns";
}

#define MUST(claim)              \
	do {                     \
		if (!(claim))    \
			abort(); \
	} while (0)

static void ask(void *ctx, const struct zone *z, const struct zone_node *node)
{
	static const uint16_t types[] = { DNS_TYPE_A, DNS_TYPE_DS, DNS_TYPE_ANY };
	const struct rrset *set = zone_node_first(node);
	uint8_t longer[NAME_WIRE_MAX + 2] = "\1x";
	struct zone_hit hit;

	for (unsigned i = 0; i < node->rrsets; i++, set = zone_node_next(set)) {
		unsigned count = 0;

		for (const uint8_t *rr = set->wire; rr; rr = rrset_next(set, rr))
			count++;
		MUST(count == set->count);
	}
	for (unsigned i = 0; i < 3; i++) {
		zone_set_find(ctx, node->name, node->name_len, types[i], &hit);
		MUST(hit.zone == z && hit.kind != ZONE_HIT_NXDOMAIN);
	}
	if (node->name_len + 2 > NAME_WIRE_MAX)
		return;
	memcpy(longer + 2, node->name, node->name_len);
	zone_set_find(ctx, longer, node->name_len + 2u, DNS_TYPE_A, &hit);
	MUST(hit.zone == z);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct zone_service service = { "svc.example.com.", 1 };
	struct zone_limits limits = { .records_max = 1000, .mistakes_max = 20 };
	struct buf report = BUF_INIT;
	struct zone *z = NULL;
	struct zone_set *set;
	enum err_code rc;
	struct err e;

	rc = zone_load_text((const char *)data, size, "fuzz", "example.com", &limits, &z, &report,
			    &e);
	MUST((rc == ERR_OK) == (z != NULL));
	MUST(rc != ERR_INPUT || report.len > 0);
	if (z && zone_set_new(&z, 1, &service, 1, NULL, &set, &report, &e) == ERR_OK) {
		zone_each_node(z, ask, set);
		zone_set_unref(set);
	}
	zone_unref(z);
	buf_fini(&report);
	return 0;
}
