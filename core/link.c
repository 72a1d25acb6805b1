/* SPDX-License-Identifier: Apache-2.0 */
/* link: one kept-alive, mutually authenticated stream of frames between two daemons. */
#include "core/link.h"

#include "core/clock.h"
#include "core/frame.h"
#include "core/link_private.h"
#include "core/socket.h"

#include <assert.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* How long the last words may take to be read when nobody asked for more. */
#define LINGER_MS 1000

/* ---- states */

#define BIT(state) (1u << (state))
static const unsigned moves[LINK_STATES] = {
	[LINK_BACKOFF] = BIT(LINK_RESOLVING) | BIT(LINK_CONNECTING) | BIT(LINK_BACKOFF),
	[LINK_RESOLVING] = BIT(LINK_CONNECTING) | BIT(LINK_BACKOFF),
	[LINK_CONNECTING] = BIT(LINK_HANDSHAKE) | BIT(LINK_BACKOFF),
	[LINK_HANDSHAKE] = BIT(LINK_GREETING) | BIT(LINK_REFUSING) | BIT(LINK_LINGERING) |
			   BIT(LINK_BACKOFF),
	[LINK_GREETING] = BIT(LINK_UP) | BIT(LINK_BACKOFF),
	[LINK_UP] = BIT(LINK_CLOSING) | BIT(LINK_DRAINING) | BIT(LINK_BACKOFF),
	[LINK_CLOSING] = BIT(LINK_BACKOFF),
	[LINK_DRAINING] = BIT(LINK_LINGERING) | BIT(LINK_BACKOFF),
	[LINK_REFUSING] = BIT(LINK_LINGERING) | BIT(LINK_BACKOFF),
	[LINK_LINGERING] = BIT(LINK_BACKOFF),
	[LINK_OVER] = 0,
};

void link_move(struct link *link, enum link_state to)
{
	assert(to == LINK_OVER || (moves[link->state] & BIT(to)));
	link->state = to;
}

/* ---- making and freeing */

void link_set_defaults(struct link_options *to, const struct link_options *from)
{
	static const struct link_options usual = LINK_OPTIONS_DEFAULT;

	*to = from ? *from : usual;
	to->frame_max = to->frame_max ? to->frame_max : usual.frame_max;
	to->queue_max = to->queue_max ? to->queue_max : usual.queue_max;
	to->handshake_ms = to->handshake_ms ? to->handshake_ms : usual.handshake_ms;
	to->backoff_min_ms = to->backoff_min_ms ? to->backoff_min_ms : usual.backoff_min_ms;
	to->backoff_max_ms = to->backoff_max_ms ? to->backoff_max_ms : usual.backoff_max_ms;
	to->links_max = to->links_max ? to->links_max : usual.links_max;
}

static void on_timer(void *arg);

enum err_code link_make(struct link **out, struct loop *loop, struct tls *tls,
			const struct link_options *options, const struct link_handler *handler,
			void *ctx)
{
	struct link *link = calloc(1, sizeof(*link));

	if (!link)
		return ERR_MEMORY;
	link->loop = loop;
	link->tls = tls;
	link->handler = *handler;
	link->ctx = ctx;
	link->fd = -1;
	link_set_defaults(&link->options, options);
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
	link_dialler_free(link->dialler);
	free(link);
}

void link_free(struct link *link)
{
	if (!link || link->freed)
		return;
	link->freed = true;
	link_move(link, LINK_OVER);
	drop_socket(link);
	if (link->dialler)
		link_dial_drop(link);
	if (link->listener)
		link_listen_forget(link);
	loop_timer_free(link->timer);
	link->timer = NULL;
	if (!link->inside)
		destroy(link);
}

void link_enter(struct link *link)
{
	link->inside++;
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

	link_move(link, link->is_drained || !link->dialler ? LINK_OVER : LINK_BACKOFF);
	link->was_up = false;
	loop_timer_stop(link->timer);
	call_drained(link);
	if (!link->freed && was_up)
		link->handler.down(link->ctx, link, link->reason);
	if (!link->freed && !link->dialler) {
		call_drained(link); /* when down() asked for it */
		link_free(link);
	}
	if (!link->freed && !link->is_drained)
		link_dial_again(link, was_up);
}

static void report_refused(struct link *link)
{
	char who[LINK_ADDRESS_MAX + IDENTITY_TEXT_MAX + 4], uri[IDENTITY_TEXT_MAX];

	if (!link->handler.refused)
		return;
	if (link->peer.role != IDENTITY_NONE) {
		identity_text(&link->peer, uri);
		snprintf(who, sizeof(who), "%s (%s)", link->address, uri);
	} else {
		snprintf(who, sizeof(who), "%s", link->address);
	}
	link->handler.refused(link->ctx, who, link->reason);
}

void link_fail(struct link *link, const char *reason)
{
	bool is_attempt = link->state == LINK_RESOLVING || link->state == LINK_CONNECTING ||
			  link->state == LINK_HANDSHAKE || link->state == LINK_GREETING;

	if (is_attempt || link->state == LINK_UP)
		snprintf(link->reason, sizeof(link->reason), "%s", reason);
	drop_socket(link);
	if (is_attempt)
		report_refused(link);
	if (!link->freed)
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
		link_fail(link, "");
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
	link_move(link, LINK_LINGERING);
	if (!link->is_drained)
		loop_timer_after(link->timer, LINGER_MS);
}

