/* SPDX-License-Identifier: Apache-2.0 */
/* log: one line an event, as text or as JSON; where it goes is core/log_sink.h.
 *
 *   2026-01-02T03:04:05.678Z warn  dnsd/fleet: region eu-west: stream is stale, still serving
 *   {"time":"2026-01-02T03:04:05.678Z","level":"warn","component":"dnsd/fleet","message":"..."}
 *
 * Who decides what to do about an error logs it, once. Nothing is logged per query or packet.
 *
 * Whoever logs is never held up: lines that cannot be written are dropped and counted, and the next
 * line that can be says how many.
 *
 * Threads    log_write() from any thread; the setters before threads start
 * Units      times are UTC with milliseconds
 */
#ifndef FAIRLEAD_CORE_LOG_H
#define FAIRLEAD_CORE_LOG_H

#include <stdbool.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

void log_set_json(bool json);
void log_set_level(enum log_level least);
/* A line begins with its priority, "<4>", for the journal (sd-daemon(3)). */
void log_set_priorities(bool shown);

/* component is the room that speaks: "dnsd/fleet", "core/link". Control bytes are escaped. */
void log_write(enum log_level level, const char *component, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#define log_debug(...) log_write(LOG_DEBUG, __VA_ARGS__)
#define log_info(...)  log_write(LOG_INFO, __VA_ARGS__)
#define log_warn(...)  log_write(LOG_WARN, __VA_ARGS__)
#define log_error(...) log_write(LOG_ERROR, __VA_ARGS__)

/* At most `per_minute` lines a minute from one place, then one that counts what was held back. */
struct log_limit {
	unsigned per_minute;
	_Atomic long window_min;
	_Atomic unsigned count, held;
};
#define LOG_LIMIT_INIT(n) ((struct log_limit){ .per_minute = (n) })
void log_limited(struct log_limit *limit, enum log_level level, const char *component,
		 const char *fmt, ...) __attribute__((format(printf, 4, 5)));

#endif
