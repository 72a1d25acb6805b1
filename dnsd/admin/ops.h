/* SPDX-License-Identifier: Apache-2.0 */
/* ops: what operators change. Each is checked, held against the safety rules, written to disk in
 * one transaction with its audit row, then made live, then acknowledged.
 *
 * Threads    the control thread
 * Ownership  the rooms are borrowed
 * Errors     in the reply, and in the audit: ERR_UNSAFE a safety rule (force does it all the same)
 * Source     schema/api/openapi.yaml
 */
#ifndef FAIRLEAD_DNSD_ADMIN_OPS_H
#define FAIRLEAD_DNSD_ADMIN_OPS_H

#include "dnsd/admin/refusals.h"
#include "dnsd/admin/rooms.h"
#include "dnsd/admin/traffic.h"

struct ops;

enum err_code ops_new(struct ops **out, const struct rooms *rooms, const struct traffic *traffic,
		      struct refusals *refusals);
void ops_free(struct ops *o);

/* verb: drain, undrain, dial, failover, failback */
void ops_handle(struct ops *o, const char *verb, const struct http_request *req,
		struct http_reply *reply);
void ops_clear(struct ops *o, int64_t id, const struct http_request *req, struct http_reply *reply);
/* Once a second: what has run out is cleared, on disk first. */
void ops_expire(struct ops *o);

#endif
