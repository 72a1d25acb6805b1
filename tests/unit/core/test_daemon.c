/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about core/daemon: each runs it in a child process and looks at what comes out. */
#include "core/daemon.h"
#include "core/log.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM	 "fairlead-testd"
#define PURPOSE	 "serves tests"
#define DEFAULT	 "/etc/fairlead/testd.yaml"
#define PATIENCE 10000 /* ms; only a broken daemon needs it */

struct outcome {
	int status;	 /* of exit; -1 after a signal */
	char text[4096]; /* standard output and error */
};

static void read_until_end(int fd, char *out, size_t room)
{
	size_t len = 0;
	ssize_t n;

	while (len < room - 1 && (n = read(fd, out + len, room - 1 - len)) > 0)
		len += (size_t)n;
	out[len] = 0;
	close(fd);
}

/* Runs body() in a child of which standard output and error are kept. */
static struct outcome run(void (*body)(void *arg), void *arg)
{
	struct outcome o;
	int ends[2], status;
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	fflush(NULL);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		dup2(ends[1], STDOUT_FILENO);
		dup2(ends[1], STDERR_FILENO);
		close(ends[0]);
		close(ends[1]);
		body(arg);
		fflush(NULL);
		_exit(0);
	}
	close(ends[1]);
	read_until_end(ends[0], o.text, sizeof(o.text));
	assert_int_equal(waitpid(child, &status, 0), child);
	o.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	return o;
}

/* ---- flags */

static void parse_and_print(void *arg)
{
	char **argv = arg;
	struct daemon_flags flags;
	int argc = 0;

	while (argv[argc])
		argc++;
	daemon_parse(argc, argv, PROGRAM, PURPOSE, DEFAULT, &flags);
	printf("config=%s check=%d foreground=%d", flags.config, flags.check, flags.foreground);
}

#define PARSE(...) run(parse_and_print, (char *[]){ "argv0", ##__VA_ARGS__, NULL })

static void flags_have_defaults_and_can_be_given_in_any_order(void **state)
{
	struct outcome o = PARSE();

	assert_string_equal(o.text, "config=" DEFAULT " check=0 foreground=0");
	o = PARSE("--foreground", "-c", "x.yaml", "--check");
	assert_string_equal(o.text, "config=x.yaml check=1 foreground=1");
	o = PARSE("-cx.yaml", "--log", "json");
	assert_string_equal(o.text, "config=x.yaml check=0 foreground=0");
	assert_int_equal(o.status, 0);
}

static void version_and_help_go_to_standard_output_with_zero(void **state)
{
	struct outcome o = PARSE("--version");

	assert_int_equal(o.status, 0);
	assert_string_equal(o.text, PROGRAM " " PACKAGE_VERSION "\n");
	o = PARSE("--help");
	assert_int_equal(o.status, 0);
	assert_non_null(strstr(o.text, PROGRAM ": " PURPOSE "\n"));
	assert_non_null(strstr(o.text, "-c FILE"));
	assert_non_null(strstr(o.text, DEFAULT));
}

static void wrong_usage_says_what_and_exits_with_two(void **state)
{
	static const struct {
		char *args[3];
		const char *says;
	} rows[] = {
		{ { "--nonsense" }, "there is no flag `--nonsense`" },
		{ { "-x" }, "there is no flag `-x`" },
		{ { "-c" }, "-c needs a value" },
		{ { "--log" }, "--log needs a value" },
		{ { "--log", "xml" }, "--log is `xml`, expected text or json" },
		{ { "--log=" }, "--log is ``, expected text or json" },
		{ { "--log-level", "loud" },
		  "--log-level is `loud`, expected debug, info, warn or error" },
		{ { "--log-file" }, "--log-file needs a value" },
		{ { "--check=1" }, "`--check=1`: this flag takes no value" },
		{ { "dnsd.yaml" }, "`dnsd.yaml` is not expected here" },
		{ { "--check", "--", "-c" }, "`-c` is not expected here" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct outcome o = PARSE(rows[i].args[0], rows[i].args[1], rows[i].args[2]);
		char expected[256];

		snprintf(expected, sizeof(expected), PROGRAM ": %s\ntry `" PROGRAM " --help`\n",
			 rows[i].says);
		assert_string_equal(o.text, expected);
		assert_int_equal(o.status, 2);
	}
}

static void log_in_json(void *arg)
{
	struct daemon_flags flags;

	daemon_parse(3, (char *[]){ "argv0", "--log", "json", NULL }, PROGRAM, PURPOSE, DEFAULT,
		     &flags);
	log_info("a", "x");
}

static void the_log_flag_sets_the_form(void **state)
{
	struct outcome o = run(log_in_json, NULL);

	assert_int_equal(o.text[0], '{');
}

/* ---- where the log goes */

static void log_to_the_journal(void *arg)
{
	struct daemon_flags flags;
	char stream[64];
	struct stat st;

	fstat(STDERR_FILENO, &st);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev,
		 (unsigned long long)st.st_ino + (arg != NULL));
	setenv("JOURNAL_STREAM", stream, 1);
	daemon_parse(1, (char *[]){ "argv0", NULL }, PROGRAM, PURPOSE, DEFAULT, &flags);
	log_warn("a", "x");
}

