/* SPDX-License-Identifier: Apache-2.0 */
/* proberd_config: what a proberd.yaml says, checked. */
#ifndef FAIRLEAD_SCHEMA_PROBERD_CONFIG_H
#define FAIRLEAD_SCHEMA_PROBERD_CONFIG_H

#include "schema/config/common_config.h"

struct proberd_config {
	char *file;	      /* as given */
	struct arena *memory; /* the config is one piece of it, and all it points to */
	struct config_files files;
	char *fleet, *node;
	bool has_place;
	int32_t lat_e4, lon_e4;
	struct config_host_port *directors;
	size_t n_directors;
	struct {
		struct endpoint http;
		char *admin;
	} listen;
	struct config_tls tls;
	uint32_t probes_per_second; /* default 100 */
};

#endif
