/* SPDX-License-Identifier: Apache-2.0 */
/* traffic: how many answers each region of a service has given lately. The workers count for ever;
 * every ten seconds their counts are noted here.
 *
 * Threads    the control thread
 * Ownership  what counts is borrowed
 * Units      _s seconds
 * Errors     without memory a note is left out
 */
#ifndef FAIRLEAD_DNSD_ADMIN_TRAFFIC_H
#define FAIRLEAD_DNSD_ADMIN_TRAFFIC_H

#include "core/err.h"

#include <stdint.h>

#define TRAFFIC_EVERY_S 10
#define TRAFFIC_SHARE_S 60  /* what "now" is for people */
#define TRAFFIC_MOVES_S 300 /* what an operation is held against */

struct traffic;

/* The answers of a slot since the start. */
typedef double (*traffic_count_fn)(void *ctx, uint32_t slot);

enum err_code traffic_new(struct traffic **out, traffic_count_fn count, void *ctx);
void traffic_free(struct traffic *t);
/* Every TRAFFIC_EVERY_S: the counts of slots 1 to n_slots - 1. */
void traffic_note(struct traffic *t, uint32_t n_slots);
/* Of the last so many seconds, or since the start when that is later. */
uint64_t traffic_answers(const struct traffic *t, uint32_t slot, uint32_t last_s);

#endif
