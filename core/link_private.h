/* SPDX-License-Identifier: Apache-2.0 */
/* link_private: what link.c, link_dial.c and link_listen.c share and nobody else sees.
 *
 * link.c has the stream once there is a socket (handshake to over), link_dial.c how a dialler gets
 * a socket, link_listen.c how a listener does.
 *
 * Threads    the loop's
 * Ownership  a link that is freed inside one of its callbacks lives on as `freed` until the
 *            callback has returned: every entry from the loop stands between link_enter() and
 *            link_leave(), and looks at `state` again after each call of the handler
 */
#ifndef FAIRLEAD_CORE_LINK_PRIVATE_H
#define FAIRLEAD_CORE_LINK_PRIVATE_H

#include "core/link.h"
#include "core/resolve.h"

#include <event2/bufferevent.h>

#define LINK_REASON_MAX	 ERR_TEXT_MAX
#define LINK_ADDRESS_MAX 280 /* a host name of 255 and a port */

enum link_state {
	LINK_BACKOFF,	 /* a dialler waits for its timer */
	LINK_RESOLVING,	 /* ... for the resolver */
	LINK_CONNECTING, /* ... for the TCP handshake */
	LINK_HANDSHAKE,	 /* TLS */
	LINK_GREETING,	 /* we have sent "welcome" and wait for the peer's verdict */
	LINK_UP,
	LINK_CLOSING,	/* was up; the timer calls down() */
	LINK_DRAINING,	/* was up; flushes, then lingers */
	LINK_REFUSING,	/* flushes our refusal, then lingers */
	LINK_LINGERING, /* our side is closed, waits for the peer's end */
	LINK_OVER,	/* drained or freed; nothing happens any more */
	LINK_STATES,
};

struct link_dialler {
	char *host;
	uint16_t port;
	struct resolve *resolve;
	struct resolve_answer targets;
	unsigned next;	   /* target to try */
	unsigned failures; /* in a row, for the backoff */
};

struct link {
	enum link_state state;
	struct loop *loop;
	struct tls *tls;
	struct link_options options;
	struct link_handler handler;
	void *ctx;
	struct loop_timer *timer; /* the deadline, or the next step, of `state` */

	struct bufferevent *bev;  /* handshake to draining */
	struct loop_watch *watch; /* connecting and lingering, on fd */
	int fd;			  /* -1 when bev has it */
	char address[LINK_ADDRESS_MAX];
	struct identity peer; /* role none: not known */
	char reason[LINK_REASON_MAX];
	uint64_t up_since_us;
	bool was_up; /* down() is still to be called */

	bool is_drained; /* after link_drain() */
	loop_fn drained;
	void *drained_arg;

	unsigned inside;
	bool freed;

	struct link_dialler *dialler; /* NULL for an accepted link */
	struct link_listener *listener;
	struct link *next, **link; /* in the listener's list */
};

enum err_code link_make(struct link **out, struct loop *loop, struct tls *tls,
			const struct link_options *options, const struct link_handler *handler,
			void *ctx);
void link_set_defaults(struct link_options *to, const struct link_options *from);

void link_enter(struct link *link);
void link_leave(struct link *link); /* the link may be gone afterwards */

/* A fault of the program when the step is not in the table of link.c. */
void link_move(struct link *link, enum link_state to);

/* From a connected socket on; takes fd and ssl. The deadline of the handshake runs already. */
void link_secure(struct link *link, int fd, SSL *ssl, bool accepting);

/* The end of an attempt or of a link, with the callbacks that are due. */
void link_fail(struct link *link, const char *reason);

/* link_dial.c */
void link_dial_step(struct link *link); /* the backoff is over */
void link_dial_again(struct link *link, bool was_up);
void link_dial_drop(struct link *link); /* stops an attempt that has no stream yet */
void link_dialler_free(struct link_dialler *d);

/* link_listen.c */
void link_listen_forget(struct link *link);

#endif
