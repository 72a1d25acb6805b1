/* SPDX-License-Identifier: Apache-2.0 */
/* metrics: Prometheus text, written at scrape time by whoever owns the numbers.
 *
 * There is no store of values: each room registers a collector that writes its families from its
 * own counters, so a counter exists once, where it is counted. What grows with the configuration is
 * written in parts, so that a page of a large world takes many short turns (core/metrics_page.h).
 *
 * Threads    registration before serving; collectors run on the thread that calls metrics_next();
 *            histograms may be observed from any thread (atomics)
 * Ownership  the registry does not own what collectors read
 * Source     Prometheus text exposition format 0.0.4
 */
#ifndef FAIRLEAD_CORE_METRICS_H
#define FAIRLEAD_CORE_METRICS_H

#include "core/buf.h"
#include "core/err.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct metrics;
typedef void (*metrics_fn)(void *ctx, struct buf *out);
/* Writes part number `part`, counted from 0: some KiB, at most a millisecond. False when there is
 * none of that number. A family is one run of parts; its first one begins with its head. */
typedef bool (*metrics_part_fn)(void *ctx, uint32_t part, struct buf *out);

enum err_code metrics_new(struct metrics **out);
void metrics_free(struct metrics *m);
enum err_code metrics_add(struct metrics *m, metrics_fn fn, void *ctx);
enum err_code metrics_add_parts(struct metrics *m, metrics_part_fn fn, void *ctx);
/* fn gives another number when what parts are numbered by has changed (a reload): cursors from
 * before are out of date then. */
void metrics_number_by(struct metrics *m, uint64_t (*fn)(void *ctx), void *ctx);

/* Where a page stands. */
struct metrics_cursor {
	size_t collector;
	uint32_t part;
	uint64_t numbering;
};
struct metrics_cursor metrics_begin(const struct metrics *m);
/* Adds what comes next; false at the end, and of a cursor that is out of date. */
bool metrics_next(const struct metrics *m, struct metrics_cursor *at, struct buf *out);
bool metrics_is_current(const struct metrics *m, const struct metrics_cursor *at);

/* "# HELP" and "# TYPE"; type is "counter", "gauge" or "histogram". */
void metrics_family(struct buf *out, const char *name, const char *type, const char *help);
/* One sample; labels as name, value, name, value, ..., NULL. Values are escaped. */
void metrics_sample(struct buf *out, const char *name, double value, ...) __attribute__((sentinel));

/* Log-linear seconds: 100 us to 100 s in steps of 1, 2.5, 5. */
#define METRICS_BUCKETS 19
struct metrics_histogram {
	_Atomic uint64_t count[METRICS_BUCKETS + 1]; /* the last is +Inf; not cumulative */
	_Atomic uint64_t sum_us;
};
void metrics_observe_us(struct metrics_histogram *h, uint64_t us);
/* Without the family line; labels as in metrics_sample(). */
void metrics_histogram_write(struct buf *out, const char *name, const struct metrics_histogram *h,
			     ...) __attribute__((sentinel));

#endif
