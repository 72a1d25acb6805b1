/* SPDX-License-Identifier: Apache-2.0 */
/* metrics: Prometheus text, written at scrape time by whoever owns the numbers. */
#include "core/metrics.h"

#include "core/utf8.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whole numbers up to here are exact in a double, and are written without an exponent. */
#define EXACT_MAX 9007199254740992.0

/* Upper bounds, with the text of each in seconds. */
static const struct bound {
	uint64_t us;
	const char *le;
} bounds[METRICS_BUCKETS] = {
	{ 100, "0.0001" },  { 250, "0.00025" }, { 500, "0.0005" },    { 1000, "0.001" },
	{ 2500, "0.0025" }, { 5000, "0.005" },	{ 10000, "0.01" },    { 25000, "0.025" },
	{ 50000, "0.05" },  { 100000, "0.1" },	{ 250000, "0.25" },   { 500000, "0.5" },
	{ 1000000, "1" },   { 2500000, "2.5" }, { 5000000, "5" },     { 10000000, "10" },
	{ 25000000, "25" }, { 50000000, "50" }, { 100000000, "100" },
};

struct collector {
	metrics_fn fn;
	void *ctx;
};

struct metrics {
	struct collector *collectors;
	size_t count, room;
};

enum err_code metrics_new(struct metrics **out)
{
	struct metrics *m = calloc(1, sizeof(*m));

	if (!m)
		return ERR_MEMORY;
	*out = m;
	return ERR_OK;
}

void metrics_free(struct metrics *m)
{
	if (!m)
		return;
	free(m->collectors);
	free(m);
}

enum err_code metrics_add(struct metrics *m, metrics_fn fn, void *ctx)
{
	if (m->count == m->room) {
		size_t room = m->room ? m->room * 2 : 8;
		struct collector *grown = realloc(m->collectors, room * sizeof(*grown));

		if (!grown)
			return ERR_MEMORY;
		m->collectors = grown;
		m->room = room;
	}
	m->collectors[m->count++] = (struct collector){ fn, ctx };
	return ERR_OK;
}

void metrics_write(struct metrics *m, struct buf *out)
{
	for (size_t i = 0; i < m->count; i++)
		m->collectors[i].fn(m->collectors[i].ctx, out);
}

/* In a HELP text a quote stands as it is, in a label value it does not. Bytes that are not UTF-8
 * would make a scraper refuse the whole page. */
static void add_escaped(struct buf *out, const char *text, bool quoted)
{
	size_t len = strlen(text), n;

	for (; len > 0; text += n, len -= n) {
		n = utf8_char_len(text, len);
		if (n == 0) {
			n = 1;
			buf_add_str(out, "\xef\xbf\xbd"); /* U+FFFD */
		} else if (*text == '\n') {
			buf_add_str(out, "\\n");
		} else if (*text == '\\' || (quoted && *text == '"')) {
			buf_printf(out, "\\%c", *text);
		} else {
			buf_add(out, text, n);
		}
	}
}

void metrics_family(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_printf(out, "# HELP %s ", name);
	add_escaped(out, help, false);
	buf_printf(out, "\n# TYPE %s %s\n", name, type);
}

static void add_number(struct buf *out, double value)
{
	char text[32];

	if (isnan(value))
		buf_add_str(out, "NaN");
	else if (isinf(value))
		buf_add_str(out, value > 0 ? "+Inf" : "-Inf");
	else if (value == floor(value) && fabs(value) <= EXACT_MAX)
		buf_printf(out, "%.0f", value);
	else {
		/* The shortest text that reads back as the same number. */
		for (int digits = 15; digits <= 17; digits++) {
			snprintf(text, sizeof(text), "%.*g", digits, value);
			if (strtod(text, NULL) == value)
				break;
		}
		buf_add_str(out, text);
	}
}

/* `a="x",b="y"`, without the braces, so that a histogram can add its own. */
static void add_labels(struct buf *out, va_list args)
{
	const char *name, *comma = "";

	while ((name = va_arg(args, const char *)) != NULL) {
		buf_printf(out, "%s%s=\"", comma, name);
		add_escaped(out, va_arg(args, const char *), true);
		buf_add_str(out, "\"");
		comma = ",";
	}
}

static void add_sample_head(struct buf *out, const char *name, const char *labels)
{
	buf_add_str(out, name);
	if (labels[0])
		buf_printf(out, "{%s}", labels);
	buf_add_str(out, " ");
}

void metrics_sample(struct buf *out, const char *name, double value, ...)
{
	struct buf labels = BUF_INIT;
	va_list args;

	va_start(args, value);
	add_labels(&labels, args);
	va_end(args);
	add_sample_head(out, name, buf_text(&labels));
	add_number(out, value);
	buf_add_str(out, "\n");
	out->failed |= labels.failed;
	buf_fini(&labels);
}

void metrics_observe_us(struct metrics_histogram *h, uint64_t us)
{
	size_t i = 0;

	while (i < METRICS_BUCKETS && us > bounds[i].us)
		i++;
	atomic_fetch_add_explicit(&h->count[i], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&h->sum_us, us, memory_order_relaxed);
}

/* _count is what the buckets add up to, never a counter of its own that could differ by a race. */
static void write_histogram(struct buf *out, const char *name, const struct metrics_histogram *h,
			    const char *labels)
{
	const char *comma = labels[0] ? "," : "";
	uint64_t sum = 0;

	for (size_t i = 0; i <= METRICS_BUCKETS; i++) {
		sum += atomic_load_explicit(&h->count[i], memory_order_relaxed);
		buf_printf(out, "%s_bucket{%s%sle=\"%s\"} %" PRIu64 "\n", name, labels, comma,
			   i < METRICS_BUCKETS ? bounds[i].le : "+Inf", sum);
	}
	buf_printf(out, "%s_sum", name);
	add_sample_head(out, "", labels);
	add_number(out, (double)atomic_load_explicit(&h->sum_us, memory_order_relaxed) / 1e6);
	buf_printf(out, "\n%s_count", name);
	add_sample_head(out, "", labels);
	buf_printf(out, "%" PRIu64 "\n", sum);
}

void metrics_histogram_write(struct buf *out, const char *name, const struct metrics_histogram *h,
			     ...)
{
	struct buf labels = BUF_INIT;
	va_list args;

	va_start(args, h);
	add_labels(&labels, args);
	va_end(args);
	write_histogram(out, name, h, buf_text(&labels));
	out->failed |= labels.failed;
	buf_fini(&labels);
}
