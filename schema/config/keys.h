/* SPDX-License-Identifier: Apache-2.0 */
/* keys: the tables, one a program, and the rows they share.
 *
 * Threads    constant
 */
#ifndef FAIRLEAD_SCHEMA_CONFIG_KEYS_H
#define FAIRLEAD_SCHEMA_CONFIG_KEYS_H

#include "schema/config/key.h"

extern const struct key keys_dnsd[];
extern const struct key keys_regiond[];
extern const struct key keys_proberd[];

/* keys_steering.c: parts of keys_dnsd */
extern const struct key keys_region[];	 /* of struct config_region */
extern const struct key keys_pool[];	 /* of struct config_pool, checked by check_dnsd_pool */
extern const struct key keys_service[];	 /* of struct config_service, by check_dnsd_service */
extern const struct key keys_topology[]; /* of struct config_topology */

/* keys_carry.c: parts of keys_regiond */
extern const struct key keys_region_service[]; /* of struct config_region_service */
extern const struct key keys_site_tls[];       /* one of its `tls` */

/* keys_common.c */
extern const struct key keys_monitor[]; /* of struct config_monitor, checked by check_monitor */
extern const struct key keys_tls[];	/* of struct config_tls */

#define KEYS_END             \
	{                    \
		.name = NULL \
	}

/* Read by include.c, before the table is: the walker only judges it. */
#define KEYS_INCLUDE                                                                           \
	{                                                                                      \
		.name = "include", .type = KEY_LIST, .item = KEY_PATH, .n_max = 64,            \
		.doc = "More files of the same kind, read after this one; a path that is not " \
		       "absolute starts at this file. Mappings and lists at the top of the "   \
		       "files are joined."                                                     \
	}

#define KEYS_DOC_FLEET                                                                         \
	"The trust domain: certificates carry spiffe://FLEET/ROLE/NAME, and peers of another " \
	"fleet are refused."
#define KEYS_DOC_TLS	   "This node's certificate and the fleet's CA, as PEM files."
#define KEYS_DOC_DIRECTORS "Every dnsd of the fleet; this node dials all of them."
#define KEYS_DOC_MONITORS  "Health checks, by name."
#define KEYS_DOC_HTTP	   "Where `/metrics`, `/healthz` and `/readyz` are served, read only."
#define KEYS_DOC_ADMIN	   "The Unix socket of the admin API for this machine."
#define KEYS_ADMIN_MAX	   107 /* sun_path holds 108 with its zero */

#endif
