/* SPDX-License-Identifier: Apache-2.0 */
/* proberd: a vantage point: checks what the directors ask for and tells them what it saw.
 *
 *   directors --plan--> plan --watches--> schedule --> checker --> targets
 *   directors <--verdicts-- plan <--results--'
 *
 * Threads    one; everything runs on the loop
 * Ownership  proberd_new() takes the config when it succeeds
 * Errors     proberd_new() leaves nothing behind. A reload that fails changes nothing.
 */
#ifndef FAIRLEAD_PROBERS_PROBERD_PROBERD_H
#define FAIRLEAD_PROBERS_PROBERD_PROBERD_H

#include "core/err.h"
#include "core/loop.h"
#include "schema/config/proberd_config.h"

struct proberd;

/* Reads the file and all that it names. Mistakes, the certificate's included, go to the report. */
enum err_code proberd_load(const char *path, struct proberd_config **out,
			   struct config_report *report);

/* Opens its sockets and dials. */
enum err_code proberd_new(struct proberd **out, struct loop *loop, struct proberd_config *config,
			  struct err *e);
void proberd_free(struct proberd *p);

/* Reads the file again, as a job: a disk that hangs holds up nothing else. done() comes later,
 * once, with what became of it; the report, when there is one, is logged, and `e` has its first
 * line. ERR_AGAIN: one is under way. */
typedef void (*proberd_reload_fn)(void *arg, enum err_code code, const struct err *e);
enum err_code proberd_reload(struct proberd *p, proberd_reload_fn done, void *arg, struct err *e);

/* Says Goodbye to all directors, then calls done(arg): within about a second. */
void proberd_stop(struct proberd *p, loop_fn done, void *arg);

#endif
