/* SPDX-License-Identifier: Apache-2.0 */
/* history: events and audit, as documents.
 *
 * Threads    the control thread
 * Errors     in the reply, those of the store
 * Source     schema/api/openapi.yaml
 */
#ifndef FAIRLEAD_DNSD_ADMIN_HISTORY_H
#define FAIRLEAD_DNSD_ADMIN_HISTORY_H

#include "dnsd/admin/rooms.h"

void history_events(const struct rooms *r, const struct http_request *req,
		    struct http_reply *reply);
void history_audit(const struct rooms *r, const struct http_request *req, struct http_reply *reply);

#endif
