/* SPDX-License-Identifier: Apache-2.0 */
/* daemon: what the three daemons share of being one: flags, going to the background, saying ready.
 */
#include "core/daemon.h"

#include "core/log.h"
#include "core/log_sink.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXIT_USAGE 2
#define FLUSH_MS   1000 /* for the lines of the start */

/* The way to the parent that waits in daemon_detach(); -1 when nobody waits. */
static int ready_fd = -1;

/* Whether this program has --takeover. */
static bool can_take_over;
static bool in_background;
static struct loop_timer *watchdog;

enum flag {
	FLAG_CHECK = 256,
	FLAG_FOREGROUND,
	FLAG_LOG,
	FLAG_LOG_FILE,
	FLAG_LOG_LEVEL,
	FLAG_VERSION,
	FLAG_HELP,
	FLAG_TAKEOVER
};

static const struct option long_flags[] = {
	{ "check", no_argument, NULL, FLAG_CHECK },
	{ "foreground", no_argument, NULL, FLAG_FOREGROUND },
	{ "log", required_argument, NULL, FLAG_LOG },
	{ "log-file", required_argument, NULL, FLAG_LOG_FILE },
	{ "log-level", required_argument, NULL, FLAG_LOG_LEVEL },
	{ "version", no_argument, NULL, FLAG_VERSION },
	{ "help", no_argument, NULL, FLAG_HELP },
	{ "takeover", no_argument, NULL, FLAG_TAKEOVER },
	{ NULL, 0, NULL, 0 },
};

static void __attribute__((noreturn))
print_help(const char *program, const char *purpose, const char *default_config)
{
	printf("%s: %s\n"
	       "\n"
	       "usage: %s [-c FILE] [--check] [--foreground] [--log text|json]\n"
	       "       [--log-file FILE] [--log-level LEVEL]%s\n"
	       "\n"
	       "  -c FILE           the configuration (%s)\n"
	       "  --check           read it and all that it names, print every mistake, and exit\n"
	       "  --foreground      stay in the foreground\n"
	       "  --log text|json   the form of the log (text)\n"
	       "  --log-file FILE   where it goes: else to standard error, in the background to\n"
	       "                    the system log\n"
	       "  --log-level LEVEL what is logged at least: debug, info, warn, error (info)\n"
	       "%s"
	       "  --version         print the version\n"
	       "  --help            print this\n"
	       "\n"
	       "SIGHUP reads the configuration again; SIGUSR1 opens the log file anew; SIGTERM\n"
	       "drains and stops.\n",
	       program, purpose, program, can_take_over ? " [--takeover]" : "", default_config,
	       can_take_over
		       ? "  --takeover        take the sockets of the running one, which ends\n"
		       : "");
	exit(fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}

static void __attribute__((noreturn, format(printf, 2, 3)))
refuse_usage(const char *program, const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "%s: ", program);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fprintf(stderr, "\ntry `%s --help`\n", program);
	exit(EXIT_USAGE);
}

static void set_log(const char *program, const char *form)
{
	if (strcmp(form, "text") != 0 && strcmp(form, "json") != 0)
		refuse_usage(program, "--log is `%s`, expected text or json", form);
	log_set_json(form[0] == 'j');
}

static void set_level(const char *program, const char *name)
{
	static const char *const names[] = { "debug", "info", "warn", "error" };

	for (int i = 0; i <= LOG_ERROR; i++)
		if (strcmp(name, names[i]) == 0) {
			log_set_level((enum log_level)i);
			return;
		}
	refuse_usage(program, "--log-level is `%s`, expected debug, info, warn or error", name);
}

static void set_file(const char *program, const char *path)
{
	struct err e;

	if (log_sink_file(path, &e) == ERR_OK)
		return;
	fprintf(stderr, "%s: %s\n", program, e.text);
	exit(EXIT_FAILURE);
}

/* systemd says which device and inode the journal's stream has (sd-daemon(3), JOURNAL_STREAM). */
static bool is_journal(int fd)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 && fstat(fd, &st) == 0 &&
	       st.st_dev == device && st.st_ino == inode;
}

/* getopt tells a short flag in optopt; a long one is the argument that it has just passed. */
static void __attribute__((noreturn)) refuse_flag(const char *program, char **argv, bool no_value)
{
	const char *long_flag = argv[optind - 1];
	char short_flag[] = { '-', (char)optopt, 0 };
	bool is_short = optopt > 0 && optopt < FLAG_CHECK;
	const char *flag = is_short ? short_flag : long_flag;

	if (no_value)
		refuse_usage(program, "%s needs a value", flag);
	if (optopt >= FLAG_CHECK)
		refuse_usage(program, "`%s`: this flag takes no value", flag);
	refuse_usage(program, "there is no flag `%s`", flag);
}

void daemon_allow_takeover(void)
{
	can_take_over = true;
}

