/* SPDX-License-Identifier: Apache-2.0 */
/* regiond: makes a node of a configuration, keeps it, and brings it to its end.
 *
 *   SIGHUP            reads the file again (changeover.h)
 *   SIGTERM           withdraws at once, serves who still comes, and ends (stop.h)
 *   SIGTERM, second   ends now
 *
 * Threads    one: who calls regiond_new() calls the rest
 * Ownership  regiond_new() takes the configuration, also when it fails
 * Errors     named with the file, address or peer; nothing half started is left
 */
#ifndef FAIRLEAD_REGIOND_REGIOND_H
#define FAIRLEAD_REGIOND_REGIOND_H

#include "core/err.h"
#include "schema/config/regiond_config.h"

/* How long the first checks may take before clients are served and directors told all the same. */
#define REGIOND_SETTLE_MS 3000

struct regiond;

enum err_code regiond_new(struct regiond **out, struct regiond_config *config, struct err *e);
void regiond_run(struct regiond *c); /* until it is told to stop */
void regiond_free(struct regiond *c);

#endif
