/* SPDX-License-Identifier: Apache-2.0 */
/* copies_job: after each good load, the last good copies of zones and databases are brought up to
 * date as a job. One at a time; what comes while one runs is saved next.
 *
 * Threads    the control thread; one job
 * Ownership  the parts are kept alive until they are saved
 * Errors     logged, and a problem until the next one goes well
 */
#ifndef FAIRLEAD_DNSD_RELOAD_COPIES_JOB_H
#define FAIRLEAD_DNSD_RELOAD_COPIES_JOB_H

#include "core/job.h"
#include "core/problem.h"
#include "dnsd/publish/load.h"

struct copies_job;

enum err_code copies_job_new(struct copies_job **out, struct job_pool *jobs);
void copies_job_free(struct copies_job *c); /* after job_pool_stop() */

/* The configuration is borrowed until copies_job_release(). */
void copies_job_start(struct copies_job *c, struct dnsd_config *config,
		      const struct publish_parts *parts, const char *directory);
/* Frees a configuration that nobody else reads any more, now or when its copies are made. */
void copies_job_release(struct copies_job *c, struct dnsd_config *config);
void copies_job_problems(const struct copies_job *c, struct problems *out);

#endif
