/* SPDX-License-Identifier: Apache-2.0 */
/* build: the slow part of a reload: a configuration, zones, databases, a snapshot, made aside.
 *
 * Threads    build_run() on a helper thread, or at the start; the rest on the control thread. What
 *            it reads of the running parts is not replaced while it runs: there is one at a time
 * Ownership  build_free() frees what was not taken out of it
 * Errors     `code` and `e`; `report` has a line for each mistake and note
 */
#ifndef FAIRLEAD_DNSD_RELOAD_BUILD_H
#define FAIRLEAD_DNSD_RELOAD_BUILD_H

#include "core/clock.h"
#include "core/tls.h"
#include "dnsd/client/watch.h"
#include "dnsd/publish/load.h"
#include "dnsd/publish/publish.h"
#include "schema/config/dnsd_config.h"
#include "schema/config/report.h"

struct build {
	/* what is asked for */
	const char *file; /* the configuration to read; NULL = build for `config` */
	bool is_reload;	  /* zones are read anew where they have changed */
	struct publish_load_options load;
	const struct publish_parts *old; /* what serves */
	const struct dnsd_config *started_with;
	const struct snapshot *previous; /* NULL = nothing yet */
	struct labels *labels;
	const struct clock *clock;

	/* the result */
	struct dnsd_config *config;
	bool is_new_config;	      /* it was read here, and is freed with the build */
	struct tls *tls;	      /* of a new configuration that has any */
	struct databases_stamp stamp; /* of the databases, taken before they are read */
	struct publish_parts parts;
	struct publish_faults faults; /* of a lenient load */
	struct snapshot *snapshot;
	struct config_report report;
	struct buf waits; /* keys of `config` that differ from `started_with`, and need a restart */
	struct err e;
	enum err_code code;
	uint64_t took_us;
};

/* NULL when out of memory. */
struct build *build_new(void);
void build_run(struct build *b);
void build_free(struct build *b);

#endif
