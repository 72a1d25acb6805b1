/* SPDX-License-Identifier: Apache-2.0 */
/* public: what anybody may read on listen.http: /metrics, /healthz, /readyz.
 *
 * Threads    the control thread
 * Ownership  rooms and operations are borrowed
 * Errors     in the reply
 */
#ifndef FAIRLEAD_DNSD_ADMIN_PUBLIC_H
#define FAIRLEAD_DNSD_ADMIN_PUBLIC_H

#include "dnsd/admin/refusals.h"
#include "dnsd/admin/rooms.h"

struct public;

enum err_code public_new(struct public **out, const struct rooms *rooms,
			 const struct refusals *refusals);
void public_free(struct public *p);
void public_set_ready(struct public *p, bool is_ready); /* /readyz */
void public_handle(void *public, const struct http_request *req, struct http_reply *reply);

#endif
