/* SPDX-License-Identifier: Apache-2.0 */
/* changeover: another configuration comes into effect while the node serves.
 *
 *   asked --> read --> prepared --------------------------> committed
 *              |          |   \--> settling, bounded -----/
 *              +----------+--> refused: nothing has changed
 *
 *   read       the file and all that it names, on a helper thread: a dead NFS server stops nobody
 *   prepared   the new table, its listeners, the certificate and the checks are there, beside what
 *              runs. All that can fail has been done
 *   settling   backends that are new have no result yet, and without them a service would have
 *              fewer than it has now: the old table carries until they have one, or the bound is
 *              over
 *   committed  in one go, which cannot fail
 *
 * Asked again while it reads or settles, the newer one takes the place of the older.
 *
 * Threads    the control thread; reading on the helper
 * Ownership  changeover_free() refuses what is not committed; it is called when the helper threads
 *            and the workers are gone, and keeps the configuration of the start until then
 * Units      _us monotonic microseconds
 * Errors     to who asked: ERR_INPUT the first mistake of the file, ERR_IO an address, ERR_AGAIN
 *            not while starting or stopping, or another one took its place; ERR_LIMIT and
 *            ERR_MEMORY when it could not begin
 */
#ifndef FAIRLEAD_REGIOND_CHANGEOVER_H
#define FAIRLEAD_REGIOND_CHANGEOVER_H

#include "core/job.h"
#include "core/problem.h"
#include "core/reload_count.h"
#include "regiond/control/node.h"

struct changeover;

/* What became of it, once; e says why not. */
typedef void (*changeover_done_fn)(void *ctx, enum err_code code, const struct err *e);

enum err_code changeover_new(struct changeover **out, struct node *node, struct job_pool *jobs,
			     struct err *e);
void changeover_free(struct changeover *r);

/* Reads the file of the running configuration again. */
void changeover_ask(struct changeover *r, changeover_done_fn done, void *ctx);

/* From time to time, and when a backend has changed: commits what has settled. */
void changeover_turn(struct changeover *r);

/* The node stops: what is under way is refused. */
void changeover_drop(struct changeover *r);

/* The last one that was refused, what settles, and what waits for a restart. */
void changeover_problems(const struct changeover *r, struct problems *out);

const struct reload_count *changeover_count(const struct changeover *r);
bool changeover_is_settling(const struct changeover *r);

#endif
