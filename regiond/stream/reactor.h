/* SPDX-License-Identifier: Apache-2.0 */
/* reactor: what one worker waits for: descriptors, deadlines, and what goes on later.
 *
 *   epoll_wait -> watches of the batch -> what is left for later -> deadlines -> epoll_wait
 *
 * Descriptors are watched edge-triggered, once, for everything; what an event points to is a watch,
 * embedded in what it wakes. An object that is closed within a batch may still be named by a later
 * event of it: it is freed by reactor_later(), which runs when the batch is over.
 *
 * Threads    one worker
 * Ownership  watches, laters and timers are embedded in their objects; descriptors are theirs
 * Units      _us, _ms: of the monotonic clock; now_us is set once a batch
 * Errors     ERR_IO from reactor_init() and reactor_watch()
 */
#ifndef FAIRLEAD_REGIOND_REACTOR_H
#define FAIRLEAD_REGIOND_REACTOR_H

#include "core/err.h"
#include "regiond/stream/wheel.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/epoll.h>

/* The object of type `type` whose `member` is at p. */
#define REACTOR_OBJECT(p, type, member) ((type *)((char *)(p)-offsetof(type, member)))

struct watch {
	void (*ready)(struct watch *w, uint32_t events); /* EPOLL* */
};

struct later {
	struct later *next;
	void (*fn)(struct later *l);
	bool queued;
};

struct reactor {
	int epoll_fd;
	uint64_t now_us;
	struct wheel wheel;
	struct later *later, **later_tail;
};

enum err_code reactor_init(struct reactor *r, uint64_t now_us, struct err *e);
void reactor_fini(struct reactor *r);

/* `op` is EPOLL_CTL_ADD or _MOD. A descriptor that is closed leaves by itself. */
enum err_code reactor_watch(struct reactor *r, int op, int fd, uint32_t events, struct watch *w);

/* fn(l) when this batch is over; fn replaces one that waits already. l may be freed by it. */
void reactor_later(struct reactor *r, struct later *l, void (*fn)(struct later *l));

/* How long epoll_wait(2) may wait; -1 = for ever. */
int reactor_wait_ms(const struct reactor *r);
/* After each batch: what was left for later, and the deadlines. */
void reactor_turn(struct reactor *r);

#endif
