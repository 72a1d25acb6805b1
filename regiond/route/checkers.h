/* SPDX-License-Identifier: Apache-2.0 */
/* checkers: where health checks from outside come from, as the directors name their proberds.
 *
 * A connection from there is served like any other, but it is no client: it is no demand that a
 * region reports, and a node that stops does not wait for it. A client behind the same address as
 * a proberd is taken for a check.
 *
 * Threads    one control thread publishes; workers read under core/rcu.h
 * Ownership  a list that was published belongs to the ref
 * Errors     ERR_MEMORY: the list before stays
 */
#ifndef FAIRLEAD_REGIOND_CHECKERS_H
#define FAIRLEAD_REGIOND_CHECKERS_H

#include "core/addr.h"
#include "core/err.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct checkers;

struct checkers_ref {
	_Atomic(struct checkers *) list;
};

enum err_code checkers_publish(struct checkers_ref *ref, const struct addr *addrs, size_t n);
void checkers_free(struct checkers_ref *ref); /* at the end, when no worker reads any more */

bool checkers_have(struct checkers_ref *ref, const struct sockaddr *from);

#endif
