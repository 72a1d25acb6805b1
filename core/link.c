/* SPDX-License-Identifier: Apache-2.0 */
/* link: one kept-alive, mutually authenticated stream of frames between two daemons. */
#include "core/link.h"

#include "core/frame.h"
#include "core/socket.h"

#include <assert.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <openssl/err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* How long the last words may take to be read when nobody asked for more. */
#define LINGER_MS 1000

#define REASON_MAX  ERR_TEXT_MAX
#define ADDRESS_MAX 280 /* a host name of 255 and a port */

enum link_state {
	LINK_IDLE,	/* no stream; a dialler makes attempts */
	LINK_HANDSHAKE, /* TLS */
	LINK_GREETING,	/* we have sent "welcome" and wait for the peer's verdict */
	LINK_UP,
	LINK_CLOSING,	/* was up; the timer calls down() */
	LINK_DRAINING,	/* was up; flushes, then lingers */
	LINK_REFUSING,	/* flushes our refusal, then lingers */
	LINK_LINGERING, /* our side is closed, waits for the peer's end */
	LINK_OVER,	/* drained or freed; nothing happens any more */
	LINK_STATES,
};

/* A link that is freed inside one of its callbacks lives on as `freed` until the callback has
 * returned; what comes after a call of the handler looks at `state` again. */
struct link {
	enum link_state state;
	struct loop *loop;
	struct tls *tls;
	struct link_options options;
	struct link_handler handler;
	void *ctx;
	struct link_owner owner;
	void *owner_arg;
	struct loop_timer *timer; /* the deadline, or the next step, of `state` */

	struct bufferevent *bev;  /* handshake to draining */
	struct loop_watch *watch; /* lingering, on fd */
	int fd;			  /* -1 when bev has it */
	char address[ADDRESS_MAX];
	struct identity peer; /* role none: not known */
	struct err why;	      /* it ended */
	bool is_accepted;
	bool was_up; /* down() is still to be called */

	bool is_drained; /* after link_drain() */
	loop_fn drained;
	void *drained_arg;

	unsigned inside;
	bool freed;
};

/* ---- states */

#define BIT(state) (1u << (state))
static const unsigned moves[LINK_STATES] = {
	[LINK_IDLE] = BIT(LINK_HANDSHAKE) | BIT(LINK_IDLE),
	[LINK_HANDSHAKE] = BIT(LINK_GREETING) | BIT(LINK_REFUSING) | BIT(LINK_LINGERING) |
			   BIT(LINK_IDLE),
	[LINK_GREETING] = BIT(LINK_UP) | BIT(LINK_IDLE),
	[LINK_UP] = BIT(LINK_CLOSING) | BIT(LINK_DRAINING) | BIT(LINK_IDLE),
	[LINK_CLOSING] = BIT(LINK_IDLE),
	[LINK_DRAINING] = BIT(LINK_LINGERING) | BIT(LINK_IDLE),
	[LINK_REFUSING] = BIT(LINK_LINGERING) | BIT(LINK_IDLE),
	[LINK_LINGERING] = BIT(LINK_IDLE),
	[LINK_OVER] = 0,
};

/* A fault of the program when the step is not in the table. */
static void move(struct link *link, enum link_state to)
{
	assert(to == LINK_OVER || (moves[link->state] & BIT(to)));
	link->state = to;
}

/* ---- making and freeing */

void link_options_fill(struct link_options *to, const struct link_options *from)
{
	static const struct link_options usual = LINK_OPTIONS_DEFAULT;

	*to = from ? *from : usual;
	to->frame_max = to->frame_max ? to->frame_max : usual.frame_max;
	to->queue_max = to->queue_max ? to->queue_max : usual.queue_max;
	to->handshake_ms = to->handshake_ms ? to->handshake_ms : usual.handshake_ms;
	to->backoff_min_ms = to->backoff_min_ms ? to->backoff_min_ms : usual.backoff_min_ms;
	to->backoff_max_ms = to->backoff_max_ms ? to->backoff_max_ms : usual.backoff_max_ms;
	to->links_max = to->links_max ? to->links_max : usual.links_max;
	to->unverified_max = to->unverified_max ? to->unverified_max : usual.unverified_max;
	to->per_source_max = to->per_source_max ? to->per_source_max : usual.per_source_max;
}