static void lines_for_the_journal_have_priorities_and_others_have_none(void **state)
{
	struct outcome o = run(log_to_the_journal, NULL);

	assert_memory_equal(o.text, "<4>2", 4);
	o = run(log_to_the_journal, "standard error is another stream");
	assert_memory_equal(o.text, "2", 1);
}

static void log_to(void *path)
{
	struct daemon_flags flags;

	daemon_parse(5, (char *[]){ "argv0", "--log-file", path, "--log-level", "warn", NULL },
		     PROGRAM, PURPOSE, DEFAULT, &flags);
	log_warn("a", "in the file");
	log_info("a", "nowhere");
}

static void the_log_goes_to_a_file_from_a_level_on(void **state)
{
	char path[] = "/tmp/daemon-test-XXXXXX", text[512] = "";
	int fd = mkstemp(path);
	struct outcome o = run(log_to, path);

	assert_string_equal(o.text, "");
	assert_true(read(fd, text, sizeof(text) - 1) > 0);
	assert_non_null(strstr(text, "in the file\n"));
	assert_null(strstr(text, "nowhere"));
	close(fd);
	unlink(path);
	o = run(log_to, "/nonexistent/log");
	assert_int_equal(o.status, 1);
	assert_string_equal(o.text, PROGRAM ": log file /nonexistent/log: No such file or "
					    "directory\n");
}

/* ---- going to the background: the child of run() is the caller's shell, the daemon its child */

static int hold[2];
static int told[2]; /* what the daemon tells the test, past the closed stdio */

static void tell(const char *text)
{
	if (write(told[1], text, strlen(text)) < 0)
		_exit(9);
}

static void detach_and_serve(void *arg)
{
	struct daemon_flags flags = { 0 };
	char word;

	if (daemon_detach(&flags, NULL) != ERR_OK)
		_exit(7);
	log_warn("a", "starting");
	if (getsid(0) == getpid())
		tell("own session; ");
	if (read(STDIN_FILENO, &word, 1) == 0)
		tell("stdin is empty; ");
	printf("lost");
	fflush(stdout);
	daemon_ready();
	daemon_ready(); /* a second time does nothing */
	log_warn("a", "serving");
	tell("serving");
	(void)!read(hold[0], &word, 1); /* until run() has seen the end of standard error */
	_exit(0);
}

static void the_prompt_comes_back_when_the_daemon_serves(void **state)
{
	struct outcome o;
	char text[256];

	assert_int_equal(pipe(told), 0);
	assert_int_equal(pipe(hold), 0);
	fcntl(hold[1], F_SETFD, FD_CLOEXEC);
	o = run(detach_and_serve, NULL);
	close(told[1]);
	assert_int_equal(write(hold[1], "x", 1), 1);
	close(hold[0]);
	close(hold[1]);
	read_until_end(told[0], text, sizeof(text));
	assert_int_equal(o.status, 0);
	assert_non_null(strstr(o.text, "starting\n"));
	assert_null(strstr(o.text, "lost"));
	assert_null(strstr(o.text, "serving"));
	assert_string_equal(text, "own session; stdin is empty; serving");
}

static void detach_and_fail(void *arg)
{
	struct daemon_flags flags = { 0 };

	if (daemon_detach(&flags, NULL) != ERR_OK)
		_exit(7);
	fputs("port 53 is taken\n", stderr);
	_exit(1);
}

static void detach_and_crash(void *arg)
{
	struct daemon_flags flags = { 0 };

	if (daemon_detach(&flags, NULL) != ERR_OK)
		_exit(7);
	raise(SIGKILL);
}

static void a_daemon_that_fails_to_start_is_never_lost(void **state)
{
	struct outcome o = run(detach_and_fail, NULL);

	assert_int_equal(o.status, 1);
	assert_string_equal(o.text, "port 53 is taken\n");
	o = run(detach_and_crash, NULL);
	assert_int_equal(o.status, 1);
	assert_non_null(strstr(o.text, "ended by signal 9"));
}

static void detach_and_be_killed(void *arg)
{
	struct daemon_flags flags = { 0 };
	pid_t shell = getpid();

	if (daemon_detach(&flags, NULL) != ERR_OK)
		_exit(7);
	kill(shell, SIGKILL);
	while (getppid() == shell) /* until the parent is really gone */
		poll(NULL, 0, 1);
	daemon_ready();
	tell("still serving");
	_exit(0);
}

static void a_parent_that_was_killed_does_not_take_the_daemon_along(void **state)
{
	struct outcome o;
	char text[64];

	assert_int_equal(pipe(told), 0);
	o = run(detach_and_be_killed, NULL);
	close(told[1]);
	read_until_end(told[0], text, sizeof(text));
	assert_int_equal(o.status, -1);
	assert_string_equal(text, "still serving");
}

static void stay_and_print(void *arg)
{
	struct daemon_flags flags = { .foreground = true };
	pid_t before = getpid();

	if (daemon_detach(&flags, NULL) == ERR_OK && getpid() == before)
		printf("same process");
	daemon_ready();
}

