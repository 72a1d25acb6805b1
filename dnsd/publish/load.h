/* SPDX-License-Identifier: Apache-2.0 */
/* load: the slow parts of a snapshot, zones and client map, read anew only where something changed.
 *
 * A reload is strict: any mistake, and nothing is changed. A start is lenient, since refusing one
 * zone must not stop the others. For what cannot be loaded, the first of these that there is:
 *
 *   1 what `old` has of it
 *   2 its last good copy (copies.h)
 *   3 a zone: SERVFAIL for its names; a database: the others alone
 *
 * Threads    any: old is only read
 * Ownership  publish_parts holds references; faults: publish_faults_fini()
 * Errors     texts name file and line; a failed load leaves everything as it was
 * Source     docs/walk-a-query.md, docs/operating.md
 */
#ifndef FAIRLEAD_DNSD_PUBLISH_LOAD_H
#define FAIRLEAD_DNSD_PUBLISH_LOAD_H

#include "dnsd/client/map.h"
#include "dnsd/zone/zone_set.h"
#include "schema/config/dnsd_config.h"

/* Kept by control until one of them changes. */
struct publish_parts {
	struct zone_set *zones;
	struct client_map *clients;
	uint64_t clients_signature; /* of the configuration that `clients` was built from */
	uint64_t seed;		    /* of the name hash; drawn by the first load, then kept */
};

/* One thing that a lenient load could not take as it is configured. */
struct publish_fault {
	enum { PUBLISH_ZONE, PUBLISH_DATABASE, PUBLISH_SERVICE } kind;
	enum { PUBLISH_NOTHING, PUBLISH_RUNNING, PUBLISH_COPY } stand_in;
	uint32_t index; /* in config->zones, ->geo.databases or ->services */
	struct err why;
};

struct publish_faults {
	struct publish_fault *list; /* zones first, then services, then databases */
	size_t n;
};
void publish_faults_fini(struct publish_faults *f);

struct publish_load_options {
	bool is_fresh_geo;   /* read the databases in any case */
	bool is_fresh_zones; /* read the zone files in any case: a reload that was forced */
	bool is_lenient;
	const char *copies; /* directory of last good copies; NULL = none */
};

/* Loads what `config` names. What `old` (may be NULL) has is reused where neither the configuration
 * nor the files have changed since. All mistakes, of all zone files and databases, and warnings go
 * to report, a line each. faults (NULL when the load is strict) begins empty; ERR_MEMORY alone can
 * fail a lenient load. */
enum err_code publish_load(const struct dnsd_config *config, const struct publish_parts *old,
			   const struct publish_load_options *options, struct publish_parts *out,
			   struct publish_faults *faults, struct config_report *report,
			   struct err *e);
/* Reads the databases anew and nothing else: a zone file that is being edited meanwhile must not
 * hold them up. Strict. */
enum err_code publish_load_geo(const struct dnsd_config *config, const struct publish_parts *old,
			       struct publish_parts *out, struct err *e);
/* A second reference to the same parts: for a build after which only dials differ. */
void publish_parts_share(const struct publish_parts *p, struct publish_parts *out);
void publish_parts_unref(struct publish_parts *p);

#endif
