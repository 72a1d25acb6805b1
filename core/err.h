/* SPDX-License-Identifier: Apache-2.0 */
/* err: what went wrong and where, gathered on the way up.
 *
 * A function that can fail returns an enum err_code and, where a person will read the reason,
 * takes a struct err to fill. Each layer adds what it was doing with err_wrap(), so the text reads
 * from the outside in: "reload: zone example.com: line 4: unknown type".
 *
 * Threads    a struct err belongs to its caller; nothing is shared
 * Ownership  plain memory, no free
 * Errors     every function takes err == NULL ("nobody will read it") and returns code unchanged
 */
#ifndef FAIRLEAD_CORE_ERR_H
#define FAIRLEAD_CORE_ERR_H

#include <stddef.h>

enum err_code {
	ERR_OK = 0,
	ERR_MEMORY,    /* an allocation failed */
	ERR_INPUT,     /* bytes, a file or an argument are not what was expected */
	ERR_NOT_FOUND, /* the thing named does not exist */
	ERR_EXISTS,    /* the thing named exists already */
	ERR_IO,	       /* the system refused: file, socket, database */
	ERR_FULL,      /* no space left on the device */
	ERR_LIMIT,     /* a bound was reached: size, count, rate, queue */
	ERR_REFUSED,   /* understood, and not done: the state does not allow it */
	ERR_UNSAFE,    /* refused by a safety rule that an operator may override */
	ERR_DENIED,    /* the peer is not allowed to ask for it */
	ERR_AGAIN,     /* nothing wrong, come back later */
	ERR_NO_PATH,   /* the daemon has no such path or method: not the thing is missing */
};

/* What a program may want to know beyond the code, so that nothing hangs on the words of a text. */
enum err_sub {
	ERR_SUB_NONE = 0,
	ERR_SUB_FLEET,	    /* a certificate is good, and of another fleet */
	ERR_SUB_PEER_SAYS,  /* the reason is the peer's, not ours */
	ERR_SUB_UNVERIFIED, /* a connection whose peer had not proved who it is made room */
	ERR_SUB_CROWDED,    /* there are as many as there may be */
};

#define ERR_TEXT_MAX 1024

struct err {
	char text[ERR_TEXT_MAX]; /* always terminated; cut with "..." when too long */
	enum err_sub sub;
};

/* Replaces the text. Returns code, so that callers write `return err_set(e, ERR_INPUT, ...)`. */
enum err_code err_set(struct err *e, enum err_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The same, with a sub-code; err_set() and err_errno() clear it, err_wrap() keeps it. */
enum err_code err_set_sub(struct err *e, enum err_code code, enum err_sub sub, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Puts "WHERE: " before the text that is there. Returns code. */
enum err_code err_wrap(struct err *e, enum err_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* "WHAT: strerror(errnum)"; ENOSPC and EDQUOT give ERR_FULL, ENOMEM ERR_MEMORY, else ERR_IO. */
enum err_code err_errno(struct err *e, int errnum, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* A short stable word for a code: "input", "not_found", ... as the admin API prints it. */
const char *err_name(enum err_code code);

#endif
