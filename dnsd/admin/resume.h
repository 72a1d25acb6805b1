/* SPDX-License-Identifier: Apache-2.0 */
/* resume: what an operator says about evidence and not about steering: a hold_down is over
 * (`resume REGION`), a node or prober will not come back (`forget NODE`).
 *
 * Threads    the control thread
 * Ownership  the rooms are borrowed
 * Errors     in the reply: ERR_INPUT, ERR_NOT_FOUND, ERR_REFUSED nothing is held down, or the node
 *            is linked; refusals are noted
 */
#ifndef FAIRLEAD_DNSD_ADMIN_RESUME_H
#define FAIRLEAD_DNSD_ADMIN_RESUME_H

#include "dnsd/admin/refusals.h"
#include "dnsd/admin/rooms.h"

/* {region[, service][, reason][, dry_run]} */
void resume_handle(const struct rooms *r, struct refusals *refusals, const struct http_request *req,
		   struct http_reply *reply);
/* {node[, reason][, dry_run]} */
void forget_handle(const struct rooms *r, struct refusals *refusals, const struct http_request *req,
		   struct http_reply *reply);

#endif
