/* SPDX-License-Identifier: Apache-2.0 */
/* trouble: what is wrong now, collected from all rooms and grouped by cause.
 *
 * Threads    the control thread
 * Ownership  the collection is the caller's
 * Source     core/problem.h
 */
#ifndef FAIRLEAD_DNSD_ADMIN_TROUBLE_H
#define FAIRLEAD_DNSD_ADMIN_TROUBLE_H

#include "core/problem.h"
#include "dnsd/admin/rooms.h"

#include <jansson.h>

void trouble_collect(const struct rooms *r, struct problems *out); /* sorted */
/* [{severity, kind, what, since, cause, reason, count, subjects[]}]: one for each cause. */
json_t *trouble_doc(const struct rooms *r, const struct problems *p);
/* fairlead_problems{severity}; fits metrics_add(). */
void trouble_metrics(void *rooms, struct buf *out);

#endif
