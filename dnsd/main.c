/* SPDX-License-Identifier: Apache-2.0 */
/* main: fairlead-dnsd, the name server. Reads its configuration, starts control, and exits with its
 * result. */
#include "core/daemon.h"
#include "core/log.h"
#include "core/rcu.h"
#include "core/reserve.h"
#include "dnsd/control/control.h"
#include "schema/config/config.h"

#include <stdio.h>
#include <unistd.h>

#define TAKEOVER_MS 30000 /* for the running one to close its state */

static int check(const struct dnsd_config *config, struct config_report *report)
{
	enum err_code rc = control_check(config, report);

	fputs(buf_text(&report->notes), stderr);
	fputs(buf_text(&report->errors), stderr);
	if (rc == ERR_OK)
		printf("%s: good\n", config->file);
	return rc == ERR_OK ? 0 : 1;
}

/* From the service manager, or from the running process. That one goes only when what this one
 * would serve can be loaded: there is no way back for it. */
static enum err_code take_sockets(const struct daemon_flags *flags,
				  const struct dnsd_config *config, struct handover **out,
				  struct err *e)
{
	struct config_report report;
	char path[PATH_MAX];
	enum err_code rc;

	if (!flags->takeover) {
		rc = handover_inherit(out);
		return rc == ERR_OK ? rc : err_set(e, rc, "out of memory");
	}
	config_report_init(&report);
	rc = control_check(config, &report);
	if (rc != ERR_OK)
		err_set(e, rc, "%s", buf_text(&report.errors));
	config_report_fini(&report);
	if (rc != ERR_OK)
		return rc;
	rc = handover_ask(control_handover_path(config, path), TAKEOVER_MS, out, e);
	return rc == ERR_OK ? rc : err_wrap(e, rc, "takeover");
}

static enum err_code run(const struct daemon_flags *flags, struct dnsd_config *config,
			 struct err *e)
{
	struct handover *sockets;
	struct control *control;
	enum err_code rc = daemon_detach(flags, e);

	reserve_start();
	if (rc == ERR_OK)
		rc = rcu_start(e);
	if (rc != ERR_OK) {
		config_dnsd_free(config);
		return rc;
	}
	rc = take_sockets(flags, config, &sockets, e);
	if (rc != ERR_OK) {
		config_dnsd_free(config);
		return rc;
	}
	rc = control_new(&control, config, sockets, e);
	if (rc != ERR_OK)
		return rc;
	rc = control_run(control, daemon_ready, e);
	if (control_free(control) != ERR_OK) {
		/* A job that hangs still reads what would be freed: it ends with the process. */
		fflush(NULL);
		_exit(rc == ERR_OK ? 0 : 1);
	}
	return rc;
}

int main(int argc, char **argv)
{
	struct config_report report;
	struct daemon_flags flags;
	struct dnsd_config *config;
	struct err e;
	int status = 1;

	daemon_allow_takeover();
	daemon_parse(argc, argv, "fairlead-dnsd",
		     "answers DNS with the best region for each client",
		     FAIRLEAD_SYSCONFDIR "/dnsd.yaml", &flags);
	config_report_init(&report);
	report.is_check = flags.check;
	if (config_dnsd_load(flags.config, &config, &report) != ERR_OK) {
		fputs(buf_text(&report.errors), stderr);
	} else if (flags.check) {
		status = check(config, &report);
		config_dnsd_free(config);
	} else {
		fputs(buf_text(&report.notes), stderr);
		if (run(&flags, config, &e) == ERR_OK)
			status = 0;
		else
			log_error("dnsd", "%s", e.text);
	}
	config_report_fini(&report);
	return status;
}
