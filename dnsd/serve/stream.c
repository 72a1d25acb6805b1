/* SPDX-License-Identifier: Apache-2.0 */
/* stream: DNS over TCP, all connections on one thread of their own. */
#include "dnsd/serve/stream.h"

#include "core/log.h"
#include "core/loop.h"
#include "core/rcu.h"
#include "core/reserve.h"
#include "dnsd/packet/dns.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <malloc.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BACKLOG	    1024
#define OUTPUT_HIGH (256u * 1024) /* waiting for a slow reader: beyond it we stop reading */
#define OUTPUT_LOW  (4u * 1024)	  /* every reader may have so much, however many there are */
#define INPUT_HIGH  (8u * 1024)	  /* queries read ahead; a longer one gets the room it needs */
#define TRIM_BYTES  (4u << 20)	  /* freed since the last trim: worth another */
#define TRIM_MS	    1000
#define PAUSE_MS    100 /* after accept() ran out of descriptors */
#define REST_MS	    5	/* at the reserve: what made room is closed first */
#define STOP_MS	    500 /* for readers to take their last answers */

struct conn {
	struct conn *prev, *next; /* the list goes from the longest silent to the newest heard */
	struct stream *stream;
	struct bufferevent *bev;
	struct addr source;
	size_t held;	/* bytes in its buffers, as last counted */
	bool is_paused; /* not read from: it has to read first */
	bool is_ending; /* goes when its answers are written */
	bool was_heard; /* has asked something */
	bool is_last;	/* goes when its first question is answered */
};

struct stream {
	struct loop *loop;
	struct evconnlistener **listeners;
	size_t n_listeners;
	struct loop_timer *resume, *deadline, *trim;
	size_t held, freed; /* bytes of all connections; given up since the last trim */
	struct stream_limits limits;
	struct reserve_cap cap;
	_Atomic(struct snapshot *) *snapshot;
	struct answer_scratch scratch;
	struct conn list; /* sentinel */
	_Atomic unsigned n_open;
	pthread_t thread;
	bool is_running;
	bool is_stopping; /* its own thread's */
	uint8_t *out;	  /* ANSWER_OUT_MAX */
};

/* ---- connections ---- */

static void list_remove(struct conn *c)
{
	c->prev->next = c->next;
	c->next->prev = c->prev;
}

static void list_append(struct conn *c)
{
	struct conn *head = &c->stream->list;

	c->prev = head->prev;
	c->next = head;
	c->prev->next = c;
	head->prev = c;
}

static void conn_free(struct conn *c)
{
	struct stream *s = c->stream;

	list_remove(c);
	atomic_fetch_sub(&s->n_open, 1);
	s->held -= c->held;
	s->freed += c->held;
	if (s->freed > TRIM_BYTES)
		loop_timer_after(s->trim, TRIM_MS);
	bufferevent_free(c->bev);
	free(c);
	if (s->is_stopping && !atomic_load(&s->n_open))
		loop_stop(s->loop);
}

/* The allocator keeps what was freed; many slow readers must not leave their memory behind. */
static void on_trim(void *arg)
{
	struct stream *s = arg;

	s->freed = 0;
	malloc_trim(0);
}

/* ---- memory: bounded in all ---- */

static void count_held(struct conn *c)
{
	size_t held = evbuffer_get_length(bufferevent_get_input(c->bev)) +
		      evbuffer_get_length(bufferevent_get_output(c->bev));

	if (held < c->held)
		c->stream->freed += c->held - held;
	c->stream->held += held - c->held;
	c->held = held;
}

/* What one connection may have waiting: an equal part of all there is, so that many slow readers
 * are slowed down before anybody is closed. */
static size_t output_high(const struct stream *s)
{
	size_t part = s->limits.bytes / 2 / (atomic_load(&s->n_open) + 1);

	return part > OUTPUT_HIGH ? OUTPUT_HIGH : part < OUTPUT_LOW ? OUTPUT_LOW : part;
}

/* Large answers go over their part: then those who have been silent longest and have not taken
 * their answers make room. `but` stays. */
