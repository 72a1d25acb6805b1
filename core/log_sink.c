/* SPDX-License-Identifier: Apache-2.0 */
/* log_sink: where the lines of the log go, without ever holding up who writes one. */
#include "core/log_sink.h"

#include "core/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define RING_SIZE  (256 << 10)
#define AT_EXIT_MS 200
#define WAIT_MS	   1000 /* for a standard error that somebody has made non-blocking */

/* A line in the ring: this, then its bytes; both may go round the end. */
struct head {
	uint16_t len;
	uint8_t priority;
};

/* Set before threads start, read by the writer. */
static char *path; /* NULL = standard error, or the system log */
static bool to_system;
static int file_fd = -1;

static atomic_bool echoes, wants_reopen;
static _Atomic uint64_t dropped;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t came, emptied;
static bool is_started, is_writing; /* under lock, as all that follows */
static size_t at, used;
static char ring[RING_SIZE];

/* ---- writing, which may block ---- */

static void write_all(int fd, const char *line, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, line, len);
		struct pollfd p = { .fd = fd, .events = POLLOUT };

		if (n > 0) {
			line += n;
			len -= (size_t)n;
		} else if (n < 0 && errno == EAGAIN) {
			if (poll(&p, 1, WAIT_MS) == 0)
				return;
		} else if (n == 0 || errno != EINTR) {
			return; /* there is nowhere to tell of a log that cannot be written */
		}
	}
}

static int open_file(void)
{
	return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
}

/* When the new one cannot be opened, the old one is better than none. */
static void reopen_if_wanted(void)
{
	int fd;

	if (!atomic_exchange(&wants_reopen, false) || !path)
		return;
	fd = open_file();
	if (fd < 0)
		return;
	if (file_fd >= 0)
		close(file_fd);
	file_fd = fd;
}

static void write_out(int priority, const char *line, size_t len)
{
	reopen_if_wanted();
	if (file_fd >= 0)
		write_all(file_fd, line, len);
	else if (to_system)
		syslog(priority, "%.*s", (int)len, line);
	else
		write_all(STDERR_FILENO, line, len);
	if ((file_fd >= 0 || to_system) && atomic_load(&echoes))
		write_all(STDERR_FILENO, line, len);
}

/* ---- the ring, under lock ---- */

static void put(const void *bytes, size_t len)
{
	size_t to = (at + used) % RING_SIZE, first = RING_SIZE - to;

	if (first > len)
		first = len;
	memcpy(ring + to, bytes, first);
	memcpy(ring, (const char *)bytes + first, len - first);
	used += len;
}

static void take(void *bytes, size_t len)
{
	size_t first = RING_SIZE - at;

	if (first > len)
		first = len;
	memcpy(bytes, ring + at, first);
	memcpy((char *)bytes + first, ring, len - first);
	at = (at + len) % RING_SIZE;
	used -= len;
}

static void write_one(void)
{
	static char line[LOG_SINK_LINE_MAX];
	struct head head;

	take(&head, sizeof(head));
	take(line, head.len);
	is_writing = true;
	pthread_mutex_unlock(&lock);
	write_out(head.priority, line, head.len);
	pthread_mutex_lock(&lock);
	is_writing = false;
}

/* Opening may wait for a disk, and who logs must not. */
static void reopen_unlocked(void)
{
	pthread_mutex_unlock(&lock);
	reopen_if_wanted();
	pthread_mutex_lock(&lock);
}

static void *run(void *arg)
{
	pthread_mutex_lock(&lock);
	for (;;) { /* until the process ends */
		if (used > 0) {
			write_one();
			continue;
		}
		pthread_cond_signal(&emptied);
		pthread_cond_wait(&came, &lock);
		if (used == 0)
			reopen_unlocked();
	}
	return NULL;
}

/* ---- */

enum err_code log_sink_file(const char *to, struct err *e)
{
	char *own = strdup(to);

	if (!own)
		return err_set(e, ERR_MEMORY, "log file %s: out of memory", to);
	free(path);
	path = own;
	if (file_fd >= 0)
		close(file_fd);
	file_fd = open_file();
	return file_fd < 0 ? err_errno(e, errno, "log file %s", to) : ERR_OK;
}

void log_sink_system(const char *program)
{
	openlog(program, LOG_PID, LOG_DAEMON);
	to_system = true;
}

void log_sink_echo(bool echo)
{
	atomic_store(&echoes, echo);
}

bool log_sink_is_standard_error(void)
{
	return file_fd < 0 && !to_system;
}

static void stop_at_exit(void)
{
	log_sink_flush(AT_EXIT_MS);
}

enum err_code log_sink_start(struct err *e)
{
	pthread_condattr_t attr;
	sigset_t all, before;
	pthread_t thread;
	int result;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&came, &attr);
	pthread_cond_init(&emptied, &attr);
	pthread_condattr_destroy(&attr);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	result = pthread_create(&thread, NULL, run, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (result != 0)
		return err_set(e, ERR_LIMIT, "the thread that writes the log: %s",
			       strerror(result));
	pthread_detach(thread);
	is_started = true;
	atexit(stop_at_exit);
	return ERR_OK;
}

void log_sink_flush(uint64_t bound_ms)
{
	uint64_t until_us = clock_mono_us(clock_system()) + bound_ms * 1000;
	struct timespec until = { .tv_sec = (time_t)(until_us / 1000000),
				  .tv_nsec = (long)(until_us % 1000000 * 1000) };

	pthread_mutex_lock(&lock);
	while (is_started && (used > 0 || is_writing))
		if (pthread_cond_timedwait(&emptied, &lock, &until) != 0)
			break;
	pthread_mutex_unlock(&lock);
}

/* What is too long for a pipe's bound is a fault of the caller, and is cut. */
bool log_sink_write(int priority, const char *line, size_t len)
{
	struct head head = { .priority = (uint8_t)priority };
	bool fits;

	head.len = (uint16_t)(len < LOG_SINK_LINE_MAX ? len : LOG_SINK_LINE_MAX);
	pthread_mutex_lock(&lock);
	if (!is_started) {
		pthread_mutex_unlock(&lock);
		write_out(priority, line, head.len);
		return true;
	}
	fits = sizeof(head) + head.len <= RING_SIZE - used;
	if (fits) {
		put(&head, sizeof(head));
		put(line, head.len);
		pthread_cond_signal(&came);
	}
	pthread_mutex_unlock(&lock);
	if (!fits)
		atomic_fetch_add(&dropped, 1);
	return fits;
}

uint64_t log_sink_dropped(void)
{
	return atomic_load(&dropped);
}

void log_sink_reopen(void)
{
	atomic_store(&wants_reopen, true);
	pthread_mutex_lock(&lock);
	if (is_started)
		pthread_cond_signal(&came);
	pthread_mutex_unlock(&lock);
}
