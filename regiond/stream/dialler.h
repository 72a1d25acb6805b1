/* SPDX-License-Identifier: Apache-2.0 */
/* dialler: a new connection to a backend, without waiting for it.
 *
 * It tells what the backend did from what we lack: descriptors, local ports, memory. A shortage of
 * ours says nothing about the backend, so it must never count against one.
 *
 * A client that closes first leaves us a port in TIME_WAIT for a minute: we have passed its close
 * on, and so were the first to close towards the backend. When connect(2) finds no port any more,
 * one is named by bind(2): the kernel then takes such a port again where time stamps keep old
 * segments out (RFC 6191). To close with a reset does not help: Linux enters TIME_WAIT when the
 * backend's FIN comes, before we know of it.
 *
 * This is the one place where connections to backends come from. One that outlives its request is
 * asked for here first, when there are such: a relayed connection is its client's alone.
 *
 * Threads    a dialler belongs to one worker; its counters may be read from any thread
 * Ownership  the io that is opened is the caller's
 */
#ifndef FAIRLEAD_REGIOND_DIALLER_H
#define FAIRLEAD_REGIOND_DIALLER_H

#include "regiond/back/backend.h"
#include "regiond/stream/io.h"
#include "regiond/stream/reactor.h"

enum dialled {
	DIAL_UNDER_WAY, /* the watch is told when it is connected, or failed */
	DIAL_FAILED,	/* by the backend */
	DIAL_SHORT,	/* by us */
};

/* What we may be short of: the connection was not made. */
enum shortage {
	SHORT_OF_DESCRIPTORS,
	SHORT_OF_PORTS,
	SHORT_OF_MEMORY,
	SHORT_REUSED_PORT, /* it was made, of a port in TIME_WAIT: soon there is none */
	SHORTAGES,
};
const char *shortage_name(enum shortage s); /* "descriptors", "ports", ... */

struct dialler {
	struct reactor *reactor;
	uint16_t port_low, port_high; /* of the kernel's local ports */
	uint16_t next_port;
	int reserve_fd;	   /* given up for the last client that got in; -1 = it was */
	bool short_of_fds; /* the reserve is gone: accepting is to pause */
	_Atomic uint64_t shortages[SHORTAGES];
};

void dialler_init(struct dialler *d, struct reactor *reactor);
void dialler_fini(struct dialler *d);

/* Are there descriptors for clients (again)? Opens the one in reserve when it was given up; false =
 * there is none yet, or only those that clients may not take (core/reserve.h). */
bool dialler_refill(struct dialler *d);

/* io is open when DIAL_UNDER_WAY is returned, else it is closed. */
enum dialled dialler_dial(struct dialler *d, const struct backend *b, struct io *io,
			  struct watch *watch);

#endif
