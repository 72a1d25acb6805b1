/* SPDX-License-Identifier: Apache-2.0 */
/* answer_world: a zone and services of every kind, and questions to them, for claims about
 * dnsd/answer. Each claim begins with a snapshot of its own in which everybody serves. */
#ifndef FAIRLEAD_TESTS_DNSD_ANSWER_WORLD_H
#define FAIRLEAD_TESTS_DNSD_ANSWER_WORLD_H

#include "dnsd/answer/answer.h"
#include "tests/unit/dnsd/ask.h"
#include "tests/unit/dnsd/world.h"

/* A test may bring regions and services of its own. */
#ifndef ANSWER_STEERING
#define ANSWER_REGIONS WORLD_REGIONS
#define ANSWER_STEERING                                                            \
	"pools:\n"                                                                 \
	"  geo:\n"                                                                 \
	"    method: geo\n"                                                        \
	"    members:\n"                                                           \
	"      - {region: eu, addresses: [192.0.2.10, 192.0.2.11, 192.0.2.12, "    \
	"\"2001:db8::10\"]}\n"                                                     \
	"      - {region: us, addresses: [192.0.2.20]}\n"                          \
	"      - {region: ap, addresses: [192.0.2.30], tier: 1}\n"                 \
	"  none:\n"                                                                \
	"    last_resort: none\n"                                                  \
	"    members: [{region: eu, addresses: [192.0.2.13]}]\n"                   \
	"  fixed:\n"                                                               \
	"    last_resort: [192.0.2.250]\n"                                         \
	"    members: [{region: eu, addresses: [192.0.2.14, \"2001:db8::14\"]}]\n" \
	"  split:\n"                                                               \
	"    method: weighted\n"                                                   \
	"    members:\n"                                                           \
	"      - {region: eu, addresses: [192.0.2.40], weight: 300}\n"             \
	"      - {region: us, addresses: [192.0.2.41], weight: 100}\n"             \
	"  six:\n"                                                                 \
	"    members: [{region: eu, addresses: [\"2001:db8::66\"]}]\n"             \
	"  mixed:\n"                                                               \
	"    members:\n"                                                           \
	"      - {region: eu, addresses: [\"2001:db8::70\"]}\n"                    \
	"      - {region: us, addresses: [192.0.2.71]}\n"                          \
	"services:\n"                                                              \
	"  chat.example.com: {pool: geo, answers: 2}\n"                            \
	"  all.example.com: {pool: geo, answers: 8}\n"                             \
	"  none.example.com: {pool: none}\n"                                       \
	"  fixed.example.com: {pool: fixed}\n"                                     \
	"  split.example.com: {pool: split}\n"                                     \
	"  six.example.com: {pool: six}\n"                                         \
	"  mixed.example.com: {pool: mixed}\n"                                     \
	"  \"*.apps.example.com\": {pool: geo}\n"                                  \
	"  example.com: {pool: geo}\n"
#endif

#define ANSWER_ZONE                                                                             \
	"$TTL 300\n@ SOA ns1 host 7 3600 600 86400 60\n@ NS ns1\nns1 A 192.0.2.1\n"             \
	"www A 192.0.2.80\nwww TXT site\n"                                                      \
	"chat MX 10 www\nchat TXT \"hello\"\n"                                                  \
	"alias CNAME Chat\nalias2 CNAME alias\n"                                                \
	"gone CNAME no\nfar CNAME www.example.net.\n"                                           \
	"loop1 CNAME loop2\nloop2 CNAME loop1\nself CNAME self\n"                               \
	"c1 CNAME c2\nc2 CNAME c3\nc3 CNAME c4\nc4 CNAME c5\nc5 CNAME c6\nc6 CNAME c7\n"        \
	"c7 CNAME c8\nc8 CNAME c9\nc9 CNAME c10\nc10 CNAME c11\nc11 CNAME www\n"                \
	"c0 CNAME c1\n"                                                                         \
	"old DNAME apps\nround DNAME x.round\n"                                                 \
	"*.wild CNAME chat\n"                                                                   \
	"$GENERATE 1-13 many NS n$.many\n$GENERATE 1-13 n$.many A 192.0.2.$\n"                  \
	"$GENERATE 1-13 n$.many AAAA 2001:db8::$\n$GENERATE 1-13 beside NS n$.many\n"           \
	"points MX 10 www\npoints SRV 0 0 80 WWW\npoints HTTPS 1 www\n"                         \
	"tosub CNAME host.sub\n"                                                                \
	"sub NS ns.sub\nsub NS ns2.example.net.\nns.sub A 192.0.2.4\nns.sub AAAA 2001:db8::4\n" \
	"big TXT \"0123456789012345678901234567890123456789012345678901234567890123456789\"\n"  \
	"big TXT \"1123456789012345678901234567890123456789012345678901234567890123456789\"\n"  \
	"big TXT \"2123456789012345678901234567890123456789012345678901234567890123456789\"\n"  \
	"big TXT \"3123456789012345678901234567890123456789012345678901234567890123456789\"\n"  \
	"big TXT \"4123456789012345678901234567890123456789012345678901234567890123456789\"\n"  \
	"big TXT \"5123456789012345678901234567890123456789012345678901234567890123456789\"\n"  \
	"big TXT \"6123456789012345678901234567890123456789012345678901234567890123456789\"\n"

