/* SPDX-License-Identifier: Apache-2.0 */
/* bench_client: what the client map of given databases costs: time by phase, memory, look-ups.
 * Times are of the processor, so that what else runs does not count.
 *
 *   bench_client DATABASE...            six regions on six continents, one pool by distance
 *   bench_client -r 50 DATABASE...      so many regions, spread over the globe
 *   bench_client -b DATABASE...         the build only, for a profiler
 */
#include "dnsd/client/map.h"
#include "dnsd/client/mmdb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LOOKUPS (1 << 22)

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static long status_kib(const char *key)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[256];
	long kib = 0;

	while (f && fgets(line, sizeof(line), f)) {
		if (!strncmp(line, key, strlen(key)))
			kib = atol(line + strlen(key));
	}
	if (f)
		fclose(f);
	return kib;
}

static void print_memory(const char *when)
{
	printf("  %-28s resident %6.1f MB, peak %6.1f MB\n", when,
	       (double)status_kib("VmRSS:") / 1024, (double)status_kib("VmHWM:") / 1024);
}

static _Noreturn void die(const char *text)
{
	fprintf(stderr, "bench_client: %s\n", text);
	exit(1);
}

/* ---- the configuration ---- */

static struct config_region regions[CONFIG_MEMBERS_MAX] = {
	{ .has_place = true, .lat_e4 = 389500, .lon_e4 = -774500 },
	{ .has_place = true, .lat_e4 = -234300, .lon_e4 = -464700 },
	{ .has_place = true, .lat_e4 = 500300, .lon_e4 = 85600 },
	{ .has_place = true, .lat_e4 = -261300, .lon_e4 = 282400 },
	{ .has_place = true, .lat_e4 = 13600, .lon_e4 = 1039900 },
	{ .has_place = true, .lat_e4 = -339400, .lon_e4 = 1511800 },
};
static struct config_member members[CONFIG_MEMBERS_MAX];
static struct config_pool pool = { .method = METHOD_GEO, .members = members };

static void set_regions(size_t n)
{
	srandom(1);
	for (size_t i = 6; i < n; i++) {
		regions[i].has_place = true;
		regions[i].lat_e4 = (int32_t)(random() % 1200000) - 500000;
		regions[i].lon_e4 = (int32_t)(random() % 3600000) - 1800000;
	}
	for (size_t i = 0; i < n; i++)
		members[i].region = (uint32_t)i;
	pool.n_members = n;
}

/* ---- phases ---- */

static uint32_t one_value(void *ctx, const struct place *p)
{
	*(uint32_t *)ctx += 1;
	return 1;
}

static void time_walk(const char *path, uint8_t family)
{
	struct sweep s = SWEEP_INIT;
	uint32_t n_records = 0;
	const struct mmdb_visitor visitor = { .ctx = &n_records, .place = one_value };
	double start = now_s();
	struct mmdb m;
	struct err e;

	if (mmdb_open(path, &m, &e) || mmdb_walk(&m, family, &visitor, &s, &e))
		die(e.text);
	if (n_records)
		printf("  %-28s %5.0f ms, %u records\n",
		       family == 4 ? "open, walk, decode v4" : "open, walk, decode v6",
		       (now_s() - start) * 1e3, n_records);
	sweep_fini(&s);
	mmdb_close(&m);
}

/* ---- look-ups ---- */

static uint32_t next_value(void *ctx, const struct place *p)
{
	return ++*(uint32_t *)ctx;
}

/* Random prefixes of the databases, so that deep parts of the map are met as often as clients are.
 */
static size_t pick_addresses(char **paths, int n_paths, uint8_t family, struct addr *out)
{
	size_t n = 0;

	for (int i = 0; i < n_paths && !n; i++) {
		struct sweep s = SWEEP_INIT;
		uint32_t value = 0;
		const struct mmdb_visitor visitor = { .ctx = &value, .place = next_value };
		struct mmdb m;
		struct err e;

		if (mmdb_open(paths[i], &m, &e) || mmdb_walk(&m, family, &visitor, &s, &e))
			die(e.text);
		for (; s.n > 1 && n < LOOKUPS; n++) {
			struct sweep_key k = s.steps[(size_t)random() % s.n].start;

			out[n].family = family;
			for (int b = 0; b < 8; b++) {
				out[n].bytes[b] = (uint8_t)(k.hi >> (56 - 8 * b));
				out[n].bytes[8 + b] = (uint8_t)(k.lo >> (56 - 8 * b));
			}
		}
		sweep_fini(&s);
		mmdb_close(&m);
	}
	return n;
}

static void time_lookups(const struct client_map *m, const struct addr *list, size_t n,
			 const char *what)
{
	uint64_t sum = 0;
	double start = now_s();
	uint32_t class_index;
	uint8_t scope_len;

	for (size_t i = 0; i < n; i++) {
		client_map_find(m, &list[i], &class_index, &scope_len);
		sum += class_index + scope_len;
	}
	if (n)
		printf("  %-28s %5.1f ns each (checksum %llu)\n", what,
		       (now_s() - start) * 1e9 / (double)n, (unsigned long long)sum);
}

int main(int argc, char **argv)
{
	struct client_map_input in = { 0 };
	const struct client_map_stats *stats;
	struct client_map *m;
	struct addr *list;
	size_t n_regions = 6;
	bool build_only = false;
	double start;
	struct err e;

	for (int o; (o = getopt(argc, argv, "br:")) != -1;) {
		if (o == 'b')
			build_only = true;
		else
			n_regions = o == 'r' ? (size_t)atoi(optarg) : 0;
	}
	if (!n_regions || n_regions > CONFIG_MEMBERS_MAX || optind == argc)
		die("usage: bench_client [-b] [-r 1..64] DATABASE...");
	set_regions(n_regions);
	in.databases = argv + optind;
	in.n_databases = (size_t)(argc - optind);
	in.classes = (struct classes_input){
		.regions = regions, .n_regions = n_regions, .pools = &pool, .n_pools = 1
	};

	print_memory("before");
	start = now_s();
	if (client_map_build(&in, &m, &e))
		die(e.text);
	printf("  %-28s %5.0f ms\n", "whole build", (now_s() - start) * 1e3);
	print_memory("after the build");
	stats = client_map_stats(m);
	printf("  classes %u (%u ranks%s), prefixes %zu v4 + %zu v6, map %.1f MB\n", stats->classes,
	       stats->exact_ranks, stats->coarsened ? ", coarsened" : "", stats->prefixes4,
	       stats->prefixes6, (double)stats->bytes / 1e6);
	if (build_only) {
		client_map_unref(m);
		return 0;
	}
	for (int i = optind; i < argc; i++) {
		time_walk(argv[i], 4);
		time_walk(argv[i], 6);
	}
	list = calloc(LOOKUPS, sizeof(*list));
	if (!list)
		die("out of memory");
	time_lookups(m, list, pick_addresses(argv + optind, argc - optind, 4, list), "look-up v4");
	time_lookups(m, list, pick_addresses(argv + optind, argc - optind, 6, list), "look-up v6");
	free(list);
	client_map_unref(m);
	return 0;
}