void daemon_parse(int argc, char **argv, const char *program, const char *purpose,
		  const char *default_config, struct daemon_flags *out)
{
	struct daemon_flags flags = { .config = default_config, .program = program };
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, ":c:", long_flags, NULL)) != -1) {
		switch (c) {
		case 'c': flags.config = optarg; break;
		case FLAG_CHECK: flags.check = true; break;
		case FLAG_FOREGROUND: flags.foreground = true; break;
		case FLAG_LOG: set_log(program, optarg); break;
		case FLAG_LOG_FILE: set_file(program, optarg); break;
		case FLAG_LOG_LEVEL: set_level(program, optarg); break;
		case FLAG_TAKEOVER:
			if (!can_take_over)
				refuse_usage(program, "there is no flag `--takeover`");
			flags.takeover = true;
			break;
		case FLAG_VERSION: printf("%s %s\n", program, PACKAGE_VERSION); exit(EXIT_SUCCESS);
		case FLAG_HELP: print_help(program, purpose, default_config);
		default: refuse_flag(program, argv, c == ':');
		}
	}
	if (optind < argc)
		refuse_usage(program, "`%s` is not expected here", argv[optind]);
	log_set_priorities(log_sink_is_standard_error() && is_journal(STDERR_FILENO));
	*out = flags;
}

/* The parent: 0 when the child is ready; else what the child exits with, which has told the reason.
 */
static void __attribute__((noreturn)) wait_for_child(pid_t child, int fd)
{
	int status = 0;
	char word;
	ssize_t n;

	do
		n = read(fd, &word, 1);
	while (n < 0 && errno == EINTR);
	if (n == 1)
		_exit(EXIT_SUCCESS);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFSIGNALED(status))
		fprintf(stderr, "the daemon was ended by signal %d before it was ready\n",
			WTERMSIG(status));
	_exit(EXIT_FAILURE);
}

/* Standard error stays until the daemon serves: it is where a failed start is told. The directory
 * stays too, so that relative paths
 * in the configuration mean the same at a reload. */
static enum err_code leave_terminal(struct err *e)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return err_errno(e, errno, "/dev/null");
	if (dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0)
		return err_errno(e, errno, "dup2");
	if (null > STDERR_FILENO)
		close(null);
	if (setsid() < 0)
		return err_errno(e, errno, "setsid");
	return ERR_OK;
}

static enum err_code go_to_background(const struct daemon_flags *flags, struct err *e)
{
	int ends[2];
	pid_t child;

	/* A socket and not a pipe: the word to a parent that was killed must not raise SIGPIPE. */
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return err_errno(e, errno, "socketpair");
	fflush(NULL);
	child = fork();
	if (child < 0) {
		enum err_code code = err_errno(e, errno, "fork");

		close(ends[0]);
		close(ends[1]);
		return code;
	}
	if (child > 0) {
		close(ends[1]);
		wait_for_child(child, ends[0]);
	}
	close(ends[0]);
	ready_fd = ends[1];
	in_background = true;
	if (log_sink_is_standard_error())
		log_sink_system(flags->program);
	log_sink_echo(true);
	return leave_terminal(e);
}

enum err_code daemon_detach(const struct daemon_flags *flags, struct err *e)
{
	enum err_code code = flags->foreground ? ERR_OK : go_to_background(flags, e);

	return code == ERR_OK ? log_sink_start(e) : code;
}

/* Whoever waits for the end of standard error (ssh, a script's pipe) is let go. */
static void leave_standard_error(void)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	log_sink_flush(FLUSH_MS);
	log_sink_echo(false);
	if (null < 0)
		return;
	dup2(null, STDERR_FILENO);
	close(null);
}

void daemon_ready(void)
{
	daemon_notify("READY=1");
	if (ready_fd < 0)
		return;
	if (in_background)
		leave_standard_error();
	/* A parent that is gone does not wait, so a failure tells nothing. */
	while (send(ready_fd, "r", 1, MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
	close(ready_fd);
	ready_fd = -1;
}

static void reopen_log(void *arg)
{
	log_sink_reopen();
}

static void tell_watchdog(void *arg)
{
	daemon_notify("WATCHDOG=1");
}

/* WATCHDOG_PID is whom it is for, when a child has inherited the rest (sd_watchdog_enabled(3)). */
static uint64_t watchdog_ms(void)
{
	const char *bound = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");

	if (!bound || (pid && strtol(pid, NULL, 10) != getpid()))
		return 0;
	return strtoull(bound, NULL, 10) / 1000;
}

enum err_code daemon_follow(struct loop *loop, struct err *e)
{
	uint64_t bound_ms = watchdog_ms();

	if (loop_signal(loop, SIGUSR1, reopen_log, NULL) != ERR_OK)
		return err_set(e, ERR_MEMORY, "SIGUSR1: out of memory");
	if (bound_ms < 2 || watchdog)
		return ERR_OK;
	if (loop_timer_new(loop, &watchdog, tell_watchdog, NULL) != ERR_OK)
		return err_set(e, ERR_MEMORY, "watchdog: out of memory");
	loop_timer_every(watchdog, bound_ms / 2);
	return ERR_OK;
}

void daemon_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t len = path ? strlen(path) : 0;
	int fd;

	if (len < 2 || len >= sizeof(to.sun_path) || (path[0] != '/' && path[0] != '@'))
		return;
	memcpy(to.sun_path, path, len);
	if (path[0] == '@') /* the abstract namespace begins with a zero byte */
		to.sun_path[0] = 0;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	/* systemd that does not listen is not our trouble: nothing to do, nobody to tell. */
	sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&to,
	       (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
	close(fd);
}