static void make_room(struct stream *s, const struct conn *but)
{
	if (s->held <= s->limits.bytes)
		return;
	for (struct conn *c = s->list.next; c != &s->list; c = c->next)
		count_held(c); /* some has been written since */
	for (struct conn *c = s->list.next, *next; c != &s->list; c = next) {
		next = c->next;
		if (s->held <= s->limits.bytes)
			return;
		if (c != but && c->held)
			conn_free(c);
	}
}

static bool write_message(void *ctx, const uint8_t *message, size_t len)
{
	struct evbuffer *output = bufferevent_get_output(((struct conn *)ctx)->bev);
	uint8_t head[2];

	dns_put16(head, (uint16_t)len);
	return evbuffer_add(output, head, 2) == 0 && evbuffer_add(output, message, len) == 0;
}

/* False: what is not worth an answer is not worth a connection. */
static bool answer_one(struct conn *c, const uint8_t *message, size_t len)
{
	struct stream *s = c->stream;
	bool is_answered;

	rcu_online();
	is_answered = answer_stream(rcu_read(s->snapshot), &s->scratch, message, len, &c->source,
				    s->out, write_message, c);
	rcu_offline();
	return is_answered;
}

static bool has_output(const struct conn *c)
{
	return evbuffer_get_length(bufferevent_get_output(c->bev)) > 0;
}

/* Room for a message that is longer than what is read ahead. */
static void set_input_room(struct conn *c, size_t len)
{
	bufferevent_setwatermark(c->bev, EV_READ, 2, len > INPUT_HIGH ? len : INPUT_HIGH);
}

/* Answers every whole message that is there, until the peer would have to read first. False: the
 * connection is of no use any more. */
static bool answer_messages(struct conn *c)
{
	struct evbuffer *input = bufferevent_get_input(c->bev);
	struct evbuffer *output = bufferevent_get_output(c->bev);
	size_t high = output_high(c->stream);
	uint8_t head[2];

	while (evbuffer_copyout(input, head, 2) == 2) {
		size_t len = dns_get16(head);
		const uint8_t *whole;

		if (evbuffer_get_length(input) < len + 2) {
			set_input_room(c, len + 2);
			break;
		}
		if (evbuffer_get_length(output) > high) {
			c->is_paused = true;
			bufferevent_disable(c->bev, EV_READ);
			break;
		}
		whole = evbuffer_pullup(input, (ev_ssize_t)len + 2);
		if (!whole || !answer_one(c, whole + 2, len))
			return false;
		evbuffer_drain(input, len + 2);
	}
	return true;
}

static bool answer_input(struct conn *c)
{
	bool is_good = answer_messages(c);

	count_held(c);
	make_room(c->stream, c);
	return is_good;
}

static void end(struct conn *c);

static void on_read(struct bufferevent *bev, void *arg)
{
	struct conn *c = arg;

	list_remove(c);
	list_append(c);
	c->was_heard = true;
	if (!answer_input(c))
		conn_free(c);
	else if (c->is_last)
		end(c);
}

static void on_written(struct bufferevent *bev, void *arg)
{
	struct conn *c = arg;

	if (c->is_paused) {
		c->is_paused = false;
		if (!c->is_ending)
			bufferevent_enable(bev, EV_READ);
		if (!answer_input(c)) {
			conn_free(c);
			return;
		}
	}
	if (c->is_ending && !has_output(c))
		conn_free(c);
}

/* Nothing more will be read: it goes when what was asked is answered and written. */
static void end(struct conn *c)
{
	c->is_ending = true;
	bufferevent_disable(c->bev, EV_READ);
	if (!answer_input(c) || !has_output(c))
		conn_free(c);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
	struct conn *c = arg;

	if (what & (BEV_EVENT_ERROR | BEV_EVENT_TIMEOUT))
		conn_free(c);
	else if (what & BEV_EVENT_EOF) /* of its side; ours may still have answers to give */
		end(c);
}

static void set_accepting(struct stream *s, bool on)
{
	for (size_t i = 0; i < s->n_listeners; i++)
		if (on)
			evconnlistener_enable(s->listeners[i]);
		else
			evconnlistener_disable(s->listeners[i]);
}

/* The one silent longest goes when there are too many, or when clients have all the descriptors
 * they may have: the rest is for links, files and the admin socket. false = nobody can go. */
