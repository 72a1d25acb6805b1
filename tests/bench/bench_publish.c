/* SPDX-License-Identifier: Apache-2.0 */
/* bench_publish: what a change costs at the size of issue 3: services x regions x classes of
 * clients, every service in one of a few pools.
 *
 *   bench_publish [SERVICES [REGIONS [CLASSES [POOLS]]]]      1000 50 5000 4
 *
 * Classes are made by topology rules, one prefix each with an order of its own. `one region lost`
 * is the control thread's work from the verdict to the last store that a query reads, for every
 * service, without the disk.
 */
#include "dnsd/publish/publish.h"
#include "schema/config/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct bench {
	unsigned services, regions, classes, pools;
	struct dnsd_config *config;
	struct publish_parts parts;
	struct labels *labels;
	char zone_path[64];
};

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void say(const char *what, double since_ms)
{
	printf("%-44s %9.3f ms\n", what, now_ms() - since_ms);
}

/* ---- the configuration ---- */

static void add_rules(const struct bench *b, struct buf *out)
{
	buf_add_str(out, "topology:\n");
	for (unsigned i = 0; i < b->classes; i++)
		buf_printf(out, "  - {client: {prefix: %u.%u.0.0/16}, prefer: [r%u, r%u, r%u]}\n",
			   16 + i / 256, i % 256, i % b->regions, (i / b->regions + 1) % b->regions,
			   (i / 7 + i) % b->regions);
}

static void add_pools(const struct bench *b, struct buf *out)
{
	buf_add_str(out, "pools:\n");
	for (unsigned p = 0; p < b->pools; p++) {
		buf_printf(out, "  p%u:\n    method: geo\n    members:\n", p);
		for (unsigned r = 0; r < b->regions; r++)
			buf_printf(out,
				   "      - {region: r%u, addresses: [10.%u.%u.1, 10.%u.%u.2],"
				   " tier: %u}\n",
				   r, p % 256, r, p % 256, r, p ? (r * p + p / 16) % 16 : 0);
	}
}

static int make_config(struct bench *b)
{
	struct config_report report;
	struct buf text = BUF_INIT;
	enum err_code rc;

	buf_printf(&text,
		   "fleet: bench\nnode: ns1\nlisten: {dns: [\"127.0.0.1:53\"]}\n"
		   "zones: [{name: example.com, file: %s}]\nregions:\n",
		   b->zone_path);
	for (unsigned i = 0; i < b->regions; i++)
		buf_printf(&text, "  r%u: {at: [%d.5, %d.25]}\n", i, (int)(i * 37 % 140) - 70,
			   (int)(i * 101 % 359) - 179);
	add_rules(b, &text);
	add_pools(b, &text);
	buf_add_str(&text, "services:\n");
	for (unsigned i = 0; i < b->services; i++)
		buf_printf(&text, "  s%u.example.com: {pool: p%u}\n", i, i % b->pools);
	config_report_init(&report);
	rc = config_dnsd_parse("bench", (const char *)text.data, text.len, &b->config, &report);
	if (rc != ERR_OK)
		fprintf(stderr, "%.2000s", buf_text(&report.errors));
	config_report_fini(&report);
	buf_fini(&text);
	return rc != ERR_OK;
}

static int make_zone(struct bench *b)
{
	FILE *f;
	int fd;

	snprintf(b->zone_path, sizeof(b->zone_path), "/tmp/fairlead-bench-XXXXXX");
	fd = mkstemp(b->zone_path);
	f = fd < 0 ? NULL : fdopen(fd, "w");
	if (!f)
		return 1;
	fputs("$TTL 300\n@ SOA ns1 host 7 3600 600 86400 60\n@ NS ns1\nns1 A 192.0.2.1\n", f);
	return fclose(f);
}

/* ---- the claims ---- */

static struct snapshot *build(struct bench *b, const struct snapshot *previous, const char *what)
{
	double start = now_ms();
	struct snapshot *s = NULL;
	struct err e;

	if (publish_build(b->config, &b->parts, previous, b->labels, &s, &e) != ERR_OK) {
		fprintf(stderr, "%s\n", e.text);
		exit(1);
	}
	say(what, start);
	return s;
}

static size_t rows_bytes(const struct snapshot *s)
{
	const struct rows *last = NULL;
	size_t bytes = 0;

	for (uint32_t i = 0; i < s->n_services; i++) {
		const struct rows *r = s->services[i].rows;
		bool again = false;

		for (uint32_t k = 0; k < i && !again; k++)
			again = s->services[k].rows == r;
		if (r != last && !again)
			bytes += r->n_words * sizeof(*r->words) + r->n_classes * sizeof(*r->index);
		last = r;
	}
	return bytes;
}

static void lose_a_region(struct publish *p, const struct bench *b)
{
	double start = now_ms();

	for (uint32_t s = 0; s < b->services; s++)
		publish_live(p, s,
			     &(struct publish_service_live){ .serve = ~UINT64_C(1), .ttl_s = 20 });
	say("one region lost: every service is stored", start);
	start = now_ms();
	for (uint32_t s = 0; s < b->services; s++)
		rows_active(publish_current(p)->services[s].rows,
			    &(struct pick_live){ .serve = ~UINT64_C(1) });
	say("who is active, of every service", start);
}

int main(int argc, char **argv)
{
	unsigned size[4] = { 1000, 50, 5000, 4 };
	struct snapshot *first, *second;
	struct bench b = { 0 };
	struct publish *p;
	double start;
	struct err e;

	for (int i = 1; i < argc && i <= 4; i++)
		size[i - 1] = (unsigned)strtoul(argv[i], NULL, 10);
	b.services = size[0];
	b.regions = size[1];
	b.classes = size[2];
	b.pools = size[3];
	if (!b.services || !b.regions || b.regions > CONFIG_MEMBERS_MAX || !b.pools ||
	    make_zone(&b) || make_config(&b))
		return 2;
	start = now_ms();
	if (labels_new(&b.labels) != ERR_OK || publish_new(&p) != ERR_OK ||
	    publish_load(b.config, NULL, &(struct publish_load_options){ .is_fresh_geo = false },
			 &b.parts, NULL, NULL, &e) != ERR_OK) {
		fprintf(stderr, "%s\n", e.text);
		return 1;
	}
	remove(b.zone_path);
	say("zones and client map, cold", start);
	first = build(&b, NULL, "snapshot, cold");
	printf("%u services, %u regions, %u classes, %u pools, rows of %.1f MB\n", b.services,
	       b.regions, client_map_class_count(b.parts.clients), b.pools,
	       (double)rows_bytes(first) / 1e6);
	publish_swap(p, first);
	second = build(&b, first, "snapshot, after a dial");
	publish_swap(p, second);
	lose_a_region(p, &b);
	publish_free(p);
	publish_parts_unref(&b.parts);
	labels_free(b.labels);
	config_dnsd_free(b.config);
	return 0;
}
