/* SPDX-License-Identifier: Apache-2.0 */
/* bench_zone: how long a big zone takes to load, in how much memory, how long a find and a whole
 * answer take.
 *
 *   bench_zone [RECORDS [FINDS]]      default 1000000 records, 5000000 finds
 */
#include "dnsd/packet/reply.h"
#include "dnsd/zone/zone_load.h"
#include "dnsd/zone/zone_set.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define BATCH 32

static double seconds(clockid_t which)
{
	struct timespec t;

	clock_gettime(which, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static long peak_rss_mib(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return u.ru_maxrss / 1024;
}

static void write_zone(const char *path, unsigned records)
{
	FILE *f = fopen(path, "w");

	if (!f)
		exit(1);
	fprintf(f,
		"$TTL 300\n@ SOA ns1 hostmaster 1 3600 600 86400 60\n@ NS ns1\nns1 A 192.0.2.1\n");
	for (unsigned i = 0; i < records; i++)
		fprintf(f, "host%u A 10.%u.%u.%u\n", i, i >> 16 & 255, i >> 8 & 255, i & 255);
	fclose(f);
}

static struct zone *load(unsigned records)
{
	struct zone_limits limits = { .seed = 42 };
	char path[] = "/tmp/bench_zone_XXXXXX";
	struct zone *z = NULL;
	double cpu, wall;
	struct err e;
	int fd = mkstemp(path);

	if (fd < 0)
		exit(1);
	close(fd);
	write_zone(path, records);
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	wall = seconds(CLOCK_MONOTONIC);
	if (zone_load(path, "example.com", &limits, &z, NULL, &e) != ERR_OK) {
		fprintf(stderr, "%s\n", e.text);
		unlink(path);
		exit(1);
	}
	printf("load     %u records: %.2f s wall, %.2f s CPU, zone %zu MiB, peak RSS %ld MiB\n",
	       records, seconds(CLOCK_MONOTONIC) - wall, seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu,
	       z->bytes >> 20, peak_rss_mib());
	unlink(path);
	return z;
}

/* Names are made before the clock starts: the cost of a find alone is wanted. */
static void find(const struct zone_set *s, const char *what, const char *prefix, unsigned names,
		 unsigned finds, bool in_batches)
{
	struct name *name = calloc(names, sizeof(*name));
	uint64_t hash[BATCH];
	unsigned kinds[8] = { 0 };
	struct zone_hit hit;
	double from;

	if (!name)
		exit(1);
	for (unsigned i = 0; i < names; i++) {
		char text[64];

		snprintf(text, sizeof(text), "%s%u.example.com.", prefix,
			 (unsigned)(((uint64_t)i * 2654435761u) % names));
		if (name_parse(text, NULL, &name[i], NULL) != ERR_OK)
			exit(1);
	}
	from = seconds(CLOCK_PROCESS_CPUTIME_ID);
	for (unsigned i = 0; i < finds; i += BATCH) {
		for (unsigned k = 0; k < BATCH && in_batches; k++) {
			const struct name *n = &name[(i + k) % names];

			hash[k] = zone_set_hash(s, n->wire, n->len);
			zone_set_prefetch(s, hash[k]);
		}
		for (unsigned k = 0; k < BATCH; k++) {
			const struct name *n = &name[(i + k) % names];

			if (in_batches)
				zone_set_find_hashed(s, n->wire, n->len, hash[k], DNS_TYPE_A, &hit);
			else
				zone_set_find(s, n->wire, n->len, DNS_TYPE_A, &hit);
			kinds[hit.kind]++;
		}
	}
	printf("find     %-28s %6.1f ns%s (%u answers, %u services, %u nxdomain)\n", what,
	       (seconds(CLOCK_PROCESS_CPUTIME_ID) - from) * 1e9 / finds,
	       in_batches ? ", prefetched" : "", kinds[ZONE_HIT_ANSWER], kinds[ZONE_HIT_SERVICE],
	       kinds[ZONE_HIT_NXDOMAIN]);
	free(name);
}

/* A query with EDNS and a client subnet, for host<n>. Returns its length. */
static size_t write_query(uint8_t *out, unsigned n)
{
	static const uint8_t head[] = { 1, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1 };
	static const uint8_t tail[] = { 0, 1,  0, 1, 0, 0, 41, 4, 0xd0, 0, 0,	0,  0,
					0, 11, 0, 8, 0, 7, 0,  1, 24,	0, 198, 51, 100 };
	struct name name;
	char text[64];

	snprintf(text, sizeof(text), "Host%u.Example.com.", n);
	if (name_parse(text, NULL, &name, NULL) != ERR_OK)
		exit(1);
	memcpy(out, head, sizeof(head));
	memcpy(out + sizeof(head), name.wire, name.len);
	memcpy(out + sizeof(head) + name.len, tail, sizeof(tail));
	return sizeof(head) + name.len + sizeof(tail);
}

/* All that a static answer takes, but for the sockets. */
static void answer(const struct zone_set *s, unsigned names, unsigned finds)
{
	static uint8_t queries[1024][128], out[DNS_UDP_MAX];
	static size_t lens[1024];
	size_t bytes = 0;
	double from;

	for (unsigned i = 0; i < 1024; i++)
		lens[i] = write_query(queries[i], i * 7919u % names);
	from = seconds(CLOCK_PROCESS_CPUTIME_ID);
	for (unsigned i = 0; i < finds; i++) {
		struct zone_hit hit;
		struct query q;
		struct reply r;

		if (query_parse(queries[i % 1024], lens[i % 1024], &q) != QUERY_OK)
			exit(1);
		zone_set_find(s, q.name, q.name_len, q.qtype, &hit);
		reply_begin(&r, out, sizeof(out), &q, reply_limit(&q, false));
		reply_rrset(&r, REPLY_ANSWER, hit.rrset, RRSET_OWNER_QNAME);
		bytes += reply_end(&r, DNS_RCODE_NOERROR);
	}
	printf("answer   %-28s %6.1f ns, %zu bytes each\n", "parse, find, write; EDNS, ECS",
	       (seconds(CLOCK_PROCESS_CPUTIME_ID) - from) * 1e9 / finds, bytes / finds);
}

int main(int argc, char **argv)
{
	unsigned records = argc > 1 ? (unsigned)atoi(argv[1]) : 1000000;
	unsigned finds = argc > 2 ? (unsigned)atoi(argv[2]) : 5000000;
	struct zone_service service = { "svc0.example.com.", 0 };
	struct zone *z = load(records);
	struct zone_set *s;
	struct err e;

	if (zone_set_new(&z, 1, &service, 1, NULL, &s, NULL, &e) != ERR_OK) {
		fprintf(stderr, "%s\n", e.text);
		return 1;
	}
	for (int batched = 0; batched < 2; batched++) {
		find(s, "service", "svc", 1, finds, batched);
		find(s, "existing, of 10k", "host", 10000, finds, batched);
		find(s, "existing, of all", "host", records, finds, batched);
		find(s, "missing, 10k names", "no", 10000, finds, batched);
		find(s, "missing, deep, 10k names", "a.b.c.d.no", 10000, finds, batched);
	}
	answer(s, records, finds);
	zone_set_unref(s);
	zone_unref(z);
	return 0;
}
