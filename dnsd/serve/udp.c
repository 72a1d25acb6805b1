/* SPDX-License-Identifier: Apache-2.0 */
/* udp: one worker: a thread with one socket, that answers in batches. */
#include "dnsd/serve/udp.h"

#include "core/rcu.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define BATCH	     32
#define IN_MAX	     4096 /* of a query: larger ones are cut by the kernel and get FORMERR */
#define OUT_MAX	     ANSWER_UDP_MAX
#define CONTROL_MAX  64
#define RECEIVE_ROOM (4 << 20)
#define LAST_BATCHES 64 /* answered after the word to stop: what waits in a full socket buffer */

/* Everything a batch needs, in one allocation of the worker. */
struct batch {
	struct mmsghdr in[BATCH], out[BATCH];
	struct iovec in_vec[BATCH], out_vec[BATCH];
	struct sockaddr_storage from[BATCH];
	_Alignas(struct cmsghdr) uint8_t control[BATCH][CONTROL_MAX];
	struct answer_job job[BATCH];
	uint8_t in_bytes[BATCH][IN_MAX];
	uint8_t out_bytes[BATCH][OUT_MAX];
};

/* ---- the socket ---- */

/* IPV6_V6ONLY cannot be set on a bound socket: it is set there. */
static enum err_code set_options(int fd, const struct endpoint *at, bool is_wildcard, bool is_bound)
{
	struct timeval wake = { .tv_usec = 250000 };
	int on = 1, room = RECEIVE_ROOM;

	/* It waits by SO_RCVTIMEO, whoever opened the socket. */
	if (fcntl(fd, F_SETFL, 0) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wake, sizeof(wake)) != 0)
		return ERR_IO;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room)); /* as much as we may have */
	if (!is_bound && at->addr.family == 6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) != 0)
		return ERR_IO;
	if (is_wildcard &&
	    (at->addr.family == 4
		     ? setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on))
		     : setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on))) != 0)
		return ERR_IO;
	return ERR_OK;
}

enum err_code udp_open(struct udp_worker *w, const struct endpoint *at, int fd, int cpu,
		       _Atomic(struct snapshot *) *snapshot, struct err *e)
{
	static const uint8_t any[16];
	struct sockaddr_storage sa;
	socklen_t len = endpoint_to_sockaddr(at, &sa);
	char text[ENDPOINT_TEXT_MAX];
	enum err_code rc;

	memset(w, 0, sizeof(*w));
	w->cpu = cpu;
	w->snapshot = snapshot;
	w->family = at->addr.family;
	w->is_wildcard = memcmp(at->addr.bytes, any, sizeof(any)) == 0;
	endpoint_text(at, text);
	w->fd = fd >= 0 ? fd : socket(sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (w->fd < 0 || set_options(w->fd, at, w->is_wildcard, fd >= 0) != ERR_OK ||
	    (fd < 0 && bind(w->fd, (struct sockaddr *)&sa, len) != 0)) {
		rc = err_errno(e, errno, "cannot listen on %s (UDP)", text);
		if (w->fd >= 0)
			close(w->fd);
		w->fd = -1;
		return rc;
	}
	/* All it needs is had before there is a thread: a socket that nobody reads would swallow
	 * its share of the queries. */
	w->batch = calloc(1, sizeof(*w->batch));
	rc = w->batch ? answer_scratch_init(&w->scratch) : ERR_MEMORY;
	if (rc != ERR_OK) {
		udp_close(w);
		return err_set(e, rc, "out of memory for a worker on %s", text);
	}
	return ERR_OK;
}

void udp_close(struct udp_worker *w)
{
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
	free(w->batch);
	w->batch = NULL;
	answer_scratch_fini(&w->scratch);
}

/* ---- the batch ---- */

static void batch_init(struct batch *b, bool is_wildcard)
{
	for (int i = 0; i < BATCH; i++) {
		b->in_vec[i] = (struct iovec){ b->in_bytes[i], IN_MAX };
		b->in[i].msg_hdr = (struct msghdr){
			.msg_name = &b->from[i],
			.msg_namelen = sizeof(b->from[i]),
			.msg_iov = &b->in_vec[i],
			.msg_iovlen = 1,
			.msg_control = is_wildcard ? b->control[i] : NULL,
			.msg_controllen = is_wildcard ? CONTROL_MAX : 0,
		};
	}
}

static int receive(struct udp_worker *w, struct batch *b)
{
	int n = recvmmsg(w->fd, b->in, BATCH, MSG_DONTWAIT, NULL);

	if (n >= 0 || (errno != EAGAIN && errno != EINTR))
		return n;
	rcu_offline();
	n = recvmmsg(w->fd, b->in, BATCH, MSG_WAITFORONE, NULL);
	rcu_online();
	return n;
}

/* From the socket's form to ours without a call: this runs for every packet. */
static inline void source_of(const struct sockaddr_storage *from, struct addr *out)
{
	if (from->ss_family == AF_INET) {
		memset(out->bytes + 4, 0, 12);
		memcpy(out->bytes, &((const struct sockaddr_in *)from)->sin_addr, 4);
		out->family = 4;
		return;
	}
	memcpy(out->bytes, &((const struct sockaddr_in6 *)from)->sin6_addr, 16);
	out->family = 6;
}

/* What a reply must carry so that it leaves from the address that was asked. The interface index is
 * cleared: routing decides where it leaves. */
static void turn_control(struct msghdr *h, uint8_t family)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(h);

	if (!c)
		return;
	if (family == 4 && c->cmsg_type == IP_PKTINFO)
		((struct in_pktinfo *)(void *)CMSG_DATA(c))->ipi_ifindex = 0;
	else if (family == 6 && c->cmsg_type == IPV6_PKTINFO) {
		struct in6_pktinfo *info = (struct in6_pktinfo *)(void *)CMSG_DATA(c);

		if (!IN6_IS_ADDR_LINKLOCAL(&info->ipi6_addr))
			info->ipi6_ifindex = 0;
	}
}

