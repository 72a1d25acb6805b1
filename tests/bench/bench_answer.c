/* SPDX-License-Identifier: Apache-2.0 */
/* bench_answer: what an answer costs without the kernel: bytes in, bytes out, in batches as a
 * worker does.
 *
 *   bench_answer CONFIG NAME [SECONDS]       CONFIG as for fairlead-dnsd; NAME is a service or a
 * static name
 */
#include "dnsd/answer/answer.h"
#include "dnsd/packet/dns.h"
#include "dnsd/publish/publish.h"
#include "schema/config/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define QUERIES 65536
#define BATCH	32
#define SECONDS 2.0

struct bench {
	struct snapshot *snap;
	struct answer_scratch scratch;
	uint8_t (*query)[128];
	size_t *len;
};

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* One query with a random client subnet; every fourth is IPv6, in the space that is handed out. */
static size_t make_query(uint8_t *out, const struct name *name, uint64_t r)
{
	bool is_v6 = r % 4 == 0;
	uint8_t family = is_v6 ? 2 : 1, bits = is_v6 ? 48 : 24, bytes = is_v6 ? 6 : 3;
	uint8_t *p = out;

	memset(p, 0, DNS_HEADER_LEN);
	dns_put16(p, (uint16_t)r);
	p[5] = p[11] = 1;
	p += DNS_HEADER_LEN;
	memcpy(p, name->wire, name->len);
	p += name->len;
	memcpy(p, (uint8_t[]){ 0, DNS_TYPE_A, 0, 1, 0, 0, 41, 4, 208, 0, 0, 0, 0, 0 }, 14);
	p += 14;
	*p++ = (uint8_t)(8 + bytes); /* RDLENGTH */
	memcpy(p, (uint8_t[]){ 0, 8, 0, (uint8_t)(4 + bytes), 0, family, bits, 0 }, 8);
	p += 8;
	for (int i = 0; i < bytes; i++)
		*p++ = (uint8_t)(r >> (8 * i + 8));
	if (is_v6)
		p[-6] = (uint8_t)(0x24 + (r >> 60) % 6);
	return (size_t)(p - out);
}

/* One of the patterns, with its # or % filled in. */
static enum err_code make_name(char **patterns, int n, uint64_t r, struct name *out)
{
	const char *pattern = patterns[r % (uint64_t)n];
	char text[NAME_TEXT_MAX];
	size_t at = 0;

	for (; *pattern && at < 200; pattern++) {
		if (*pattern == '#')
			at += (size_t)sprintf(text + at, "%u", (unsigned)(r >> 20) % 10000);
		else if (*pattern == '%')
			at += (size_t)sprintf(text + at, "%08x", (unsigned)(r >> 16));
		else
			text[at++] = *pattern;
	}
	text[at] = 0;
	return name_parse(text, NULL, out, NULL);
}

static int load(struct bench *b, const char *path)
{
	struct publish_parts parts;
	struct config_report report;
	struct dnsd_config *config;
	struct labels *labels;
	struct err e;

	config_report_init(&report);
	if (config_dnsd_load(path, &config, &report) != ERR_OK) {
		fputs(buf_text(&report.errors), stderr);
		return 1;
	}
	if (labels_new(&labels) != ERR_OK ||
	    publish_load(config, NULL, &(struct publish_load_options){ .is_fresh_geo = false },
			 &parts, NULL, &report, &e) != ERR_OK ||
	    publish_build(config, &parts, NULL, labels, &b->snap, &e) != ERR_OK) {
		fprintf(stderr, "%s%s\n", buf_text(&report.errors), e.text);
		return 1;
	}
	return 0;
}

static uint64_t run(struct bench *b, double limit, double *took)
{
	static struct answer_job job[BATCH];
	static uint8_t out[BATCH][ANSWER_UDP_MAX];
	const struct addr source = { .family = 4, .bytes = { 127, 0, 0, 1 } };
	double start = seconds();
	uint64_t n = 0;

	do {
		for (size_t at = 0; at < QUERIES; at += BATCH) {
			for (size_t i = 0; i < BATCH; i++)
				answer_prepare(b->snap, &job[i], b->query[at + i], b->len[at + i],
					       &source, ANSWER_UDP);
			for (size_t i = 0; i < BATCH; i++)
				if (!answer_finish(b->snap, &b->scratch, &job[i], out[i],
						   ANSWER_UDP_MAX))
					return 0;
		}
		n += QUERIES;
		*took = seconds() - start;
	} while (*took < limit);
	return n;
}

int main(int argc, char **argv)
{
	struct bench b = { 0 };
	uint64_t state = 88172645463325252ull, n;
	struct name name;
	double took = 0;

	if (argc < 3 || load(&b, argv[1]) || answer_scratch_init(&b.scratch) != ERR_OK) {
		fprintf(stderr, "usage: bench_answer CONFIG NAME...\n");
		return 2;
	}
	b.query = calloc(QUERIES, sizeof(*b.query));
	b.len = calloc(QUERIES, sizeof(*b.len));
	if (!b.query || !b.len)
		return 1;
	for (size_t i = 0; i < QUERIES; i++) {
		if (make_name(argv + 2, argc - 2, next_random(&state) >> 3, &name) != ERR_OK)
			return 2;
		b.len[i] = make_query(b.query[i], &name, next_random(&state));
	}
	n = run(&b, SECONDS, &took);
	printf("%.0f ns an answer, %llu answers, %u classes\n", took * 1e9 / (double)n,
	       (unsigned long long)n, client_map_class_count(b.snap->clients));
	return n ? 0 : 1;
}
