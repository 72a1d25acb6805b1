/* SPDX-License-Identifier: Apache-2.0 */
/* check_kind: what a kind of check gives to check.c, and what it gets from there.
 *
 *   start() --> waiting --> check_pass(), check_fail() or check_not_made() --> stop() --> done()
 *                  \------> the deadline -----------------/
 *                   \-----> check_cancel(): stop(), no done()
 *
 * A kind may settle its check anywhere, in start() too: done() always comes from a turn of the
 * loop of its own, when no code of the kind is on the stack.
 *
 * Threads    the loop's
 * Ownership  the kind's struct begins with a struct check; check.c allocates it zeroed and frees
 *            it. stop() closes and frees what the kind has, and is called exactly once.
 */
#ifndef FAIRLEAD_PROBERS_CHECK_KIND_H
#define FAIRLEAD_PROBERS_CHECK_KIND_H

#include "probers/check.h"

struct check_kind {
	size_t size;
	enum err_code (*start)(struct check *check); /* ERR_MEMORY only, then stop() is called */
	void (*stop)(struct check *check);
	const char *(*waiting_for)(const struct check *check); /* at the deadline: "connection" */
	/* NULL, or settles at the deadline what is known enough; else it is a timeout. */
	void (*at_deadline)(struct check *check);
};

struct check_http_pool; /* libcurl's multi handle, in check_http.c */

struct checker {
	struct loop *loop;
	const struct clock *clock;
	struct check_http_pool *http; /* made when first needed */
	uint16_t echo_seq;
	bool icmp_raw_only; /* ping sockets are not allowed here: do not try each time */
};

struct check {
	const struct check_kind *kind;
	struct checker *checker;
	struct check_spec *spec;
	struct endpoint to;
	check_done_fn done;
	void *arg;

	struct loop_timer
		*timer; /* the deadline; once settled, the turn in which done() is called */
	uint64_t begun_us;
	bool settled;
	struct check_result result;
};

extern const struct check_kind check_tcp, check_http, check_dns, check_icmp;

/* The first word counts, later ones are ignored. */
void check_pass(struct check *check);
void check_fail(struct check *check, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Our own shortage kept it from being made: neither a pass nor a failure. */
void check_not_made(struct check *check, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* A failure, or not made, by what an errno speaks of: "refused", "unreachable", or strerror(). */
void check_errno(struct check *check, const char *what, int errnum);

uint64_t check_elapsed_us(const struct check *check);
void check_connected(struct check *check); /* sets rtt_us from the time gone by */

/* A non-blocking close-on-exec datagram socket that only hears from and sends to `to`. */
int check_socket_connected(const struct endpoint *to, int type, int protocol);

void check_http_pool_free(struct check_http_pool *pool);

#endif
