/* SPDX-License-Identifier: Apache-2.0 */
/* daemon: what the three daemons share of being one: flags, going to the background, saying ready.
 *
 *   -c FILE   --check   --foreground   --log text|json   --version   --help
 *
 * Without --foreground the caller's shell gets its prompt back, with exit code 0, only when the
 * daemon serves (daemon_ready), and 1 when it failed to start: an error is never lost.
 *
 * Threads    before any thread is made, but daemon_ready
 */
#ifndef FAIRLEAD_CORE_DAEMON_H
#define FAIRLEAD_CORE_DAEMON_H

#include "core/err.h"

#include <stdbool.h>

struct daemon_flags {
	const char *config; /* the default when -c is not given */
	bool check, foreground;
};

/* Exits 2 on wrong usage (message and hint), 0 after --help and --version. Sets the log format. */
void daemon_parse(int argc, char **argv, const char *program, const char *purpose,
		  const char *default_config, struct daemon_flags *out);

/* Forks unless foreground; the parent waits for daemon_ready() and exits. */
enum err_code daemon_detach(const struct daemon_flags *flags, struct err *e);
/* Tells the waiting parent, and systemd when NOTIFY_SOCKET is set. */
void daemon_ready(void);
void daemon_notify(const char *state); /* sd_notify: "STOPPING=1", "RELOADING=1" */

#endif
