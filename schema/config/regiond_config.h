/* SPDX-License-Identifier: Apache-2.0 */
/* regiond_config: what a regiond.yaml says, checked. Keys whose feature is not there yet are parsed
 * and noted by the loader, and have no field here. */
#ifndef FAIRLEAD_SCHEMA_REGIOND_CONFIG_H
#define FAIRLEAD_SCHEMA_REGIOND_CONFIG_H

#include "schema/config/common_config.h"

enum balance_policy {
	BALANCE_LEAST_CONNECTIONS,
	BALANCE_ROUND_ROBIN,
	BALANCE_HASH,
	BALANCE_PEAK_EWMA,
	BALANCE_LEAST_TOKENS,
	BALANCE_LMETRIC,
};

struct config_backend {
	char *az;
	struct endpoint address;
	struct config_pos pos;
	uint32_t weight; /* default 100 */
	uint32_t max;	 /* in flight; 0 = not limited */
};

struct config_backend_pool {
	char *name;
	struct config_pos pos;
	enum balance_policy balance;
	uint32_t *monitors; /* indices; all must pass */
	size_t n_monitors;
	char *local_az; /* NULL = none */
	uint64_t slow_start_ms;
	struct config_backend *backends;
	size_t n_backends;
};

struct config_region_service {
	char *name; /* lower case, no final dot */
	struct config_pos pos;
	struct endpoint *listen;
	size_t n_listen;
	enum { PROTOCOL_TCP, PROTOCOL_HTTP } protocol;
	uint32_t pool; /* of the route that takes the rest */
	uint64_t idle_ms, connect_ms;
};

struct regiond_config {
	char *file;	      /* as given */
	struct arena *memory; /* the config is one piece of it, and all it points to */
	struct config_files files;
	char *fleet, *region, *node;
	struct config_host_port *directors;
	size_t n_directors;
	struct {
		struct endpoint http;
		char *admin;
	} listen;
	uint32_t workers; /* 0 = auto */
	bool has_tls;
	struct config_tls tls;
	char *state_path; /* NULL = none */
	struct config_pos state_pos;
	uint64_t heartbeat_ms, drain_ms;
	struct config_monitor *monitors;
	size_t n_monitors;
	struct config_backend_pool *pools;
	size_t n_pools;
	struct config_region_service *services;
	size_t n_services;
};

#endif
