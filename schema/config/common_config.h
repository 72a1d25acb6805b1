/* SPDX-License-Identifier: Apache-2.0 */
/* common_config: what the configurations of several programs are made of: monitors, TLS files,
 * places to dial.
 *
 * Threads    constant once loaded
 * Ownership  everything belongs to the configuration around it
 */
#ifndef FAIRLEAD_SCHEMA_COMMON_CONFIG_H
#define FAIRLEAD_SCHEMA_COMMON_CONFIG_H

#include "core/addr.h"
#include "schema/config/monitor_kinds.h"
#include "schema/config/report.h"

#include <stdbool.h>
#include <stdint.h>

struct arena;

struct config_header {
	char *name, *value;
};

struct config_monitor {
	char *name;
	struct config_pos pos;
	enum monitor_type type;
	uint16_t port;		    /* 0 = the backend's own (regiond) */
	char *method, *path, *host; /* "GET", "/", NULL */
	struct config_header *headers;
	size_t n_headers;
	char *body;		       /* NULL = none */
	uint16_t expect_status;	       /* 0 = any 2xx or 3xx */
	char *expect_body_regex;       /* POSIX extended; NULL = any */
	char *query_name, *query_type; /* dns: default "." and "NS" */
	uint16_t expect_rcode;	       /* dns: 0 = NOERROR */
	struct addr expect_address;    /* dns: family 0 = any answer */
	uint64_t interval_ms, timeout_ms;
	uint32_t rise, fall;
	bool has_type;

	/* A composite has no check of its own: it passes when at least `n_least` of these pass. */
	uint32_t *of; /* indices in monitors */
	size_t n_of;  /* 0 = a check of its own */
	uint32_t n_least;
};

struct config_tls {
	char *certificate, *key, *ca;
	struct config_pos pos;				    /* of the key `tls` */
	struct config_pos certificate_pos, key_pos, ca_pos; /* of what it holds */
};

struct config_host_port {
	char *host;
	uint16_t port;
	struct config_pos pos;
};

#endif
