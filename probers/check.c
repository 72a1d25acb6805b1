/* SPDX-License-Identifier: Apache-2.0 */
/* check: one health check of one address, without waiting. */
#include "probers/check.h"

#include "core/clock.h"
#include "probers/check_kind.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum err_code checker_new(struct checker **out, struct loop *loop, const struct clock *clock,
			  struct err *e)
{
	struct checker *checker = calloc(1, sizeof(*checker));

	if (!checker)
		return err_set(e, ERR_MEMORY, "checker: out of memory");
	checker->loop = loop;
	checker->clock = clock ? clock : clock_system();
	*out = checker;
	return ERR_OK;
}

void checker_free(struct checker *checker)
{
	if (!checker)
		return;
	check_http_pool_free(checker->http);
	free(checker);
}

static const struct check_kind *kind_of(enum monitor_type type)
{
	switch (type) {
	case MONITOR_HTTP:
	case MONITOR_HTTPS: return &check_http;
	case MONITOR_DNS: return &check_dns;
	case MONITOR_ICMP: return &check_icmp;
	case MONITOR_TCP: break;
	}
	return &check_tcp;
}

static void free_check(struct check *check)
{
	loop_timer_free(check->timer);
	check_spec_free(check->spec);
	free(check);
}

/* The check is gone before the caller hears of it: it may start the next one at once. */
static void deliver(struct check *check)
{
	struct check_result result = check->result;
	check_done_fn done = check->done;
	void *arg = check->arg;

	free_check(check);
	done(arg, &result);
}

/* When the deadline is judged this late, the loop has not turned meanwhile: answers may lie unread,
 * and requests have not been sent. That is our own stall, not the target's silence. */
#define STALL_US 250000

static void judge_deadline(struct check *check)
{
	uint64_t elapsed_us = check_elapsed_us(check), limit_us = check->spec->timeout_ms * 1000;

	if (elapsed_us > limit_us + STALL_US)
		check_not_made(check, "this process stood still for %llu ms",
			       (unsigned long long)(elapsed_us - limit_us) / 1000);
	else
		check_fail(check, "timeout: no %s within %llu ms", check->kind->waiting_for(check),
			   (unsigned long long)check->spec->timeout_ms);
}

static void on_timer(void *arg)
{
	struct check *check = arg;

	if (!check->settled && check->kind->at_deadline)
		check->kind->at_deadline(check);
	if (!check->settled)
		judge_deadline(check);
	deliver(check);
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

void check_printable(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
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

enum err_code check_start(struct checker *checker, struct check_spec *spec,
			  const struct endpoint *to, check_done_fn done, void *arg,
			  struct check **out)
{
	const struct check_kind *kind = kind_of(spec->type);
	struct check *check = calloc(1, kind->size);
	enum err_code code;

	if (!check)
		return ERR_MEMORY;
	check->kind = kind;
	check->checker = checker;
	check->spec = check_spec_hold(spec);
	check->to = *to;
	check->done = done;
	check->arg = arg;
	check->begun_us = clock_mono_us(checker->clock);
	code = loop_timer_new(checker->loop, &check->timer, on_timer, check);
	if (code == ERR_OK) {
		loop_timer_after(check->timer, spec->timeout_ms);
		code = kind->start(check);
		if (code != ERR_OK)
			kind->stop(check);
	}
	if (code != ERR_OK) {
		free_check(check);
		return code;
	}
	*out = check;
	return ERR_OK;
}

void check_cancel(struct check *check)
{
	if (!check)
		return;
	if (!check->settled)
		check->kind->stop(check);
	free_check(check);
}
