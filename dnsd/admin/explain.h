/* SPDX-License-Identifier: Apache-2.0 */
/* explain: why this client gets this answer: the data path's own choice, and for every member the
 * rule that kept or dropped it.
 *
 * Threads    the control thread
 * Errors     in the reply: ERR_INPUT what cannot be read, ERR_NOT_FOUND no such service
 * Source     docs/decision.md
 */
#ifndef FAIRLEAD_DNSD_ADMIN_EXPLAIN_H
#define FAIRLEAD_DNSD_ADMIN_EXPLAIN_H

#include "dnsd/admin/rooms.h"

/* ?name=&client=[&type=] */
void explain_handle(const struct rooms *r, const struct http_request *req,
		    struct http_reply *reply);

#endif
