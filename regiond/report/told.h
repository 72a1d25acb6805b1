/* SPDX-License-Identifier: Apache-2.0 */
/* told: what a director tells a regiond: from where its probers check.
 *
 * Threads    the control thread
 * Ownership  told_fini() frees the list
 * Errors     ERR_MEMORY: what was told before stays
 * Source     schema/wire/fleet.proto: Checkers
 */
#ifndef FAIRLEAD_REGIOND_TOLD_H
#define FAIRLEAD_REGIOND_TOLD_H

#include "core/addr.h"
#include "core/err.h"
#include "schema/wire/wire.h"

#include <stddef.h>

struct told {
	struct addr *checkers; /* they stay while the link is down */
	size_t n_checkers;
};

enum err_code told_checkers(struct told *t, const Fairlead__Wire__Checkers *m);
void told_fini(struct told *t);

#endif
