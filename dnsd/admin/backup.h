/* SPDX-License-Identifier: Apache-2.0 */
/* backup: a copy of the state, streamed to the client that asked for it: where it is kept is the
 * client's matter, and not a path on this machine.
 *
 * Threads    the control thread; the copy is made as a job
 * Ownership  a transfer frees itself at its end
 * Errors     in the reply before it begins; a stream that cannot go on ends early, which the client
 *            sees
 * Source     schema/api/openapi.yaml
 */
#ifndef FAIRLEAD_DNSD_ADMIN_BACKUP_H
#define FAIRLEAD_DNSD_ADMIN_BACKUP_H

#include "dnsd/admin/rooms.h"

void backup_handle(const struct rooms *r, const struct http_request *req, struct http_reply *reply);

#endif