/* Answers in[0..n) and returns how many replies stand in out. */
static unsigned answer_all(struct udp_worker *w, struct batch *b, int n)
{
	const struct snapshot *snap = rcu_read(w->snapshot);
	unsigned replies = 0;
	struct addr source;

	for (int i = 0; i < n; i++) {
		source_of(&b->from[i], &source);
		answer_prepare(snap, &b->job[i], b->in_bytes[i], b->in[i].msg_len, &source,
			       ANSWER_UDP);
	}
	for (int i = 0; i < n; i++) {
		size_t len = answer_finish(snap, &w->scratch, &b->job[i], b->out_bytes[i], OUT_MAX);
		struct msghdr *from = &b->in[i].msg_hdr;

		if (!len)
			continue;
		b->out_vec[replies] = (struct iovec){ b->out_bytes[i], len };
		if (w->is_wildcard)
			turn_control(from, w->family);
		b->out[replies].msg_hdr = (struct msghdr){
			.msg_name = from->msg_name,
			.msg_namelen = from->msg_namelen,
			.msg_iov = &b->out_vec[replies],
			.msg_iovlen = 1,
			.msg_control = from->msg_control,
			.msg_controllen = w->is_wildcard ? from->msg_controllen : 0,
		};
		replies++;
	}
	return replies;
}

/* A reply that cannot be sent is dropped, as the network might: the client asks again. */
static void send_all(struct udp_worker *w, struct batch *b, unsigned n)
{
	unsigned at = 0;

	while (at < n) {
		int sent = sendmmsg(w->fd, b->out + at, n - at, 0);

		if (sent > 0)
			at += (unsigned)sent;
		else if (errno != EINTR)
			at++;
	}
}

static void reset(struct batch *b, int n, bool is_wildcard)
{
	for (int i = 0; i < n; i++) {
		b->in[i].msg_hdr.msg_namelen = sizeof(b->from[i]);
		if (is_wildcard)
			b->in[i].msg_hdr.msg_controllen = CONTROL_MAX;
	}
}

static void stand_on(int cpu)
{
	cpu_set_t set;

	if (cpu < 0)
		return;
	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	sched_setaffinity(0, sizeof(set), &set); /* only a wish */
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

/* One answer in so many is timed. */
#define SAMPLE_EVERY 64

static void answer_batch(struct udp_worker *w, struct batch *b, int n)
{
	bool is_sampled = w->untimed + (unsigned)n >= SAMPLE_EVERY;
	uint64_t start_ns = is_sampled ? now_ns() : 0;

	send_all(w, b, answer_all(w, b, n));
	if (is_sampled)
		counters_took(w->scratch.counters, now_ns() - start_ns);
	w->untimed = is_sampled ? 0 : w->untimed + (unsigned)n;
	rcu_quiet();
	reset(b, n, w->is_wildcard);
}

void *udp_run(void *worker)
{
	struct udp_worker *w = worker;
	struct batch *b = w->batch;
	int n;

	stand_on(w->cpu);
	batch_init(b, w->is_wildcard);
	rcu_reader_start();
	while (!atomic_load_explicit(&w->stopping, memory_order_relaxed)) {
		n = receive(w, b);
		if (n > 0)
			answer_batch(w, b, n);
		else
			rcu_quiet();
	}
	for (int i = 0; i < LAST_BATCHES; i++) {
		n = recvmmsg(w->fd, b->in, BATCH, MSG_DONTWAIT, NULL);
		if (n <= 0)
			break;
		answer_batch(w, b, n);
	}
	rcu_reader_stop();
	return NULL;
}
