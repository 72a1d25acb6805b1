/* SPDX-License-Identifier: Apache-2.0 */
/* control: the life of the control thread: it makes the rooms, starts and stops them.
 *
 *   configuration, zones, databases --reload--> snapshot ---\
 *   health (fleet) and overrides (forced) --> live ---------> publish --> workers
 *   operators --admin--> forced (on disk) --> acknowledged
 *
 * Threads    control_run is the control thread; one builder thread at a time loads and builds
 * Ownership  control_new takes the configuration
 * Errors     texts for people, with file and line where there is one; nothing is half started
 * Source     docs/threads.md, docs/walk-a-report.md
 */
#ifndef FAIRLEAD_DNSD_CONTROL_CONTROL_H
#define FAIRLEAD_DNSD_CONTROL_CONTROL_H

#include "core/buf.h"
#include "core/err.h"
#include "core/handover.h"
#include "dnsd/admin/api.h"
#include "dnsd/admin/public.h"

#include <limits.h>

struct control;

/* Opens the state, loads everything, binds every address that is not bound in `sockets` already
 * (taken; may be NULL). Nothing is answered yet. */
enum err_code control_new(struct control **out, struct dnsd_config *config,
			  struct handover *sockets, struct err *e);
/* The same by another clock; for tests. */
enum err_code control_new_at(struct control **out, struct dnsd_config *config,
			     const struct clock *clock, struct err *e);
/* Where the running one hands its sockets over to `--takeover`. */
char *control_handover_path(const struct dnsd_config *config, char out[PATH_MAX]);
/* Serves until SIGTERM or SIGINT, or until a successor has asked for the sockets; ready() is called
 * when the first query would be answered. */
enum err_code control_run(struct control *c, void (*ready)(void), struct err *e);
/* ERR_AGAIN: a job hangs, and still reads what would be freed. All that matters is closed; the
 * process is to end by _exit(). */
enum err_code control_free(struct control *c);

/* The rooms that it made: for tests and benchmarks, which drive them from outside. */
const struct rooms *control_rooms(const struct control *c); /* for tests */
struct api *control_api(struct control *c);		    /* for tests */
struct public *control_public(struct control *c);	    /* for tests */
struct ops *control_ops(struct control *c);		    /* for tests */

/* `--check`: reads all that the configuration names, binds nothing. The report is the one that it
 * was loaded with. */
enum err_code control_check(const struct dnsd_config *config, struct config_report *report);

#endif
