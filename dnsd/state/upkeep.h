/* SPDX-License-Identifier: Apache-2.0 */
/* upkeep: looks after the state file while it is in use: backups, retention of the history, and
 * whether it is still there and can be written.
 *
 *   after the start  the history of a large file is checked, as a job: damage is a problem, and
 *                   changes are refused from then on
 *   every second    the file is looked at; a backup is begun when it is due
 *   every hour      what is too old or too much leaves the history, a few milliseconds at a time
 *   a backup        pinned on the control thread (below a millisecond), copied as a job: what is
 *                   in it is the state at the moment it was asked for, however long it takes
 *
 * Threads    the control thread; one job at a time
 * Ownership  parts are borrowed; upkeep_stop() after job_pool_stop(), before the store is closed
 * Errors     logged here, and a problem until the next backup goes well
 */
#ifndef FAIRLEAD_DNSD_STATE_UPKEEP_H
#define FAIRLEAD_DNSD_STATE_UPKEEP_H

#include "core/job.h"
#include "core/problem.h"
#include "schema/config/dnsd_config.h"
#include "schema/sql/store.h"

struct upkeep;

struct upkeep_parts {
	struct loop *loop;
	const struct clock *clock;
	struct job_pool *jobs;
	struct store *store;
};
/* Clears what a killed backup has left. */
enum err_code upkeep_new(struct upkeep **out, const struct upkeep_parts *parts,
			 const struct dnsd_config *config);
void upkeep_free(struct upkeep *u);

/* Once a second, with the configuration that is in force. */
void upkeep_tick(struct upkeep *u, const struct dnsd_config *config);

/* Keeps a backup of the state as it is now. Nothing when the configuration has no place for it. */
void upkeep_backup(struct upkeep *u, const struct dnsd_config *config);

/* A backup for somebody who waits: into a file of its own beside the state, which done() gets as a
 * descriptor that has no name any more and is the receiver's; -1 and why when there is none. */
typedef void (*upkeep_copied_fn)(void *ctx, int fd, enum err_code code, const struct err *e);
enum err_code upkeep_copy(struct upkeep *u, upkeep_copied_fn done, void *ctx, struct err *e);

void upkeep_problems(const struct upkeep *u, struct problems *out);
void upkeep_metrics(void *upkeep, struct buf *out); /* fairlead_backup_* */

#endif
