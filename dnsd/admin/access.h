/* SPDX-License-Identifier: Apache-2.0 */
/* access: who may do what on the admin API, by `access` in the configuration or by certificate.
 *
 * Threads    the control thread
 * Errors     in the reply: ERR_DENIED
 */
#ifndef FAIRLEAD_DNSD_ADMIN_ACCESS_H
#define FAIRLEAD_DNSD_ADMIN_ACCESS_H

#include "dnsd/admin/refusals.h"
#include "dnsd/admin/rooms.h"

/* Else the reply is given, and the attempt is noted. */
bool access_may(const struct rooms *r, struct refusals *refusals, const struct http_request *req,
		enum access_role least, struct http_reply *reply);
/* An audit row of what is not an override: its own transaction. */
void access_audit(const struct rooms *r, const struct http_request *req, const char *verb,
		  const char *args, const char *result);

#endif
