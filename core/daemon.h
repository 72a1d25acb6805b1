/* SPDX-License-Identifier: Apache-2.0 */
/* daemon: what the three daemons share of being one: flags, going to the background, saying ready.
 *
 *   -c FILE   --check   --foreground   --version   --help
 *   --log text|json   --log-file FILE   --log-level debug|info|warn|error
 *
 * Without --foreground the caller's shell gets its prompt back, with exit code 0, only when the
 * daemon serves (daemon_ready), and 1 when it failed to start: an error is never lost. From then on
 * it has left standard error, and logs to its file or, without one, to the system log.
 *
 * Under systemd (NOTIFY_SOCKET, WATCHDOG_USEC, JOURNAL_STREAM) it says what state it is in, is
 * heard by the watchdog as long as its loop turns, and begins each line with its priority.
 *
 * Threads    daemon_parse() and daemon_detach() before any thread is made
 */
#ifndef FAIRLEAD_CORE_DAEMON_H
#define FAIRLEAD_CORE_DAEMON_H

#include "core/loop.h"

#include <stdbool.h>

struct daemon_flags {
	const char *config; /* the default when -c is not given */
	const char *program;
	bool check, foreground, takeover;
};

/* Before daemon_parse(): this program has --takeover. */
void daemon_allow_takeover(void);

/* Exits 2 on wrong usage (message and hint), 0 after --help and --version, 1 when the log file
 * cannot be opened. Sets up the log. */
void daemon_parse(int argc, char **argv, const char *program, const char *purpose,
		  const char *default_config, struct daemon_flags *out);

/* Forks unless foreground; the parent waits for daemon_ready() and exits. Then makes the thread
 * that writes the log: from here on nobody is held up by it. */
enum err_code daemon_detach(const struct daemon_flags *flags, struct err *e);
/* Tells the waiting parent, and systemd when NOTIFY_SOCKET is set. */
void daemon_ready(void);
/* SIGUSR1 opens the log file anew; the watchdog is told twice within its bound. Once a process. */
enum err_code daemon_follow(struct loop *loop, struct err *e);
void daemon_notify(const char *state); /* sd_notify: "STOPPING=1", "RELOADING=1" */

#endif