static void on_timer(void *arg);

enum err_code link_new(struct link **out, struct loop *loop, struct tls *tls,
		       const struct link_options *options, const struct link_handler *handler,
		       void *ctx, const struct link_owner *owner, void *owner_arg)
{
	struct link *link = calloc(1, sizeof(*link));

	if (!link)
		return ERR_MEMORY;
	link->loop = loop;
	link->tls = tls;
	link->handler = *handler;
	link->ctx = ctx;
	link->owner = *owner;
	link->owner_arg = owner_arg;
	link->fd = -1;
	link_options_fill(&link->options, options);
	if (loop_timer_new(loop, &link->timer, on_timer, link) != ERR_OK) {
		free(link);
		return ERR_MEMORY;
	}
	*out = link;
	return ERR_OK;
}

/* Lets go of the socket, in whichever form the link has it. */
static void drop_socket(struct link *link)
{
	if (link->bev) {
		SSL *ssl = bufferevent_openssl_get_ssl(link->bev);

		if (SSL_is_init_finished(ssl))
			SSL_shutdown(ssl);
		ERR_clear_error();
		bufferevent_free(link->bev);
		link->bev = NULL;
	}
	loop_watch_free(link->watch);
	link->watch = NULL;
	if (link->fd >= 0)
		close(link->fd);
	link->fd = -1;
}

static void destroy(struct link *link)
{
	link->owner.free(link->owner_arg);
	free(link);
}

void link_free(struct link *link)
{
	if (!link || link->freed)
		return;
	link->freed = true;
	move(link, LINK_OVER);
	drop_socket(link);
	link->owner.stop(link->owner_arg);
	loop_timer_free(link->timer);
	link->timer = NULL;
	if (!link->inside)
		destroy(link);
}

void link_enter(struct link *link)
{
	link->inside++;
	loop_note_work(link->loop);
}

void link_leave(struct link *link)
{
	if (--link->inside == 0 && link->freed)
		destroy(link);
}

/* ---- ends */

static void call_drained(struct link *link)
{
	loop_fn done = link->drained;

	link->drained = NULL;
	if (done)
		done(link->drained_arg);
}

/* Nothing is left of the stream: what becomes of the link? */
static void finish(struct link *link)
{
	bool was_up = link->was_up;

	move(link, link->is_drained || link->is_accepted ? LINK_OVER : LINK_IDLE);
	link->was_up = false;
	loop_timer_stop(link->timer);
	call_drained(link);
	if (!link->freed && was_up)
		link->handler.down(link->ctx, link, link->why.text);
	if (!link->freed && link->is_accepted) {
		call_drained(link); /* when down() asked for it */
		link_free(link);
	}
	if (!link->freed && !link->is_drained && link->owner.over)
		link->owner.over(link->owner_arg, was_up);
}

static void report_refused(struct link *link)
{
	char who[ADDRESS_MAX + IDENTITY_TEXT_MAX + 4], uri[IDENTITY_TEXT_MAX];

	if (!link->handler.refused)
		return;
	if (link->peer.role != IDENTITY_NONE) {
		identity_text(&link->peer, uri);
		snprintf(who, sizeof(who), "%s (%s)", link->address, uri);
	} else {
		snprintf(who, sizeof(who), "%s", link->address);
	}
	link->handler.refused(link->ctx, who, &link->why);
}

static bool is_attempt(const struct link *link)
{
	return link->state == LINK_IDLE || link->state == LINK_HANDSHAKE ||
	       link->state == LINK_GREETING;
}

/* The end of an attempt or of a stream, with the callbacks that are due. */
static void end_for(struct link *link, const struct err *why)
{
	bool was_attempt = is_attempt(link);

	if (was_attempt || link->state == LINK_UP)
		link->why = *why;
	drop_socket(link);
	if (was_attempt)
		report_refused(link);
	if (!link->freed)
		finish(link);
}

