/* SPDX-License-Identifier: Apache-2.0 */
/* api: the routes of the admin API: who may ask for what, and which module answers.
 *
 * Threads    the control thread
 * Ownership  rooms and operations are borrowed
 * Errors     in the reply
 * Source     schema/api/openapi.yaml
 */
#ifndef FAIRLEAD_DNSD_ADMIN_API_H
#define FAIRLEAD_DNSD_ADMIN_API_H

#include "dnsd/admin/history.h"
#include "dnsd/admin/ops.h"
#include "dnsd/admin/verify.h"

struct api {
	const struct rooms *rooms;
	struct ops *ops;
	const struct traffic *traffic;
	struct refusals *refusals;
	struct history *history;
	struct verify *verify;
};

void api_handle(void *api, const struct http_request *req, struct http_reply *reply);

#endif