static void in_the_foreground_nothing_forks(void **state)
{
	struct outcome o = run(stay_and_print, NULL);

	assert_string_equal(o.text, "same process");
	assert_int_equal(o.status, 0);
}

/* ---- systemd */

/* A socket bound as systemd would; an abstract name begins with '@'. */
static int listen_as_systemd(const char *name)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	memcpy(at.sun_path, name, strlen(name));
	if (name[0] == '@')
		at.sun_path[0] = 0;
	assert_int_equal(bind(fd, (struct sockaddr *)&at,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))),
			 0);
	setenv("NOTIFY_SOCKET", name, 1);
	return fd;
}

static void expect_datagram(int fd, const char *text)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char got[128];
	ssize_t n;

	assert_int_equal(poll(&p, 1, PATIENCE), 1);
	n = recv(fd, got, sizeof(got) - 1, 0);
	assert_true(n >= 0);
	got[n] = 0;
	assert_string_equal(got, text);
}

static void systemd_hears_of_each_state(void **state)
{
	char abstract[64], path[] = "/tmp/daemon-test-XXXXXX", file[64];
	int fd;

	snprintf(abstract, sizeof(abstract), "@fairlead-test-%d", (int)getpid());
	fd = listen_as_systemd(abstract);
	daemon_ready();
	expect_datagram(fd, "READY=1");
	daemon_notify("STOPPING=1");
	expect_datagram(fd, "STOPPING=1");
	close(fd);

	assert_non_null(mkdtemp(path));
	snprintf(file, sizeof(file), "%s/notify", path);
	fd = listen_as_systemd(file);
	daemon_notify("RELOADING=1");
	expect_datagram(fd, "RELOADING=1");
	close(fd);
	unlink(file);
	rmdir(path);
}

static void the_watchdog_hears_of_a_loop_that_turns(void **state)
{
	struct clock_hand hand;
	struct loop *loop;
	char name[64], pid[16];
	int fd;

	snprintf(name, sizeof(name), "@fairlead-test-watchdog-%d", (int)getpid());
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	fd = listen_as_systemd(name);
	setenv("WATCHDOG_USEC", "3000000", 1);
	setenv("WATCHDOG_PID", pid, 1);
	clock_hand_init(&hand, 1000000, 0);
	assert_int_equal(loop_new_wound(&loop, &hand.clock, NULL), ERR_OK);
	assert_int_equal(daemon_follow(loop, NULL), ERR_OK);
	clock_hand_advance_ms(&hand, 1499);
	loop_run_once(loop);
	assert_int_equal(recv(fd, name, sizeof(name), MSG_DONTWAIT), -1);
	clock_hand_advance_ms(&hand, 1);
	loop_run_once(loop);
	expect_datagram(fd, "WATCHDOG=1");
	loop_free(loop);
	close(fd);
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

static void a_wrong_notify_socket_is_no_trouble(void **state)
{
	char longer_than_any[300], path[] = "/tmp/fairlead-test-XXXXXX", file[64];
	int fd;

	memset(longer_than_any, 'x', sizeof(longer_than_any));
	longer_than_any[0] = '/';
	longer_than_any[sizeof(longer_than_any) - 1] = 0;
	setenv("NOTIFY_SOCKET", longer_than_any, 1);
	daemon_notify("READY=1");
	setenv("NOTIFY_SOCKET", "relative", 1);
	daemon_notify("READY=1");
	setenv("NOTIFY_SOCKET", "/nonexistent/socket", 1);
	daemon_notify("READY=1");
	setenv("NOTIFY_SOCKET", "", 1);
	daemon_notify("READY=1");
	unsetenv("NOTIFY_SOCKET");
	daemon_notify("READY=1");
	/* And the right one is told all the same. */
	assert_non_null(mkdtemp(path));
	snprintf(file, sizeof(file), "%s/notify", path);
	fd = listen_as_systemd(file);
	daemon_notify("READY=1");
	expect_datagram(fd, "READY=1");
	close(fd);
	unlink(file);
	rmdir(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flags_have_defaults_and_can_be_given_in_any_order),
		cmocka_unit_test(version_and_help_go_to_standard_output_with_zero),
		cmocka_unit_test(wrong_usage_says_what_and_exits_with_two),
		cmocka_unit_test(the_log_flag_sets_the_form),
		cmocka_unit_test(lines_for_the_journal_have_priorities_and_others_have_none),
		cmocka_unit_test(the_log_goes_to_a_file_from_a_level_on),
		cmocka_unit_test(the_prompt_comes_back_when_the_daemon_serves),
		cmocka_unit_test(a_daemon_that_fails_to_start_is_never_lost),
		cmocka_unit_test(a_parent_that_was_killed_does_not_take_the_daemon_along),
		cmocka_unit_test(in_the_foreground_nothing_forks),
		cmocka_unit_test(systemd_hears_of_each_state),
		cmocka_unit_test(the_watchdog_hears_of_a_loop_that_turns),
		cmocka_unit_test(a_wrong_notify_socket_is_no_trouble),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