static struct world w;
static struct snapshot *snap;
static struct answer_scratch scratch;
static struct addr source;
static enum answer_transport transport;
static struct said said; /* the last answer */

static inline int make_world(void **state)
{
	world_init(&w, ANSWER_REGIONS ANSWER_STEERING, ANSWER_ZONE);
	assert_int_equal(answer_scratch_init(&scratch), ERR_OK);
	return 0;
}

static inline int free_world(void **state)
{
	answer_scratch_fini(&scratch);
	world_fini(&w);
	return 0;
}

static inline int make_snapshot(void **state)
{
	snap = world_build(&w, NULL);
	source = world_addr("10.1.0.1");
	transport = ANSWER_UDP;
	memset(&said, 0, sizeof(said));
	return 0;
}

static inline int free_snapshot(void **state)
{
	said_fini(&said);
	snapshot_free(snap);
	return 0;
}

#define WITH_SNAPSHOT(claim) cmocka_unit_test_setup_teardown(claim, make_snapshot, free_snapshot)

/* "chat" -> the index of chat.example.com */
static inline uint32_t service_of(const char *name)
{
	char full[64];

	snprintf(full, sizeof(full), "%s.example.com", name);
	for (uint32_t s = 0; s < w.config->n_services; s++)
		if (strcmp(w.config->services[s].name, full) == 0)
			return s;
	fail_msg("no service %s", full);
	return 0;
}

static inline void set_masks(const char *service, uint64_t serve, uint64_t forced, uint32_t ttl_s)
{
	struct snapshot_live *live = snap->services[service_of(service)].live;

	atomic_store(&live->serve, serve);
	atomic_store(&live->forced, forced);
	atomic_store(&live->ttl_s, ttl_s);
}

/* Puts the answer into `said`. The room behind it is watched. */
static inline void ask_bytes(const uint8_t *query, size_t len)
{
	static uint8_t out[ANSWER_OUT_MAX + 8];
	size_t room = transport == ANSWER_UDP ? ANSWER_UDP_MAX : ANSWER_OUT_MAX, n;

	memset(out + room, 0xa5, 8);
	n = answer_query(snap, &scratch, query, len, &source, transport, out, room);
	assert_in_range(n, DNS_HEADER_LEN, room);
	assert_memory_equal(out + room, "\xa5\xa5\xa5\xa5\xa5\xa5\xa5\xa5", 8);
	said_fini(&said);
	said_read(&said, out, n);
}

static inline void ask(const struct ask *a)
{
	uint8_t query[512];

	ask_bytes(query, ask_write(a, query));
}

static inline void ask_plain(const char *name, uint16_t type, const char *client)
{
	source = world_addr(client);
	ask(&(struct ask){ .name = name, .type = type });
}

static inline void answer_is(const char *name, uint16_t type, const char *client,
			     const char *wanted)
{
	ask_plain(name, type, client);
	assert_string_equal(buf_text(&said.answer), wanted);
}

#endif
