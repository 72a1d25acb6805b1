/* SPDX-License-Identifier: Apache-2.0 */
/* regiond: makes a node of a configuration, keeps it, and brings it to its end.
 *
 * SIGHUP     reads the file again: a new table beside the old one, listeners that stay are kept.
 *            A file with mistakes, or an address that cannot be listened on, changes nothing
 * SIGTERM    withdraws at once, goes on serving while DNS caches still send clients, and ends when
 *            `drain` is over, or nobody is connected and nobody has come for REGIOND_QUIET_MS
 * SIGTERM    a second time: now
 *
 * Threads    one: who calls regiond_new() calls the rest
 * Ownership  regiond_new() takes the configuration, also when it fails
 * Errors     named with the file, address or peer; nothing half started is left
 */
#ifndef FAIRLEAD_REGIOND_REGIOND_H
#define FAIRLEAD_REGIOND_REGIOND_H

#include "core/err.h"
#include "schema/config/regiond_config.h"

#define REGIOND_QUIET_MS 2000
/* How long the first checks may take before clients are served and directors told all the same. */
#define REGIOND_SETTLE_MS 3000

struct regiond;

/* Loads the file and checks all that it names without binding an address: limits of pools,
 * monitors, certificate and key, and that the certificate is this node's. Every mistake is in the
 * report. */
enum err_code regiond_load(const char *path, struct regiond_config **out,
			   struct config_report *report);

enum err_code regiond_new(struct regiond **out, struct regiond_config *config, struct err *e);
void regiond_run(struct regiond *c); /* until it is told to stop */
void regiond_free(struct regiond *c);

#endif
