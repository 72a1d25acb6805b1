/* SPDX-License-Identifier: Apache-2.0 */
/* load: a configuration and all that it names, checked without binding an address. */
#include "regiond/control/load.h"

#include "probers/check_compile.h"
#include "regiond/back/pool.h"
#include "regiond/control/certificate.h"
#include "schema/config/config.h"
#include "schema/config/named.h"

static void check_monitors(const struct regiond_config *config, struct config_report *report)
{
	for (size_t i = 0; i < config->n_monitors; i++) {
		struct check_spec *spec;
		struct err e = { "" };
		if (config->monitors[i].n_of)
			continue;
		if (check_compile(&config->monitors[i], &spec, &e) == ERR_OK)
			check_spec_free(spec);
		else
			config_report_error(report, &config->monitors[i].pos, "%s", e.text);
	}
}

static void check_pools(const struct regiond_config *config, struct config_report *report)
{
	for (size_t i = 0; i < config->n_pools; i++) {
		struct err e = { "" };
		if (pool_check(&config->pools[i], &e) != ERR_OK)
			config_report_error(report, &config->pools[i].pos, "%s", e.text);
	}
}

static void check_state(const struct regiond_config *config, struct config_report *report)
{
	struct named named;
	if (!config->state_path)
		return;
	named_init(&named, report, config->file);
	named_state(&named, &config->state_pos, config->state_path);
	named_finish(&named);
}

enum err_code load_file(const char *path, struct regiond_config **out, struct tls **tls,
			struct config_report *report)
{
	struct regiond_config *config;
	struct tls *own = NULL;
	struct err e = { "" };
	enum err_code code = config_regiond_load(path, &config, report);
	if (code != ERR_OK)
		return code;
	check_monitors(config, report);
	check_pools(config, report);
	certificate_open(&own, config, report, &e);
	check_state(config, report);
	if (report->n_errors || !tls) {
		tls_free(own);
		own = NULL;
	}
	if (report->n_errors) {
		config_regiond_free(config);
		return ERR_INPUT;
	}
	if (tls)
		*tls = own;
	*out = config;
	return ERR_OK;
}
