/* SPDX-License-Identifier: Apache-2.0 */
/* moves: what an operation would move, by asking the data path's own choice for every class of
 * clients before and after.
 *
 *   moves_new, moves_add   control thread: what the question is, copied
 *   moves_count            a helper thread: thousands of classes of a thousand services
 *   moves_doc              control thread: [{service, from, to, share, basis}]
 *
 * A share is of the answers that the service gave in the last five minutes (basis "answers"): what
 * a region gave, times the part of its classes that moves. A service that gave none in that time is
 * told by its classes, all counting alike (basis "classes").
 *
 * Threads    as above; moves_count() reads nothing that changes
 * Ownership  moves_free(); what it was made from may go meanwhile
 * Units      shares 0 to 1
 * Errors     ERR_MEMORY
 */
#ifndef FAIRLEAD_DNSD_ADMIN_MOVES_H
#define FAIRLEAD_DNSD_ADMIN_MOVES_H

#include "dnsd/live/live.h"

#include <jansson.h>

struct moves;

enum err_code moves_new(struct moves **out, const struct dnsd_config *config);
void moves_free(struct moves *m);
/* answers[]: by member, of the last minutes. Nothing is added when nothing would change. */
enum err_code moves_add(struct moves *m, uint32_t service, const struct snapshot_service *s,
			const struct live_service *now, const struct live_service *after,
			const uint64_t *answers);
void moves_count(struct moves *m);
json_t *moves_doc(const struct moves *m);

#endif
