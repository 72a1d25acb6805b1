/* SPDX-License-Identifier: Apache-2.0 */
/* log_sink: where the lines of the log go, without ever holding up who writes one.
 *
 *   any thread -> log_sink_write() -> ring of 256 KiB -> one writer thread -> standard error,
 *                                                                          a file, or the system
 *                                                                          log
 *
 * A pipe that nobody reads, a stopped terminal or a disk that hangs holds up the writer alone: when
 * the ring is full, lines are dropped and counted. Before log_sink_start(), and in programs that
 * never call it, a line is written at once, as it always was.
 *
 * Each line leaves in one write(2) of at most PIPE_BUF bytes, so that lines of several threads or
 * processes never mix, even in a pipe.
 *
 * Threads    log_sink_write(), _reopen() and _dropped() from any; the rest from the first, before
 *            there are others
 * Units      bytes; bound_ms milliseconds
 * Errors     ERR_IO: the file cannot be opened; ERR_LIMIT: the thread cannot be made
 */
#ifndef FAIRLEAD_CORE_LOG_SINK_H
#define FAIRLEAD_CORE_LOG_SINK_H

#include "core/err.h"

#include <stdbool.h>
#include <stdint.h>

#define LOG_SINK_LINE_MAX 4096 /* PIPE_BUF */

/* From now on lines go to this file, which is made when it is not there (mode 0640). */
enum err_code log_sink_file(const char *path, struct err *e);
/* ... to the system log (syslog), as `program`. */
void log_sink_system(const char *program);
/* While a daemon starts in the background, its lines go to standard error too, where somebody may
 * look; with false no line goes there any more. */
void log_sink_echo(bool echo);
bool log_sink_is_standard_error(void);

/* Makes the writer thread. After fork(). What is in the ring at exit() has 200 ms. */
enum err_code log_sink_start(struct err *e);
void log_sink_flush(uint64_t bound_ms); /* waits until all is written */

/* priority as in syslog: 3 error ... 7 debug. false: it was dropped. */
bool log_sink_write(int priority, const char *line, size_t len);
uint64_t log_sink_dropped(void);

/* The file was renamed: opens its path anew (on the writer thread). */
void log_sink_reopen(void);

#endif
