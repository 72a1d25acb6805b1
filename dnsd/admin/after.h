/* SPDX-License-Identifier: Apache-2.0 */
/* after: the world as it would be after an operation, held against what must not happen, and what
 * is worth saying about it.
 *
 * Threads    the control thread
 * Ownership  after_fini()
 * Errors     ERR_UNSAFE a safety rule (force does it all the same); ERR_REFUSED it would be on
 *            record and move nobody; ERR_MEMORY
 */
#ifndef FAIRLEAD_DNSD_ADMIN_AFTER_H
#define FAIRLEAD_DNSD_ADMIN_AFTER_H

#include "dnsd/admin/moves.h"
#include "dnsd/admin/op.h"
#include "dnsd/admin/traffic.h"

struct after {
	const struct op *op;
	struct store_override *list; /* the overrides as they would be */
	size_t n;
	struct live_if with;
};

enum err_code after_init(struct after *a, const struct op *op, struct err *e);
void after_fini(struct after *a);

enum err_code after_check(const struct after *a, struct err *e);
/* What does not go as one would think, one text each: a fence that holds clients back, a service on
 * its standby, one that has nobody left. */
json_t *after_notes(const struct after *a);
/* The question to moves.h. */
enum err_code after_moves(const struct after *a, const struct traffic *traffic, struct moves **out,
			  struct err *e);

#endif