/* The peer's certificate or its owner is not for us: says so to both sides. */
static void refuse(struct link *link, const char *reason)
{
	snprintf(link->reason, sizeof(link->reason), "%s", reason);
	if (frame_add_verdict(bufferevent_get_output(link->bev), reason) != ERR_OK) {
		link_fail(link, reason);
		return;
	}
	link_move(link, LINK_REFUSING);
	loop_timer_after(link->timer, LINGER_MS);
	report_refused(link);
}

/* ---- from the handshake to up */

static void on_secured(struct link *link)
{
	SSL *ssl = bufferevent_openssl_get_ssl(link->bev);
	struct err e = { "" };
	enum err_code code = tls_peer_identity(ssl, &link->peer, &e);

	if (code == ERR_OK && link->handler.may)
		code = link->handler.may(link->ctx, &link->peer, &e);
	if (link->freed)
		return;
	if (code != ERR_OK) {
		refuse(link, e.text[0] ? e.text : err_name(code));
		return;
	}
	if (frame_add_verdict(bufferevent_get_output(link->bev), NULL) != ERR_OK)
		link_fail(link, "no memory");
	else
		link_move(link, LINK_GREETING);
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
	struct err e;
	char reason[LINK_REASON_MAX];

	if (frame_read_verdict(bytes, len, &verdict, &e) != ERR_OK) {
		snprintf(reason, sizeof(reason), "the peer is not one of ours: %.800s", e.text);
		link_fail(link, reason);
	} else if (verdict.is_refusal) {
		snprintf(reason, sizeof(reason), "the peer refused us: %s", verdict.reason);
		link_fail(link, reason);
	} else {
		link_move(link, LINK_UP);
		link->was_up = true;
		link->up_since_us = clock_mono_us(clock_system());
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
		link_fail(link, e.text);
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
	snprintf(link->reason, sizeof(link->reason), "%s", reason);
	report_refused(link);
	if (!link->freed)
		linger(link);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
	struct link *link = arg;
	char reason[LINK_REASON_MAX];

	link_enter(link);
	if (what & BEV_EVENT_CONNECTED) {
		on_secured(link);
	} else if (link->state != LINK_CLOSING) {
		say_why(link, what, reason, sizeof(reason));
		if (link->state == LINK_HANDSHAKE && (what & BEV_EVENT_ERROR))
			handshake_failed(link, reason);
		else
			link_fail(link, reason);
	}
	link_leave(link);
}

void link_secure(struct link *link, int fd, SSL *ssl, bool accepting)
{
	enum bufferevent_ssl_state side = accepting ? BUFFEREVENT_SSL_ACCEPTING
						    : BUFFEREVENT_SSL_CONNECTING;

	link->fd = fd;
	memset(&link->peer, 0, sizeof(link->peer));
	link_move(link, LINK_HANDSHAKE);
	/* Deferred callbacks come in the order read, write, event, so that the frames that come
	 * with the peer's end are read before it, and never from inside one of our own calls. */
	if (ssl)
		link->bev = bufferevent_openssl_socket_new(loop_base(link->loop), fd, ssl, side,
							   BEV_OPT_CLOSE_ON_FREE |
								   BEV_OPT_DEFER_CALLBACKS);
	if (!link->bev) {
		link_fail(link, "no memory for TLS");
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
	char reason[LINK_REASON_MAX];

	link_enter(link);
	switch (link->state) {
	case LINK_BACKOFF: link_dial_step(link); break;
	case LINK_CONNECTING:
	case LINK_HANDSHAKE:
	case LINK_GREETING:
		snprintf(reason, sizeof(reason), "no answer within %u ms",
			 link->options.handshake_ms);
		link_fail(link, reason);
		break;
	case LINK_UP:
		snprintf(reason, sizeof(reason), "nothing received for %u ms",
			 link->options.idle_ms);
		link_fail(link, reason);
		break;
	case LINK_DRAINING:
		snprintf(link->reason, sizeof(link->reason), "drained, but %zu bytes were not sent",
			 evbuffer_get_length(bufferevent_get_output(link->bev)));
		link_fail(link, "");
		break;
	case LINK_OVER: finish(link); break; /* drained when it was not up */
	default: link_fail(link, ""); break; /* reason and callbacks are settled */
	}
	link_leave(link);
}

/* ---- what the owner asks for */

enum err_code link_send(struct link *link, const void *bytes, size_t len)
{
	struct evbuffer *out;
	size_t waiting;
	char reason[LINK_REASON_MAX];

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
	snprintf(link->reason, sizeof(link->reason), "%s", reason);
	bufferevent_disable(link->bev, EV_READ | EV_WRITE);
	link_move(link, LINK_CLOSING);
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
		if (link->dialler)
			link_dial_drop(link);
		link_move(link, LINK_OVER);
		loop_timer_after(link->timer, 0);
		return;
	}
	snprintf(link->reason, sizeof(link->reason), "drained");
	link_move(link, LINK_DRAINING);
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
