/* SPDX-License-Identifier: Apache-2.0 */
/* little: a bench for checks: a loop, a checker, and little servers that answer as told.
 *
 * Threads    one: servers and checks share the loop
 * Ownership  little_fini() ends the servers too, and asserts that no descriptor was left open
 */
#ifndef FAIRLEAD_TESTS_PROBERS_LITTLE_H
#define FAIRLEAD_TESTS_PROBERS_LITTLE_H

#include "probers/check.h"
#include "tests/unit/unit.h"

#include <event2/listener.h>
#include <openssl/ssl.h>
#include <sys/resource.h>

struct little_server {
	struct event_base *base;
	struct evconnlistener *listener;
	struct bufferevent *connection; /* the newest */
	SSL_CTX *tls;			/* NULL = in the clear */
	struct endpoint at;
	const char *reply; /* NULL = never a word */
	size_t reply_len;
	bool stays_open;       /* after the reply */
	bool answers_anything; /* without waiting for the end of the headers */
	int accepted;
	char seen[4096]; /* of the newest request */
	size_t seen_len;
};

struct little {
	struct loop *loop;
	struct checker *checker;
	struct little_server server;
	int fds_before;

	rlim_t fds_limit;

	struct check *check;
	bool is_done;
	struct check_result result;
};

void little_init(struct little *l);
void little_fini(struct little *l);

/* A server that answers each request with `reply` and closes. */
void little_serve(struct little *l, const char *reply);
void little_serve_tls(struct little *l,
		      const char *reply); /* with a certificate of its own making */

/* From now on no descriptor can be made, until little_has_fds(). */
void little_has_no_fds(struct little *l);
void little_has_fds(struct little *l);

/* Checks and waits for the result, which is in l->result. */
void little_check(struct little *l, const struct config_monitor *m, const struct endpoint *to);
void little_start(struct little *l, const struct config_monitor *m, const struct endpoint *to);
void little_start_spec(struct little *l, struct check_spec *spec, const struct endpoint *to);
void little_wait(struct little *l);

/* An endpoint on 127.0.0.1 where nobody listens. */
struct endpoint little_nobody(void);
/* The endpoint of a bound socket. */
struct endpoint little_endpoint(int fd);

#endif
