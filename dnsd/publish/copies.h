/* SPDX-License-Identifier: Apache-2.0 */
/* copies: the last good copies of zones and databases, in a directory beside the state.
 *
 * Threads    any: copies_save() reads whole databases and belongs on a helper thread; one at a time
 * Errors     copies_save goes on after what fails, and returns the first; the older copy stays
 * Source     docs/operating.md
 */
#ifndef FAIRLEAD_DNSD_PUBLISH_COPIES_H
#define FAIRLEAD_DNSD_PUBLISH_COPIES_H

#include "dnsd/publish/load.h"

/* Brings the copies up to date with what serves. Call it after the swap. A zone that came from its
 * copy, and a database that has not changed since it was copied, cost nothing. */
enum err_code copies_save(const struct dnsd_config *config, const struct publish_parts *parts,
			  const char *directory, struct err *e);

#endif
