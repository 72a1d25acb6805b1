/* SPDX-License-Identifier: Apache-2.0 */
/* check_kind: what a kind of check may call. */
#include "probers/check_kind.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct check_shared *check_shared(const struct check *check)
{
	return &check->checker->shared[check->spec->type];
}

/* The kind's sockets close now, but done() waits for the next turn: the kind may be anywhere. */
static void settle(struct check *check)
{
	check->settled = true;
	check->result.total_us = check_elapsed_us(check);
	check->kind->stop(check);
	loop_timer_after(check->timer, 0);
}

void check_pass(struct check *check)
{
	if (check->settled)
		return;
	check->result.pass = true;
	settle(check);
}

static void settle_as(struct check *check, bool not_made, const char *fmt, va_list args)
{
	if (check->settled)
		return;
	check->result.not_made = not_made;
	vsnprintf(check->result.reason, sizeof(check->result.reason), fmt, args);
	check_printable(check->result.reason);
	settle(check);
}

void check_fail(struct check *check, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	settle_as(check, false, fmt, args);
	va_end(args);
}

void check_not_made(struct check *check, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	settle_as(check, true, fmt, args);
	va_end(args);
}

/* What the kernel says of this machine, not of the target: no descriptor, no memory, no local port
 * (EADDRNOTAVAIL, EAGAIN of connect(2)), no permission (a local packet filter gives EPERM), no such
 * protocol here. */
static bool is_own_shortage(int errnum)
{
	switch (errnum) {
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
	case ENOSPC:
	case EADDRNOTAVAIL:
	case EAGAIN:
	case EACCES:
	case EPERM:
	case EAFNOSUPPORT:
	case EPROTONOSUPPORT: return true;
	default: return false;
	}
}

void check_errno(struct check *check, const char *what, int errnum)
{
	if (is_own_shortage(errnum)) {
		check_not_made(check, "%s: %s", what, strerror(errnum));
		return;
	}
	switch (errnum) {
	case ECONNREFUSED: check_fail(check, "refused"); break;
	case EHOSTUNREACH:
	case ENETUNREACH: check_fail(check, "unreachable"); break;
	case ECONNRESET: check_fail(check, "%s: connection reset", what); break;
	case ETIMEDOUT: check_fail(check, "timeout: the system gave up"); break;
	default: check_fail(check, "%s: %s", what, strerror(errnum)); break;
	}
}

uint64_t check_elapsed_us(const struct check *check)
{
	return clock_mono_us(check->checker->clock) - check->begun_us;
}

void check_connected(struct check *check)
{
	uint64_t us = check_elapsed_us(check);

	/* 0 means never: a connection within the clock's grain still took some time. */
	check->result.rtt_us = us == 0 ? 1 : us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

int check_socket_connected(const struct endpoint *to, int type, int protocol)
{
	struct sockaddr_storage sa;
	socklen_t len = endpoint_to_sockaddr(to, &sa);
	int fd = socket(sa.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
	int saved;

	if (fd < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&sa, len) == 0 || errno == EINPROGRESS)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}
