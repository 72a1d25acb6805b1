/* SPDX-License-Identifier: Apache-2.0 */
/* labels: a number for each (service, region) that was ever answered with, so that workers count
 * into an array and a rebuild does not reset a counter.
 *
 * Threads    any; a mutex, taken when a snapshot is built or metrics are written, never by a query
 * Ownership  names live as long as the registry
 * Errors     slot 0 is for what does not fit; there is no failure
 */
#ifndef FAIRLEAD_DNSD_PUBLISH_LABELS_H
#define FAIRLEAD_DNSD_PUBLISH_LABELS_H

#include "core/err.h"

#include <stddef.h>
#include <stdint.h>

#define LABELS_MAX 65536 /* slots, slot 0 included */

struct labels;

enum err_code labels_new(struct labels **out);
void labels_free(struct labels *l);
uint32_t labels_slot(struct labels *l, const char *service, const char *region);
/* Names of a slot; false for slot 0 and for one that nobody has. */
int labels_get(struct labels *l, uint32_t slot, const char **service, const char **region);
uint32_t labels_count(struct labels *l); /* slots in use are 1 .. count - 1 */

#endif
