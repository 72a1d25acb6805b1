/* SPDX-License-Identifier: Apache-2.0 */
/* main: fairlead-regiond, the regional tier. Takes the traffic, and tells every dnsd what it can
 * carry.
 */
#include "core/daemon.h"
#include "core/log.h"
#include "core/rcu.h"
#include "core/reserve.h"
#include "regiond/control/load.h"
#include "regiond/control/regiond.h"
#include "schema/config/config.h"

#include <stdio.h>
#include <stdlib.h>

/* Errors and notes of the file go to standard error as they are: editors understand them. */
static struct regiond_config *load(const char *path, bool is_check)
{
	struct config_report report;
	struct regiond_config *config = NULL;
	config_report_init(&report);
	report.is_check = is_check;
	load_file(path, &config, NULL, &report);
	fputs(buf_text(&report.errors), stderr);
	fputs(buf_text(&report.notes), stderr);
	config_report_fini(&report);
	return config;
}

/* What it asks for cannot be had: an address, a database that another process has. */
static int refuse(const char *path, const struct err *e)
{
	fprintf(stderr, "%s: error: %s\n", path, e->text);
	return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	struct daemon_flags flags;
	struct regiond *regiond;
	struct err e = { "" };
	daemon_parse(argc, argv, "fairlead-regiond",
		     "balances TCP over availability zones, and reports to the directors",
		     FAIRLEAD_SYSCONFDIR "/regiond.yaml", &flags);
	struct regiond_config *config = load(flags.config, flags.check);
	if (!config)
		return EXIT_FAILURE;
	if (flags.check) {
		printf("%s: good\n", flags.config);
		config_regiond_free(config);
		return EXIT_SUCCESS;
	}
	reserve_start();
	if (daemon_detach(&flags, &e) != ERR_OK || rcu_start(&e) != ERR_OK ||
	    regiond_new(&regiond, config, &e) != ERR_OK)
		return refuse(flags.config, &e);
	regiond_run(regiond);
	regiond_free(regiond);
	return EXIT_SUCCESS;
}
