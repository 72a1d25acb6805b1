/* SPDX-License-Identifier: Apache-2.0 */
/* reactor: what one worker waits for: descriptors, deadlines, and what goes on later. */
#include "regiond/stream/reactor.h"

#include <errno.h>
#include <unistd.h>

enum err_code reactor_init(struct reactor *r, uint64_t now_us, struct err *e)
{
	*r = (struct reactor){ .now_us = now_us };
	r->later_tail = &r->later;
	wheel_init(&r->wheel, now_us / 1000);
	r->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	return r->epoll_fd >= 0 ? ERR_OK : err_errno(e, errno, "epoll_create1");
}

void reactor_fini(struct reactor *r)
{
	while (r->later)
		reactor_turn(r);
	if (r->epoll_fd >= 0)
		close(r->epoll_fd);
	r->epoll_fd = -1;
}

enum err_code reactor_watch(struct reactor *r, int op, int fd, uint32_t events, struct watch *w)
{
	struct epoll_event ev = { .events = events, .data.ptr = w };
	return epoll_ctl(r->epoll_fd, op, fd, &ev) == 0 ? ERR_OK : ERR_IO;
}

void reactor_later(struct reactor *r, struct later *l, void (*fn)(struct later *l))
{
	l->fn = fn;
	if (l->queued)
		return;
	l->queued = true;
	l->next = NULL;
	*r->later_tail = l;
	r->later_tail = &l->next;
}

int reactor_wait_ms(const struct reactor *r)
{
	return r->later ? 0 : wheel_wait_ms(&r->wheel, r->now_us / 1000);
}

void reactor_turn(struct reactor *r)
{
	struct later *l = r->later;
	r->later = NULL;
	r->later_tail = &r->later;
	while (l) {
		struct later *next = l->next;
		l->queued = false;
		l->fn(l);
		l = next;
	}
	wheel_run(&r->wheel, r->now_us / 1000);
}
