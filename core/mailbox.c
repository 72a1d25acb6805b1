/* SPDX-License-Identifier: Apache-2.0 */
/* mailbox: calls that other threads want made on the thread that owns it. */
#include "core/mailbox.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum err_code mailbox_init(struct mailbox *box, struct err *e)
{
	box->posted = box->due = NULL;
	box->last = &box->posted;
	box->last_due = &box->due;
	pthread_mutex_init(&box->lock, NULL);
	box->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	return box->fd < 0 ? err_errno(e, errno, "eventfd") : ERR_OK;
}

void mailbox_wake(struct mailbox *box)
{
	uint64_t one = 1;

	/* EAGAIN means that the counter is full: the owner is awake already. */
	while (write(box->fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

/* What was posted joins what is due, and is posted no more. */
static void take_posted(struct mailbox *box)
{
	pthread_mutex_lock(&box->lock);
	*box->last_due = box->posted;
	if (box->posted)
		box->last_due = box->last;
	box->posted = NULL;
	box->last = &box->posted;
	pthread_mutex_unlock(&box->lock);
}

static struct mail *next_due(struct mailbox *box)
{
	struct mail *mail = box->due;

	if (!mail)
		return NULL;
	box->due = mail->next;
	if (!box->due)
		box->last_due = &box->due;
	return mail;
}

/* When fn is called the memory of a mail is its poster's again. */
static void call(struct mail *mail)
{
	void (*fn)(void *arg) = mail->fn;
	void *arg = mail->arg;

	if (mail->is_allocated)
		free(mail);
	fn(arg);
}

void mailbox_read(struct mailbox *box)
{
	struct mail *mail;
	uint64_t count;

	while (read(box->fd, &count, sizeof(count)) < 0 && errno == EINTR)
		;
	take_posted(box);
	while ((mail = next_due(box)))
		call(mail);
}

void mailbox_fini(struct mailbox *box)
{
	struct mail *mail;

	take_posted(box);
	while ((mail = next_due(box)))
		if (mail->is_allocated)
			free(mail);
	if (box->fd >= 0)
		close(box->fd);
	pthread_mutex_destroy(&box->lock);
}

static void add(struct mailbox *box, struct mail *mail)
{
	bool was_empty;

	mail->next = NULL;
	pthread_mutex_lock(&box->lock);
	was_empty = !box->posted;
	*box->last = mail;
	box->last = &mail->next;
	pthread_mutex_unlock(&box->lock);
	if (was_empty)
		mailbox_wake(box);
}

enum err_code mailbox_post(struct mailbox *box, void (*fn)(void *arg), void *arg)
{
	struct mail *mail = malloc(sizeof(*mail));

	if (!mail)
		return ERR_MEMORY;
	*mail = (struct mail){ .fn = fn, .arg = arg, .is_allocated = true };
	add(box, mail);
	return ERR_OK;
}

void mailbox_post_mail(struct mailbox *box, struct mail *mail)
{
	mail->is_allocated = false;
	add(box, mail);
}

static bool unlink_mail(struct mail **list, struct mail ***last, struct mail *mail)
{
	for (struct mail **at = list; *at; at = &(*at)->next) {
		if (*at != mail)
			continue;
		*at = mail->next;
		if (!*at)
			*last = at;
		return true;
	}
	return false;
}

void mailbox_unpost(struct mailbox *box, struct mail *mail)
{
	if (unlink_mail(&box->due, &box->last_due, mail))
		return;
	pthread_mutex_lock(&box->lock);
	unlink_mail(&box->posted, &box->last, mail);
	pthread_mutex_unlock(&box->lock);
}
