/* SPDX-License-Identifier: Apache-2.0 */
/* moves: what an operation would move, by asking the data path's own choice before and after.
 *
 * Threads    the control thread
 * Ownership  the document is the caller's
 * Units      shares 0 to 1
 */
#ifndef FAIRLEAD_DNSD_ADMIN_MOVES_H
#define FAIRLEAD_DNSD_ADMIN_MOVES_H

#include "dnsd/admin/rooms.h"

/* [{service, from, to, share}] between the live state now and `after` (one per service). */
json_t *moves_of(const struct rooms *r, const struct publish_service_live *after);

#endif
