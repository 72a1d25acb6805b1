/* SPDX-License-Identifier: Apache-2.0 */
/* metrics: Prometheus text, written at scrape time by whoever owns the numbers.
 *
 * There is no store of values: each room registers a collector that writes its families from its
 * own counters, so a counter exists once, where it is counted.
 *
 * Threads    registration before serving; collectors run on the thread that calls metrics_write();
 *            histograms may be observed from any thread (atomics)
 * Ownership  the registry does not own what collectors read
 * Source     Prometheus text exposition format 0.0.4
 */
#ifndef FAIRLEAD_CORE_METRICS_H
#define FAIRLEAD_CORE_METRICS_H

#include "core/buf.h"
#include "core/err.h"

#include <stdatomic.h>
#include <stdint.h>

struct metrics;
typedef void (*metrics_fn)(void *ctx, struct buf *out);

enum err_code metrics_new(struct metrics **out);
void metrics_free(struct metrics *m);
enum err_code metrics_add(struct metrics *m, metrics_fn fn, void *ctx);
void metrics_write(struct metrics *m, struct buf *out);

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
