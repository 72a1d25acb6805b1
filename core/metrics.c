/* SPDX-License-Identifier: Apache-2.0 */
/* metrics: Prometheus text, written at scrape time by whoever owns the numbers. */
#include "core/metrics.h"

#include "core/utf8.h"

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
	metrics_fn whole; /* NULL: in parts */
	metrics_part_fn part;
	void *ctx;
};

struct metrics {
	struct collector *collectors;
	size_t count, room;
	uint64_t (*numbering)(void *ctx); /* NULL: it never changes */
	void *numbering_ctx;
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

static enum err_code add(struct metrics *m, struct collector c)
{
	if (m->count == m->room) {
		size_t room = m->room ? m->room * 2 : 8;
		struct collector *grown = realloc(m->collectors, room * sizeof(*grown));

		if (!grown)
			return ERR_MEMORY;
		m->collectors = grown;
		m->room = room;
	}
	m->collectors[m->count++] = c;
	return ERR_OK;
}

enum err_code metrics_add(struct metrics *m, metrics_fn fn, void *ctx)
{
	return add(m, (struct collector){ .whole = fn, .ctx = ctx });
}

enum err_code metrics_add_parts(struct metrics *m, metrics_part_fn fn, void *ctx)
{
	return add(m, (struct collector){ .part = fn, .ctx = ctx });
}

/* ---- pages ---- */

void metrics_number_by(struct metrics *m, uint64_t (*fn)(void *ctx), void *ctx)
{
	m->numbering = fn;
	m->numbering_ctx = ctx;
}

static uint64_t numbering(const struct metrics *m)
{
	return m->numbering ? m->numbering(m->numbering_ctx) : 0;
}

struct metrics_cursor metrics_begin(const struct metrics *m)
{
	return (struct metrics_cursor){ .numbering = numbering(m) };
}

bool metrics_is_current(const struct metrics *m, const struct metrics_cursor *at)
{
	return at->numbering == numbering(m);
}

bool metrics_next(const struct metrics *m, struct metrics_cursor *at, struct buf *out)
{
	while (metrics_is_current(m, at) && at->collector < m->count) {
		const struct collector *c = &m->collectors[at->collector];

		if (c->part && c->part(c->ctx, at->part, out)) {
			at->part++;
			return true;
		}
		at->collector++;
		at->part = 0;
		if (!c->whole)
			continue;
		c->whole(c->ctx, out);
		return true;
	}
	return false;
}

/* ---- text ---- */

/* How much of the text stands as it is, whatever it is part of. */
static size_t plain_len(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && text[n] >= ' ' && text[n] < 0x7f && text[n] != '\\' && text[n] != '"')
		n++;
	return n;
}

/* In a HELP text a quote stands as it is, in a label value it does not. Bytes that are not UTF-8
 * would make a scraper refuse the whole page. */
static void add_escaped(struct buf *out, const char *text, bool quoted)
{
	size_t len = strlen(text), n;

	for (; len > 0; text += n, len -= n) {
		n = plain_len(text, len);
		if (n > 0) {
			buf_add(out, text, n);
			continue;
		}
		n = utf8_char_len(text, len);
		if (n == 0) {
			n = 1;
			buf_add_str(out, "\xef\xbf\xbd"); /* U+FFFD */
		} else if (*text == '\n') {
			buf_add_str(out, "\\n");
		} else if (*text == '\\' || (quoted && *text == '"')) {
			buf_u8(out, '\\');
			buf_add(out, text, 1);
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

static void add_whole(struct buf *out, uint64_t value)
{
	char text[20];
	size_t at = sizeof(text);

	do
		text[--at] = (char)('0' + value % 10);
	while ((value /= 10) > 0);
	buf_add(out, text + at, sizeof(text) - at);
}

static void add_number(struct buf *out, double value)
{
	char text[32];

	if (isnan(value)) {
		buf_add_str(out, "NaN");
	} else if (isinf(value)) {
		buf_add_str(out, value > 0 ? "+Inf" : "-Inf");
	} else if (value == floor(value) && fabs(value) <= EXACT_MAX) {
		if (value < 0)
			buf_add_str(out, "-");
		add_whole(out, (uint64_t)fabs(value));
	} else {
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
static void add_labels(struct buf *out, const char *name, va_list args)
{
	for (const char *comma = ""; name; name = va_arg(args, const char *), comma = ",") {
		buf_add_str(out, comma);
		buf_add_str(out, name);
		buf_add_str(out, "=\"");
		add_escaped(out, va_arg(args, const char *), true);
		buf_add_str(out, "\"");
	}
}

void metrics_sample(struct buf *out, const char *name, double value, ...)
{
	const char *label;
	va_list args;

	buf_add_str(out, name);
	va_start(args, value);
	label = va_arg(args, const char *);
	if (label) {
		buf_add_str(out, "{");
		add_labels(out, label, args);
		buf_add_str(out, "}");
	}
	va_end(args);
	buf_add_str(out, " ");
	add_number(out, value);
	buf_add_str(out, "\n");
}

void metrics_observe_us(struct metrics_histogram *h, uint64_t us)
{
	size_t i = 0;

	while (i < METRICS_BUCKETS && us > bounds[i].us)
		i++;
	atomic_fetch_add_explicit(&h->count[i], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&h->sum_us, us, memory_order_relaxed);
}

static void add_sample_head(struct buf *out, const char *name, const char *suffix,
			    const char *labels)
{
	buf_add_str(out, name);
	buf_add_str(out, suffix);
	if (labels[0]) {
		buf_add_str(out, "{");
		buf_add_str(out, labels);
		buf_add_str(out, "}");
	}
	buf_add_str(out, " ");
}

/* _count is what the buckets add up to, never a counter of its own that could differ by a race. */
static void write_histogram(struct buf *out, const char *name, const struct metrics_histogram *h,
			    const char *labels)
{
	const char *comma = labels[0] ? "," : "";
	uint64_t sum = 0;

	for (size_t i = 0; i <= METRICS_BUCKETS; i++) {
		sum += atomic_load_explicit(&h->count[i], memory_order_relaxed);
		buf_add_str(out, name);
		buf_add_str(out, "_bucket{");
		buf_add_str(out, labels);
		buf_add_str(out, comma);
		buf_add_str(out, "le=\"");
		buf_add_str(out, i < METRICS_BUCKETS ? bounds[i].le : "+Inf");
		buf_add_str(out, "\"} ");
		add_whole(out, sum);
		buf_add_str(out, "\n");
	}
	add_sample_head(out, name, "_sum", labels);
	add_number(out, (double)atomic_load_explicit(&h->sum_us, memory_order_relaxed) / 1e6);
	buf_add_str(out, "\n");
	add_sample_head(out, name, "_count", labels);
	add_whole(out, sum);
	buf_add_str(out, "\n");
}

void metrics_histogram_write(struct buf *out, const char *name, const struct metrics_histogram *h,
			     ...)
{
	struct buf labels = BUF_INIT;
	const char *label;
	va_list args;

	va_start(args, h);
	label = va_arg(args, const char *);
	add_labels(&labels, label, args);
	va_end(args);
	write_histogram(out, name, h, buf_text(&labels));
	out->failed |= labels.failed;
	buf_fini(&labels);
}
