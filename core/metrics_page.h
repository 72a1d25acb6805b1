/* SPDX-License-Identifier: Apache-2.0 */
/* metrics_page: the page /metrics of each daemon, in pieces: whatever the number of series, no turn
 * of the loop is long.
 *
 *   piece of some ms -> http_stream_write() -> the client has it -> ready() -> the next piece
 *
 * A page that fits into one piece is an ordinary reply. The samples of a longer one are from
 * different moments. When parts are numbered anew meanwhile (a reload), the page ends unfinished:
 * half of it would be of one configuration, half of another. The scraper sees that something is
 * missing, and asks again at its next time.
 *
 * Threads    the loop's; one page under way costs a piece of memory
 * Ownership  the registry outlives the HTTP server
 * Errors     out of memory: 500, or an unfinished page
 */
#ifndef FAIRLEAD_CORE_METRICS_PAGE_H
#define FAIRLEAD_CORE_METRICS_PAGE_H

#include "core/clock.h"
#include "core/http_conn.h"
#include "core/metrics.h"

/* Answers, now or in a while. */
void metrics_page_send(const struct metrics *m, const struct clock *clock,
		       struct http_reply *reply);

#endif
