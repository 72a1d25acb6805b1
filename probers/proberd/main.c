/* SPDX-License-Identifier: Apache-2.0 */
/* main: fairlead-proberd: flags, signals, and the loop. */
#include "core/daemon.h"
#include "core/log.h"
#include "core/reserve.h"
#include "probers/proberd/proberd.h"
#include "schema/config/config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#define PROGRAM "fairlead-proberd"

struct run {
	struct loop *loop;
	struct proberd *proberd;
	bool is_stopping;
};

/* What went wrong is logged and counted. */
static void on_reloaded(void *arg, enum err_code code, const struct err *e)
{
	daemon_notify("READY=1");
}

static void on_reload(void *arg)
{
	struct run *run = arg;
	struct err e = { "" };

	if (run->is_stopping)
		return;
	if (proberd_reload(run->proberd, on_reloaded, run, &e) == ERR_OK)
		daemon_notify("RELOADING=1");
	else
		log_error("proberd", "%s", e.text);
}

static void on_stopped(void *arg)
{
	struct run *run = arg;

	loop_stop(run->loop);
}

static void on_stop(void *arg)
{
	struct run *run = arg;

	if (run->is_stopping)
		return;
	run->is_stopping = true;
	log_info("proberd", "stopping");
	daemon_notify("STOPPING=1");
	proberd_stop(run->proberd, on_stopped, run);
}

/* Prints the report. NULL: there were mistakes. */
static struct proberd_config *load(const char *path, bool is_check)
{
	struct proberd_config *config = NULL;
	struct config_report report;

	config_report_init(&report);
	report.is_check = is_check;
	if (proberd_load(path, &config, &report) != ERR_OK)
		config = NULL;
	fputs(buf_text(&report.notes), stderr);
	fputs(buf_text(&report.errors), stderr);
	config_report_fini(&report);
	return config;
}

static enum err_code start(struct run *run, const struct daemon_flags *flags,
			   struct proberd_config *config, struct err *e)
{
	enum err_code code = daemon_detach(flags, e);

	reserve_start();
	if (code == ERR_OK)
		code = loop_new(&run->loop, e);
	if (code == ERR_OK)
		code = daemon_follow(run->loop, e);
	if (code == ERR_OK)
		code = proberd_new(&run->proberd, run->loop, config, e);
	if (code != ERR_OK) {
		config_proberd_free(config);
		return code;
	}
	code = loop_signal(run->loop, SIGHUP, on_reload, run);
	if (code == ERR_OK)
		code = loop_signal(run->loop, SIGTERM, on_stop, run);
	if (code == ERR_OK)
		code = loop_signal(run->loop, SIGINT, on_stop, run);
	return code == ERR_OK ? ERR_OK : err_set(e, code, "signals cannot be caught");
}

static void finish(struct run *run)
{
	proberd_free(run->proberd);
	if (run->loop)
		loop_free(run->loop);
}

int main(int argc, char **argv)
{
	struct proberd_config *config;
	struct daemon_flags flags;
	struct run run = { 0 };
	struct err e = { "" };

	daemon_parse(argc, argv, PROGRAM, "checks regions from outside and tells every director",
		     FAIRLEAD_SYSCONFDIR "/proberd.yaml", &flags);
	config = load(flags.config, flags.check);
	if (!config)
		return EXIT_FAILURE;
	if (flags.check) {
		printf("%s: good\n", flags.config);
		config_proberd_free(config);
		return EXIT_SUCCESS;
	}
	if (start(&run, &flags, config, &e) != ERR_OK) {
		log_error("proberd", "%s", e.text);
		finish(&run);
		return EXIT_FAILURE;
	}
	log_info("proberd", PROGRAM " " PACKAGE_VERSION " is running");
	daemon_ready();
	loop_run(run.loop);
	finish(&run);
	log_info("proberd", "stopped");
	return EXIT_SUCCESS;
}
