/* SPDX-License-Identifier: Apache-2.0 */
/* serve: the sockets: workers for UDP, a thread for TCP, and their counters as metrics. */
#include "dnsd/serve/serve.h"

#include "core/metrics.h"
#include "dnsd/serve/stream.h"
#include "dnsd/serve/udp.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

struct serve {
	struct udp_worker *workers;
	pthread_t *threads;
	size_t n_workers, n_running;
	struct stream *stream;
};

/* The cores this process may use; workers stand on them in turn. */
static size_t usable_cpus(int cpus[CPU_SETSIZE])
{
	cpu_set_t set;
	size_t n = 0;

	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return 0;
	for (int i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET((size_t)i, &set))
			cpus[n++] = i;
	return n;
}

static enum err_code open_workers(struct serve *s, const struct serve_options *o,
				  _Atomic(struct snapshot *) *snapshot, struct err *e)
{
	int cpus[CPU_SETSIZE];
	size_t n_cpus = usable_cpus(cpus);
	size_t each = o->workers ? o->workers : (n_cpus ? n_cpus : 1);
	enum err_code rc = ERR_OK;

	s->workers = calloc(each * o->n_dns + 1, sizeof(*s->workers));
	s->threads = calloc(each * o->n_dns + 1, sizeof(*s->threads));
	if (!s->workers || !s->threads)
		return err_set(e, ERR_MEMORY, "out of memory for %zu workers", each * o->n_dns);
	for (size_t i = 0; i < o->n_dns; i++) {
		for (size_t j = 0; rc == ERR_OK && j < each; j++) {
			/* More workers than cores, or one worker: let the scheduler place them. */
			int cpu = each > 1 && each <= n_cpus ? cpus[j] : -1;

			rc = udp_open(&s->workers[s->n_workers], &o->dns[i],
				      handover_take(o->sockets, SOCK_DGRAM, &o->dns[i]), cpu,
				      snapshot, e);
			s->n_workers += rc == ERR_OK;
		}
	}
	return rc;
}

enum err_code serve_new(struct serve **out, const struct serve_options *options,
			_Atomic(struct snapshot *) *snapshot, struct err *e)
{
	const struct stream_limits limits = STREAM_LIMITS_DEFAULT;
	struct serve *s = calloc(1, sizeof(*s));
	enum err_code rc;

	if (!s)
		return err_set(e, ERR_MEMORY, "out of memory to serve");
	rc = open_workers(s, options, snapshot, e);
	if (rc == ERR_OK)
		rc = stream_new(&s->stream, options->dns, options->n_dns, options->sockets, &limits,
				snapshot, e);
	if (rc != ERR_OK) {
		serve_free(s);
		return rc;
	}
	*out = s;
	return ERR_OK;
}

enum err_code serve_start(struct serve *s, struct err *e)
{
	for (size_t i = 0; i < s->n_workers; i++) {
		int errnum = pthread_create(&s->threads[i], NULL, udp_run, &s->workers[i]);

		if (errnum)
			return err_errno(e, errnum, "cannot start a worker");
		s->n_running++;
	}
	return stream_start(s->stream, e);
}

void serve_stop(struct serve *s)
{
	for (size_t i = 0; i < s->n_running; i++)
		atomic_store(&s->workers[i].stopping, true);
	for (size_t i = 0; i < s->n_running; i++)
		pthread_join(s->threads[i], NULL);
	s->n_running = 0;
	if (s->stream)
		stream_stop(s->stream);
}

void serve_free(struct serve *s)
{
	if (!s)
		return;
	serve_stop(s);
	for (size_t i = 0; i < s->n_workers; i++)
		udp_close(&s->workers[i]);
	stream_free(s->stream);
	free(s->workers);
	free(s->threads);
	free(s);
}

void serve_each_socket(const struct serve *s, void (*fn)(void *ctx, int fd), void *ctx)
{
	for (size_t i = 0; i < s->n_workers; i++)
		fn(ctx, s->workers[i].fd);
	for (size_t i = 0; stream_socket(s->stream, i) >= 0; i++)
		fn(ctx, stream_socket(s->stream, i));
}

/* ---- metrics: the sum over the threads ---- */

_Static_assert(LABELS_MAX <= ANSWER_SLOTS, "a counter for each label");

static double add_up(const struct serve *s, size_t offset)
{
	uint64_t sum = 0;

	for (size_t i = 0; i <= s->n_workers; i++) {
		const struct answer_counters *c = i < s->n_workers ? s->workers[i].scratch.counters
								   : stream_counters(s->stream);

		sum += atomic_load_explicit(
			(const _Atomic uint64_t *)(const void *)((const char *)c + offset),
			memory_order_relaxed);
	}
	return (double)sum;
}