static void end_saying(struct link *link, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static void end_saying(struct link *link, const char *fmt, ...)
{
	struct err why = { "" };
	va_list args;

	va_start(args, fmt);
	vsnprintf(why.text, sizeof(why.text), fmt, args);
	va_end(args);
	end_for(link, &why);
}

void link_attempt_failed(struct link *link, const struct err *why)
{
	end_for(link, why);
}

void link_refuse(struct link *link, const struct err *why)
{
	link_enter(link);
	end_for(link, why);
	link_leave(link);
}

/* Reason and callbacks are settled. */
static void finish_lingering(struct link *link)
{
	drop_socket(link);
	finish(link);
}

static void on_linger(void *arg, int fd, short what)
{
	struct link *link = arg;
	char waste[4096];
	ssize_t len;

	link_enter(link);
	do
		len = recv(fd, waste, sizeof(waste), MSG_DONTWAIT);
	while (len > 0 || (len < 0 && errno == EINTR));
	if (len == 0 || (errno != EAGAIN && errno != EWOULDBLOCK))
		finish_lingering(link);
	link_leave(link);
}

/* All is written: closes our side and waits, below TLS, for the peer to close its own. The
 * bufferevent closes its descriptor, so the link goes on with a copy. */
static void linger(struct link *link)
{
	int fd = dup(bufferevent_getfd(link->bev));

	drop_socket(link);
	link->fd = fd;
	if (fd < 0 || shutdown(fd, SHUT_WR) != 0 ||
	    loop_watch_new(link->loop, &link->watch, fd, EV_READ, on_linger, link) != ERR_OK) {
		drop_socket(link);
		finish(link);
		return;
	}
	move(link, LINK_LINGERING);
	if (!link->is_drained)
		loop_timer_after(link->timer, LINGER_MS);
}

/* The peer's certificate or its owner is not for us: says so to both sides. */
static void refuse(struct link *link, const struct err *why)
{
	link->why = *why;
	if (frame_add_verdict(bufferevent_get_output(link->bev), why->text) != ERR_OK) {
		end_for(link, why);
		return;
	}
	move(link, LINK_REFUSING);
	loop_timer_after(link->timer, LINGER_MS);
	report_refused(link);
}

/* ---- from the handshake to up */

static enum err_code verify(struct link *link, struct err *e)
{
	SSL *ssl = bufferevent_openssl_get_ssl(link->bev);
	enum err_code code = tls_peer_identity(ssl, &link->peer, e);

	if (code == ERR_OK && link->owner.verified)
		code = link->owner.verified(link->owner_arg, e);
	if (code == ERR_OK && link->handler.may)
		code = link->handler.may(link->ctx, &link->peer, e);
	if (code != ERR_OK && !e->text[0])
		err_set(e, code, "%s", err_name(code));
	return code;
}

static void on_secured(struct link *link)
{
	struct err e = { "" };
	enum err_code code = verify(link, &e);

	if (link->freed)
		return;
	if (code != ERR_OK)
		refuse(link, &e);
	else if (frame_add_verdict(bufferevent_get_output(link->bev), NULL) != ERR_OK)
		end_saying(link, "out of memory");
	else
		move(link, LINK_GREETING);
}

static void wait_for_more(struct link *link)
{
	if (link->options.idle_ms)
		loop_timer_after(link->timer, link->options.idle_ms);
	else
		loop_timer_stop(link->timer);
}

static void take_verdict(struct link *link, const uint8_t *bytes, size_t len)
{
	struct frame_verdict verdict;
	struct err e = { "" };

	if (frame_read_verdict(bytes, len, &verdict, &e) != ERR_OK) {
		end_saying(link, "the peer is not one of ours: %.800s", e.text);
	} else if (verdict.is_refusal) {
		err_set_sub(&e, ERR_DENIED, ERR_SUB_PEER_SAYS, "the peer refused us: %s",
			    verdict.reason);
		end_for(link, &e);
	} else {
		move(link, LINK_UP);
		link->was_up = true;
		wait_for_more(link);
		link->handler.up(link->ctx, link, &link->peer);
	}
}

/* One frame, if it is there; false = nothing more to do now. */
static bool take_frame(struct link *link, struct evbuffer *in)
{
	uint32_t max = link->state == LINK_GREETING ? FRAME_VERDICT_MAX : link->options.frame_max;
	const uint8_t *bytes;
	size_t len;
	struct err e;
	enum err_code code = frame_next(in, max, &bytes, &len, &e);

	if (code == ERR_AGAIN)
		return false;
	if (code != ERR_OK) {
		end_for(link, &e);
		return false;
	}
	if (link->state == LINK_GREETING)
		take_verdict(link, bytes, len);
	else
		link->handler.frame(link->ctx, link, bytes, len);
	if (!link->bev)
		return false;
	frame_drop(in, len);
	return true;
}

static void take_input(struct link *link)
{
	struct evbuffer *in = bufferevent_get_input(link->bev);

	while (link->state == LINK_UP || link->state == LINK_GREETING)
		if (!take_frame(link, in))
			break;
	if (link->state == LINK_DRAINING || link->state == LINK_REFUSING)
		evbuffer_drain(in, evbuffer_get_length(in));
}

/* ---- what the bufferevent tells */

static void on_read(struct bufferevent *bev, void *arg)
{
	struct link *link = arg;

	link_enter(link);
	if (link->state == LINK_UP)
		wait_for_more(link);
	take_input(link);
	link_leave(link);
}

/* The output had run empty when this was scheduled; something may have come since. */
static void on_written(struct bufferevent *bev, void *arg)
{
	struct link *link = arg;
	bool is_empty = evbuffer_get_length(bufferevent_get_output(bev)) == 0;

	link_enter(link);
	if (is_empty && (link->state == LINK_DRAINING || link->state == LINK_REFUSING))
		linger(link);
	link_leave(link);
}

static void say_why(const struct link *link, short what, char *out, size_t room)
{
	int errnum = EVUTIL_SOCKET_ERROR();
	unsigned long error = bufferevent_get_openssl_error(link->bev);
	const char *when = link->state == LINK_UP ? "" : " before it had accepted us";

	if (error)
		tls_explain(bufferevent_openssl_get_ssl(link->bev), error, out, room);
	else if ((what & BEV_EVENT_ERROR) && errnum)
		snprintf(out, room, "%s", strerror(errnum));
	else
		snprintf(out, room, "closed by the peer%s", when);
}

/* Our alert, which tells the peer what is wrong with its certificate, must not be overtaken by the
 * reset that the rest of the peer's handshake, unread, would cause. */
static void handshake_failed(struct link *link, const char *reason)
{
	err_set(&link->why, ERR_IO, "%s", reason);
	report_refused(link);
	if (!link->freed)
		linger(link);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
	struct link *link = arg;
	char reason[REASON_MAX];

	link_enter(link);
	if (what & BEV_EVENT_CONNECTED) {
		on_secured(link);
	} else if (link->state != LINK_CLOSING) {
		say_why(link, what, reason, sizeof(reason));
		if (link->state == LINK_HANDSHAKE && (what & BEV_EVENT_ERROR))
			handshake_failed(link, reason);
		else
			end_saying(link, "%s", reason);
	}
	link_leave(link);
}

void link_secure(struct link *link, int fd, SSL *ssl, bool accepting)
{
	enum bufferevent_ssl_state side = accepting ? BUFFEREVENT_SSL_ACCEPTING
						    : BUFFEREVENT_SSL_CONNECTING;

	link->fd = fd;
	link->is_accepted = accepting;
	memset(&link->peer, 0, sizeof(link->peer));
	move(link, LINK_HANDSHAKE);
	loop_timer_after(link->timer, link->options.handshake_ms);
	/* Deferred callbacks come in the order read, write, event, so that the frames that come
	 * with the peer's end are read before it, and never from inside one of our own calls. */
	if (ssl)
		link->bev = bufferevent_openssl_socket_new(loop_base(link->loop), fd, ssl, side,
							   BEV_OPT_CLOSE_ON_FREE |
								   BEV_OPT_DEFER_CALLBACKS);
	if (!link->bev) {
		if (ssl)
			SSL_free(ssl);
		end_saying(link, "out of memory for TLS");
		return;
	}
	link->fd = -1;
	socket_tune(fd, link->options.idle_ms ? link->options.idle_ms : 20000);
	bufferevent_setcb(link->bev, on_read, on_written, on_event, link);
	/* A frame of the largest size fits, and no peer fills more memory than that. */
	bufferevent_setwatermark(link->bev, EV_READ, 0,
				 (size_t)link->options.frame_max + FRAME_HEAD);
	bufferevent_enable(link->bev, EV_READ | EV_WRITE);
}

static void on_timer(void *arg)
{
	struct link *link = arg;

	link_enter(link);
	switch (link->state) {
	case LINK_HANDSHAKE:
	case LINK_GREETING:
		end_saying(link, "no answer within %u ms", link->options.handshake_ms);
		break;
	case LINK_UP: end_saying(link, "nothing received for %u ms", link->options.idle_ms); break;
	case LINK_DRAINING:
		err_set(&link->why, ERR_AGAIN, "drained, but %zu bytes were not sent",
			evbuffer_get_length(bufferevent_get_output(link->bev)));
		finish_lingering(link);
		break;
	case LINK_OVER: finish(link); break; /* drained when it was not up */
	default: finish_lingering(link); break;
	}
	link_leave(link);
}

/* ---- what the owner asks for */

enum err_code link_send(struct link *link, const void *bytes, size_t len)
{
	struct evbuffer *out;
	size_t waiting;
	char reason[REASON_MAX];

	if (link->state != LINK_UP)
		return ERR_REFUSED;
	if (len == 0)
		return ERR_INPUT;
	if (len > link->options.frame_max)
		return ERR_LIMIT;
	out = bufferevent_get_output(link->bev);
	waiting = evbuffer_get_length(out);
	if (waiting + FRAME_HEAD + len > link->options.queue_max) {
		snprintf(reason, sizeof(reason), "the peer is stuck: %zu bytes wait to be sent",
			 waiting);
		link_close(link, reason);
		return ERR_LIMIT;
	}
	return frame_add(out, bytes, len);
}

void link_close(struct link *link, const char *reason)
{
	if (link->state != LINK_UP)
		return;
	err_set(&link->why, ERR_REFUSED, "%s", reason);
	bufferevent_disable(link->bev, EV_READ | EV_WRITE);
	move(link, LINK_CLOSING);
	loop_timer_after(link->timer, 0);
}

void link_drain(struct link *link, uint64_t ms, loop_fn done, void *arg)
{
	link->is_drained = true;
	link->drained = done;
	link->drained_arg = arg;
	if (link->state == LINK_CLOSING)
		return;
	if (link->state != LINK_UP) {
		drop_socket(link);
		link->owner.stop(link->owner_arg);
		move(link, LINK_OVER);
		loop_timer_after(link->timer, 0);
		return;
	}
	err_set(&link->why, ERR_OK, "drained");
	move(link, LINK_DRAINING);
	loop_timer_after(link->timer, ms);
	if (evbuffer_get_length(bufferevent_get_output(link->bev)) == 0)
		bufferevent_trigger(link->bev, EV_WRITE, BEV_TRIG_IGNORE_WATERMARKS);
}

bool link_is_up(const struct link *link)
{
	return link->state == LINK_UP;
}

const struct identity *link_peer(const struct link *link)
{
	return &link->peer;
}

const char *link_address(const struct link *link)
{
	return link->address;
}

void link_set_ctx(struct link *link, void *ctx)
{
	link->ctx = ctx;
}

void link_set_address(struct link *link, const char *address)
{
	snprintf(link->address, sizeof(link->address), "%s", address);
}

const struct link_options *link_options(const struct link *link)
{
	return &link->options;
}

uint64_t link_bytes_received(const struct link *link)
{
	SSL *ssl = link->bev ? bufferevent_openssl_get_ssl(link->bev) : NULL;

	return ssl ? BIO_number_read(SSL_get_rbio(ssl)) : 0;
}
