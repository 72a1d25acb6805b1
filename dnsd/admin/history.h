/* SPDX-License-Identifier: Apache-2.0 */
/* history: events and audit as documents, a page at a time, read as a job by a connection of its
 * own: the control thread waits for no disk.
 *
 *   ?last=N            the newest N
 *   ?after=SEQ         those after it; ?before=SEQ those before it; with last=N the newest of them
 *   ?limit=N           at most so many, from the oldest on; HISTORY_MAX when it is not said
 *
 * Threads    the control thread; one job at a time, others wait for their turn
 * Ownership  rooms are borrowed; history_free() after job_pool_stop()
 * Errors     in the reply, those of the store
 * Source     schema/api/openapi.yaml
 */
#ifndef FAIRLEAD_DNSD_ADMIN_HISTORY_H
#define FAIRLEAD_DNSD_ADMIN_HISTORY_H

#include "dnsd/admin/rooms.h"

#define HISTORY_MAX 1000 /* rows of a page */

struct history;
enum err_code history_new(struct history **out, const struct rooms *rooms);
void history_free(struct history *h);

void history_events(struct history *h, const struct http_request *req, struct http_reply *reply);
void history_audit(struct history *h, const struct http_request *req, struct http_reply *reply);

#endif
