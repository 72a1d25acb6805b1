/* SPDX-License-Identifier: Apache-2.0 */
/* mapped: a file that others write, mapped so that nothing they do to it ends its reader. */
#include "dnsd/client/mapped.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct mapped {
	struct mapped *next; /* of this thread */
	uint8_t *bytes;
	size_t len, page;
	int fd;
	struct stat opened;
	volatile sig_atomic_t is_cut;
};

/* What the handler looks through: the files of the thread that faulted. */
static _Thread_local struct mapped *volatile mine;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct sigaction before;

/* ---- SIGBUS ---- */

static struct mapped *find(const uint8_t *at)
{
	struct mapped *m = mine;

	while (m && (at < m->bytes || at >= m->bytes + m->len))
		m = m->next;
	return m;
}

/* Zeros from the page that is gone to the end: a second fault of this file is not expected. Only
 * mmap() is called, which is a system call and nothing more. */
static bool put_zeros(struct mapped *m, const uint8_t *at)
{
	size_t from = (size_t)(at - m->bytes) / m->page * m->page;

	m->is_cut = 1;
	return mmap(m->bytes + from, m->len - from, PROT_READ,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED;
}

static void on_bus(int number, siginfo_t *info, void *context)
{
	int saved = errno;
	struct mapped *m = find(info->si_addr);

	if (m && put_zeros(m, info->si_addr)) {
		errno = saved;
		return;
	}
	if (before.sa_flags & SA_SIGINFO)
		before.sa_sigaction(number, info, context);
	else
		sigaction(SIGBUS, &before, NULL); /* the read faults again, and ends it */
}

static void install(void)
{
	struct sigaction a = { .sa_sigaction = on_bus, .sa_flags = SA_SIGINFO };

	sigemptyset(&a.sa_mask);
	sigaction(SIGBUS, &a, &before);
}

/* ---- files ---- */

static enum err_code map_open(struct mapped *m, const char *path, struct err *e)
{
	void *bytes;

	if (fstat(m->fd, &m->opened))
		return err_errno(e, errno, "%s", path);
	if (!S_ISREG(m->opened.st_mode) || !m->opened.st_size)
		return err_set(e, ERR_INPUT, "%s: it is empty or no regular file", path);
	bytes = mmap(NULL, (size_t)m->opened.st_size, PROT_READ, MAP_PRIVATE, m->fd, 0);
	if (bytes == MAP_FAILED)
		return err_errno(e, errno, "%s: mmap", path);
	m->bytes = bytes;
	m->len = (size_t)m->opened.st_size;
	/* Most of it is wanted at once; from a cold disk this reads ahead of the walk. */
	madvise(bytes, m->len, MADV_WILLNEED);
	return ERR_OK;
}

enum err_code mapped_open(const char *path, struct mapped **out, struct err *e)
{
	struct mapped *m = calloc(1, sizeof(*m));
	enum err_code code;

	if (!m)
		return err_set(e, ERR_MEMORY, "out of memory");
	pthread_once(&once, install);
	m->page = (size_t)sysconf(_SC_PAGESIZE);
	m->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	code = m->fd < 0 ? err_errno(e, errno, "%s", path) : map_open(m, path, e);
	if (code) {
		if (m->fd >= 0)
			close(m->fd);
		free(m);
		return code;
	}
	m->next = mine;
	mine = m;
	*out = m;
	return ERR_OK;
}

static void forget(const struct mapped *m)
{
	struct mapped *at = mine;

	if (at == m) {
		mine = m->next;
		return;
	}
	while (at && at->next != m)
		at = at->next;
	if (at)
		at->next = m->next;
}

void mapped_close(struct mapped *m)
{
	if (!m)
		return;
	forget(m);
	munmap(m->bytes, m->len);
	close(m->fd);
	free(m);
}

const uint8_t *mapped_bytes(const struct mapped *m)
{
	return m->bytes;
}

size_t mapped_len(const struct mapped *m)
{
	return m->len;
}

static bool is_same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

bool mapped_is_whole(const struct mapped *m)
{
	struct stat now;

	return !m->is_cut && fstat(m->fd, &now) == 0 && now.st_size == m->opened.st_size &&
	       is_same_time(&now.st_mtim, &m->opened.st_mtim);
}

void mapped_release(const struct mapped *m)
{
	if (!m->is_cut) /* the zeros must stay */
		madvise(m->bytes, m->len, MADV_DONTNEED);
}
