/* SPDX-License-Identifier: Apache-2.0 */
/* resolve: a host name to addresses without holding up the loop.
 *
 * The system's own resolver is asked (/etc/hosts, nsswitch.conf, resolv.conf as they are now). It
 * blocks, so that is a job of a helper thread (core/job.h).
 *
 * Threads    resolve_start() and resolve_cancel() on the loop's thread, where the answer comes too
 * Ownership  a resolve ends by its answer, by resolve_cancel(), or with its pool
 * Errors     the answer carries ERR_NOT_FOUND or ERR_AGAIN with the resolver's reason; jobs NULL is
 *            ERR_INPUT, "expected an address"
 */
#ifndef FAIRLEAD_CORE_RESOLVE_H
#define FAIRLEAD_CORE_RESOLVE_H

#include "core/addr.h"
#include "core/job.h"

#include <stdint.h>

#define RESOLVE_MAX 8

struct resolve;

struct resolve_answer {
	enum err_code code;
	struct err err;
	struct endpoint at[RESOLVE_MAX]; /* in the order to try them */
	unsigned len;
};

/* The resolve is over when this is called; *answer lives until it returns. */
typedef void (*resolve_fn)(void *ctx, const struct resolve_answer *answer);

enum err_code resolve_start(struct resolve **out, struct job_pool *jobs, const char *host,
			    uint16_t port, resolve_fn fn, void *ctx, struct err *e);
void resolve_cancel(struct resolve *r); /* its fn is never called; NULL is fine */

#endif
