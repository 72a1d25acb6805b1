/* SPDX-License-Identifier: Apache-2.0 */
/* io: one end of a byte stream over a descriptor that never blocks.
 *
 * A stream is plain (the bytes of the socket) or something over it (TLS): the relay and the
 * protocols speak to the vtable only. `raw` says that the descriptor's bytes are the stream's: then
 * splice(2) may carry them, and a short read says that all is read.
 *
 * The flags are what the last edge of epoll and the last call tell.
 *
 * Threads    one worker
 * Ownership  io_close() closes the descriptor
 * Units      bytes; _ms milliseconds
 */
#ifndef FAIRLEAD_REGIOND_IO_H
#define FAIRLEAD_REGIOND_IO_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/types.h>

/* A socket is watched for all of it, once: nothing is taken out and put back. */
#define IO_EVENTS (EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI | EPOLLET)

struct io;

struct io_ops {
	const char *name;
	bool raw;
	/* As recv(2) and send(2): -1 and errno, EAGAIN when it would block; 0 of read = its end. */
	ssize_t (*read)(struct io *io, void *to, size_t n);
	ssize_t (*write)(struct io *io, const void *from, size_t n);
	void (*end)(struct io *io); /* nothing more is written */
};

extern const struct io_ops io_plain;

struct io {
	const struct io_ops *ops;
	int fd; /* -1 = none */
	bool can_read, can_write;
	bool to_end; /* it has closed or failed: a short read does not mean all is read */
	bool urgent; /* urgent data is on its way: reads stop there, splice(2) goes no further */
};

/* Before the first event a socket may be written to, and nothing is known to read. */
void io_init(struct io *io, const struct io_ops *ops, int fd);
/* With a reset: what is not sent yet is thrown away, and the other end sees an error. */
void io_close(struct io *io, bool reset);
/* Notes what epoll said of it. */
void io_note(struct io *io, uint32_t events);

/* Urgent data (RFC 9293 3.8.5) is to lie in the stream as any other byte. What accept(2) returns
 * inherits it from the listening socket. */
int io_set_urgent_inline(int fd);

/* Of the other end's address, the port left out; 0 when it is gone. */
uint64_t io_peer_key(const struct io *io);

/* What the kernel knows of the other end, which no event tells: how the bytes that were written
 * went out. */
struct io_progress {
	uint64_t moved;	   /* bytes it has acknowledged and sent, since the beginning */
	uint64_t quiet_ms; /* since its last segment */
	bool owed;	   /* it lives, and has not got all that was written */
};
/* false = the kernel does not say: no TCP. */
bool io_progress(const struct io *io, struct io_progress *out);

#endif
