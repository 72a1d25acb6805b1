/* SPDX-License-Identifier: Apache-2.0 */
/* mailbox: calls that other threads want made on the thread that owns it.
 *
 *   any thread -> mailbox_post() -> fd is readable -> the owner: mailbox_read() -> fn(arg)
 *
 * The owner watches `fd` in whatever it waits with (libevent in core/loop, epoll in a worker).
 * Calls are made in the order of posting. What is posted by a call that mailbox_read() makes waits
 * for the next one, so that sockets and timers get their turn.
 *
 * Threads    mailbox_post(), mailbox_post_mail() and mailbox_wake() from any; the rest the owner's
 * Ownership  a struct mail is its poster's: untouched from posting until its fn is called or
 *            mailbox_unpost() has returned; mailbox_fini() drops what has not been read
 * Errors     ERR_MEMORY of mailbox_post() only; ERR_IO without a descriptor
 */
#ifndef FAIRLEAD_CORE_MAILBOX_H
#define FAIRLEAD_CORE_MAILBOX_H

#include "core/err.h"

#include <pthread.h>
#include <stdbool.h>

struct mail {
	void (*fn)(void *arg);
	void *arg;
	struct mail *next; /* the mailbox's */
	bool is_allocated; /* the mailbox's */
};

struct mailbox {
	int fd;
	pthread_mutex_t lock;
	struct mail *posted, **last;  /* under lock */
	struct mail *due, **last_due; /* taken, to be called: the owner's */
};

enum err_code mailbox_init(struct mailbox *box, struct err *e);
void mailbox_fini(struct mailbox *box);

enum err_code mailbox_post(struct mailbox *box, void (*fn)(void *arg), void *arg);
/* Without an allocation, for who must not fail. */
void mailbox_post_mail(struct mailbox *box, struct mail *mail);
void mailbox_wake(struct mailbox *box); /* fd becomes readable */

void mailbox_read(struct mailbox *box);
void mailbox_unpost(struct mailbox *box, struct mail *mail);

#endif
