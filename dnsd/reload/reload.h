/* SPDX-License-Identifier: Apache-2.0 */
/* reload: loads zones and databases and builds a snapshot aside, as a job, so that the control
 * thread never waits for a disk or a long computation; and swaps to what was built.
 *
 *   reload_request() -> job: configuration, zones, databases, snapshot -> publish_swap()
 *                                                                     `-> job: last good copies
 *
 * Those that come while one runs are joined into the next one. A build reads the configuration and
 * the zones only when one of those asked for a reload, the databases only for that or fresh_geo: a
 * file that is being edited must not hold up a dial.
 *
 * A reload is all or nothing. The start is not: what cannot be loaded is answered from its last
 * good copy, or not at all, and the rest serves (publish/load.h).
 *
 * Threads    the control thread; one job at a time, which only reads what is published, and one for
 *            the copies
 * Ownership  the configuration and what was loaded are reload's; all parts are borrowed.
 *            reload_free() after job_pool_stop()
 * Errors     texts with file and line; a build that fails changes nothing
 * Source     docs/threads.md, docs/operating.md
 */
#ifndef FAIRLEAD_DNSD_RELOAD_RELOAD_H
#define FAIRLEAD_DNSD_RELOAD_RELOAD_H

#include "core/http.h"
#include "core/job.h"
#include "core/loop.h"
#include "core/problem.h"
#include "core/tls.h"
#include "dnsd/live/keep.h"
#include "dnsd/live/live.h"

struct reload;

struct reload_parts {
	struct job_pool *jobs;
	const struct clock *clock;
	struct fleet *fleet;
	struct live *live;
	struct keep *keep;
	struct publish *publish;
	struct store *store;
};
enum err_code reload_new(struct reload **out, const struct reload_parts *parts);
void reload_free(struct reload *r);

/* The first build, on this thread. Takes the configuration, also when it fails. */
enum err_code reload_first(struct reload *r, struct dnsd_config *config, struct err *e);
const struct dnsd_config *reload_config(const struct reload *r);
struct labels *reload_labels(const struct reload *r);
/* Certificates are read anew into `tls` at each reload. Borrowed. */
void reload_set_tls(struct reload *r, struct tls *tls);

void reload_request(struct reload *r, bool reload, bool fresh_geo);
/* The same with somebody who waits for it: doc (may be NULL; taken) is the answer. */
void reload_request_for(struct reload *r, bool reload, struct http_reply *reply, json_t *doc);
/* Once a second: tries again what could not be begun, and looks at the databases. */
void reload_tick(struct reload *r);
bool reload_is_busy(const struct reload *r); /* for tests: a build runs, or is waited for */

void reload_problems(const struct reload *r, struct problems *out);
void reload_metrics(void *reload, struct buf *out);
/* Another number when services may have other indices: for metrics_number_by(). */
uint64_t reload_numbering(void *reload);

#endif