#define SUM(s, member) add_up((s), offsetof(struct answer_counters, member))

double serve_answers(const struct serve *s, uint32_t slot)
{
	return add_up(s, offsetof(struct answer_counters, slots) + slot * sizeof(uint64_t));
}

static void write_queries(struct serve *s, struct buf *out)
{
	static const char *const transports[ANSWER_TRANSPORTS] = { "udp", "tcp" };

	metrics_family(out, "fairlead_dns_queries_total", "counter", "Queries received.");
	for (unsigned t = 0; t < ANSWER_TRANSPORTS; t++)
		for (unsigned q = 0; q < ANSWER_QTYPES; q++)
			metrics_sample(
				out, "fairlead_dns_queries_total",
				add_up(s, offsetof(struct answer_counters, queries) +
						  (t * ANSWER_QTYPES + q) * sizeof(uint64_t)),
				"transport", transports[t], "type", answer_qtype_name(q), NULL);
}

static void write_rcodes(struct serve *s, struct buf *out)
{
	static const char *const names[ANSWER_RCODES] = {
		"NOERROR", "FORMERR",  "SERVFAIL",	 "NXDOMAIN",	     "NOTIMP",
		"REFUSED", "YXDOMAIN", [16] = "BADVERS", [23] = "BADCOOKIE",
	};

	metrics_family(out, "fairlead_dns_responses_total", "counter", "Replies by rcode.");
	for (unsigned i = 0; i < ANSWER_RCODES; i++)
		if (names[i])
			metrics_sample(out, "fairlead_dns_responses_total",
				       add_up(s, offsetof(struct answer_counters, rcodes) +
							 i * sizeof(uint64_t)),
				       "rcode", names[i], NULL);
	metrics_family(out, "fairlead_dns_dropped_total", "counter",
		       "Packets that got no reply: no query, or too short.");
	metrics_sample(out, "fairlead_dns_dropped_total", SUM(s, dropped), NULL);
	metrics_family(out, "fairlead_dns_truncated_total", "counter", "Replies with TC set.");
	metrics_sample(out, "fairlead_dns_truncated_total", SUM(s, truncated), NULL);
}

static void write_times(struct serve *s, struct buf *out)
{
	static const char name[] = "fairlead_dns_answer_seconds";
	char bucket[64], bound[32];
	double sum = 0;

	metrics_family(out, name, "histogram",
		       "From reading a batch of UDP queries to the last of its answers sent; one"
		       " answer in 64 is timed.");
	snprintf(bucket, sizeof(bucket), "%s_bucket", name);
	for (unsigned i = 0; i <= ANSWER_TIMES; i++) {
		sum += add_up(s, offsetof(struct answer_counters, took) + i * sizeof(uint64_t));
		snprintf(bound, sizeof(bound), "%g",
			 i < ANSWER_TIMES ? counters_time_us(i) / 1e6 : 0);
		metrics_sample(out, bucket, sum, "le", i < ANSWER_TIMES ? bound : "+Inf", NULL);
	}
	metrics_sample(out, "fairlead_dns_answer_seconds_sum", SUM(s, took_ns) / 1e9, NULL);
	metrics_sample(out, "fairlead_dns_answer_seconds_count", sum, NULL);
}

/* How many labels are a part. */
#define LABELS_PART 256

static void write_answers(const struct serve *s, struct buf *out, struct labels *labels,
			  uint32_t from, uint32_t to)
{
	const char *service, *region;

	for (uint32_t i = from; i < to; i++)
		if (labels_get(labels, i, &service, &region))
			metrics_sample(out, "fairlead_dns_answers_total", serve_answers(s, i),
				       "service", service, "region", region, NULL);
}

bool serve_metrics(struct serve *s, uint32_t part, struct buf *out, struct labels *labels)
{
	uint32_t n = labels_count(labels), from = part * LABELS_PART;

	if (part > LABELS_MAX / LABELS_PART || (part > 0 && from >= n))
		return false;
	if (part == 0) {
		write_queries(s, out);
		write_rcodes(s, out);
		write_times(s, out);
		metrics_family(out, "fairlead_dns_tcp_connections", "gauge",
			       "Open TCP connections.");
		metrics_sample(out, "fairlead_dns_tcp_connections", stream_open_count(s->stream),
			       NULL);
		metrics_family(out, "fairlead_dns_answers_total", "counter",
			       "Answers that sent a client to this region.");
	}
	write_answers(s, out, labels, from, n - from < LABELS_PART ? n : from + LABELS_PART);
	return true;
}
