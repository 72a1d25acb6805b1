/* SPDX-License-Identifier: Apache-2.0 */
/* op: one request of an operator, taken apart: which override it puts, or which it clears.
 *
 * What is cleared is found by the names of the overrides themselves, so that what a configuration
 * does not know any more can be cleared by its old name.
 *
 * Threads    the control thread
 * Ownership  op_fini(); the request is borrowed
 * Errors     ERR_INPUT what cannot be read, ERR_NOT_FOUND, ERR_REFUSED nothing to clear,
 *            ERR_UNSAFE a failover to who is down
 */
#ifndef FAIRLEAD_DNSD_ADMIN_OP_H
#define FAIRLEAD_DNSD_ADMIN_OP_H

#include "dnsd/admin/rooms.h"

#define OP_REASON_MAX 255 /* bytes */

enum op_act { OP_PUT, OP_CLEAR };

struct op {
	const struct rooms *r;
	const char *verb;
	json_t *body;
	const char *region, *service, *reason; /* "" = not given */
	uint32_t share_ppm;
	int64_t expires_s;
	bool is_dry, is_forced;
	enum op_act act;
	struct store_override change; /* OP_PUT */
	int64_t *cleared;	      /* OP_CLEAR: ids */
	size_t n_cleared, room;
	bool clears_waiting;  /* and holds that are not on disk yet */
	char args[1024];      /* JSON, for the audit */
	char by[HTTP_BY_MAX]; /* who asked */
};

void op_init(struct op *op, const struct rooms *r, const char *verb,
	     const struct http_request *req);
void op_fini(struct op *op);
/* drain, undrain, dial, failover, failback: reads the body and settles what is put or cleared. */
enum err_code op_read(struct op *op, const struct http_request *req, struct err *e);
/* DELETE of one override. */
enum err_code op_read_clear(struct op *op, int64_t id, const struct http_request *req,
			    struct err *e);
bool op_clears(const struct op *op, const struct store_override *o);
bool op_replaces(const struct op *op, const struct store_override *o);

#endif