static bool make_place(struct stream *s, int fd)
{
	unsigned count = atomic_load(&s->n_open);

	if (reserve_is_reached(fd)) {
		set_accepting(s, false);
		loop_timer_after(s->resume, REST_MS);
	}
	if (!reserve_take_cap(&s->cap, fd, count, s->limits.connections,
			      clock_mono_us(loop_clock(s->loop))))
		return true;
	if (s->list.next == &s->list)
		return !reserve_is_reached(fd);
	conn_free(s->list.next);
	return true;
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *sa,
		      int len, void *arg)
{
	struct stream *s = arg;
	struct conn *c;
	struct timeval idle = { s->limits.idle_ms / 1000, s->limits.idle_ms % 1000 * 1000 };
	struct endpoint from;
	int on = 1;

	if (!make_place(s, fd)) {
		reserve_refuse(fd);
		return;
	}
	c = calloc(1, sizeof(*c));
	if (!c || endpoint_from_sockaddr(sa, &from) != ERR_OK) {
		free(c);
		close(fd);
		return;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	c->stream = s;
	c->source = from.addr;
	c->bev = bufferevent_socket_new(loop_base(s->loop), fd, BEV_OPT_CLOSE_ON_FREE);
	if (!c->bev) {
		free(c);
		close(fd);
		return;
	}
	list_append(c);
	atomic_fetch_add(&s->n_open, 1);
	bufferevent_setcb(c->bev, on_read, on_written, on_event, c);
	bufferevent_set_timeouts(c->bev, &idle, &idle);
	set_input_room(c, 0);
	bufferevent_enable(c->bev, EV_READ | EV_WRITE);
}

/* ---- accepting ---- */

static void on_resume(void *arg)
{
	set_accepting(arg, true);
}

/* Out of descriptors or memory: wait a little instead of spinning. */
static void on_accept_error(struct evconnlistener *listener, void *arg)
{
	static struct log_limit limit = LOG_LIMIT_INIT(1);
	struct stream *s = arg;

	log_limited(&limit, LOG_WARN, "dnsd/serve", "cannot accept a TCP connection: %s",
		    strerror(EVUTIL_SOCKET_ERROR()));
	set_accepting(s, false);
	loop_timer_after(s->resume, PAUSE_MS);
}

static enum err_code listen_on(struct stream *s, const struct endpoint *at, int fd, struct err *e)
{
	struct sockaddr_storage sa;
	socklen_t len = endpoint_to_sockaddr(at, &sa);
	char text[ENDPOINT_TEXT_MAX];
	struct evconnlistener *l;
	unsigned flags = LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE;

	if (at->addr.family == 6)
		flags |= LEV_OPT_BIND_IPV6ONLY;
	if (fd >= 0) /* whoever opened it may have left it blocking */
		evutil_make_socket_nonblocking(fd);
	if (fd >= 0)
		l = evconnlistener_new(loop_base(s->loop), on_accept, s, flags, BACKLOG, fd);
	else
		l = evconnlistener_new_bind(loop_base(s->loop), on_accept, s, flags, BACKLOG,
					    (struct sockaddr *)&sa, (int)len);
	if (!l) {
		if (fd >= 0)
			close(fd);
		endpoint_text(at, text);
		return err_errno(e, errno, "cannot listen on %s (TCP)", text);
	}
	evconnlistener_set_error_cb(l, on_accept_error);
	s->listeners[s->n_listeners++] = l;
	return ERR_OK;
}

/* ---- the end ---- */

/* Who has not asked, or does not read, is closed. (A bufferevent closes its socket in a turn of the
 * loop, so this is done before it ends.) */
static void on_deadline(void *arg)
{
	struct stream *s = arg;

	while (s->list.next != &s->list)
		conn_free(s->list.next);
	loop_stop(s->loop);
}

/* What the kernel has received and nobody has read yet. (A bufferevent's input takes bytes from
 * nobody but its own reading.) */
static void read_rest(struct conn *c)
{
	struct evbuffer *input = bufferevent_get_input(c->bev);

	evbuffer_unfreeze(input, 0);
	evbuffer_read(input, bufferevent_getfd(c->bev), DNS_MESSAGE_MAX + 2);
	evbuffer_freeze(input, 0);
}

/* Takes what has been received, and stays until it is answered and written. Who has only connected
 * is about to ask: its question is waited for. */
static void begin_end(void *arg)
{
	struct stream *s = arg;

	s->is_stopping = true;
	s->limits.bytes = SIZE_MAX / 2; /* nobody is closed to make room any more */
	set_accepting(s, false);
	loop_timer_stop(s->resume);
	loop_timer_after(s->deadline, STOP_MS);
	for (struct conn *c = s->list.next, *next; c != &s->list; c = next) {
		next = c->next;
		read_rest(c);
		c->is_last = !c->was_heard && !evbuffer_get_length(bufferevent_get_input(c->bev));
		if (!c->is_last)
			end(c);
	}
	if (!atomic_load(&s->n_open))
		loop_stop(s->loop);
}

/* ---- life ---- */

enum err_code stream_new(struct stream **out, const struct endpoint *at, size_t n,
			 struct handover *sockets, const struct stream_limits *limits,
			 _Atomic(struct snapshot *) *snapshot, struct err *e)
{
	struct stream *s = calloc(1, sizeof(*s));
	enum err_code rc = ERR_MEMORY;

	if (!s)
		return err_set(e, ERR_MEMORY, "out of memory for TCP");
	s->limits = *limits;
	if (!s->limits.bytes)
		s->limits.bytes = STREAM_BYTES_DEFAULT;
	s->snapshot = snapshot;
	s->list.prev = s->list.next = &s->list;
	s->out = malloc(ANSWER_OUT_MAX);
	s->listeners = calloc(n + 1, sizeof(struct evconnlistener *));
	if (s->out && s->listeners)
		rc = loop_new(&s->loop, e);
	if (rc == ERR_OK)
		rc = loop_timer_new(s->loop, &s->resume, on_resume, s);
	if (rc == ERR_OK)
		rc = loop_timer_new(s->loop, &s->deadline, on_deadline, s);
	if (rc == ERR_OK)
		rc = loop_timer_new(s->loop, &s->trim, on_trim, s);
	if (rc == ERR_OK)
		rc = answer_scratch_init(&s->scratch);
	for (size_t i = 0; rc == ERR_OK && i < n; i++)
		rc = listen_on(s, &at[i], handover_take(sockets, SOCK_STREAM, &at[i]), e);
	if (rc != ERR_OK) {
		stream_free(s);
		return rc;
	}
	*out = s;
	return ERR_OK;
}

static void *run(void *arg)
{
	struct stream *s = arg;

	rcu_reader_start();
	rcu_offline();
	loop_run(s->loop);
	rcu_online();
	rcu_reader_stop();
	return NULL;
}

enum err_code stream_start(struct stream *s, struct err *e)
{
	int errnum = pthread_create(&s->thread, NULL, run, s);

	if (errnum)
		return err_errno(e, errnum, "cannot start the TCP thread");
	s->is_running = true;
	return ERR_OK;
}

void stream_stop(struct stream *s)
{
	if (!s->is_running)
		return;
	if (loop_post(s->loop, begin_end, s) != ERR_OK)
		loop_stop(s->loop);
	pthread_join(s->thread, NULL);
	s->is_running = false;
}

void stream_free(struct stream *s)
{
	if (!s)
		return;
	stream_stop(s);
	while (s->list.next != &s->list)
		conn_free(s->list.next);
	for (size_t i = 0; i < s->n_listeners; i++)
		evconnlistener_free(s->listeners[i]);
	loop_timer_free(s->resume);
	loop_timer_free(s->deadline);
	loop_timer_free(s->trim);
	loop_free(s->loop);
	answer_scratch_fini(&s->scratch);
	free(s->listeners);
	free(s->out);
	free(s);
}

const struct answer_counters *stream_counters(const struct stream *s)
{
	return s->scratch.counters;
}

unsigned stream_open_count(const struct stream *s)
{
	return atomic_load(&s->n_open);
}

int stream_socket(const struct stream *s, size_t i)
{
	return i < s->n_listeners ? evconnlistener_get_fd(s->listeners[i]) : -1;
}
