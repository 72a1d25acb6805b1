/* SPDX-License-Identifier: Apache-2.0 */
/* dialler: a new connection to a backend, without waiting for it.
 *
 * It tells what the backend did from what we lack: descriptors, local ports, memory. A shortage of
 * ours says nothing about the backend, so it must never count against one.
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

/* What we may be short of. */
enum shortage { SHORT_OF_DESCRIPTORS, SHORT_OF_PORTS, SHORT_OF_MEMORY, SHORTAGES };
const char *shortage_name(enum shortage s); /* "descriptors", "ports", "memory" */

struct dialler {
	struct reactor *reactor;
	int reserve_fd;	   /* given up for the last client that got in; -1 = it was */
	bool short_of_fds; /* the reserve is gone: accepting is to pause */
	_Atomic uint64_t shortages[SHORTAGES];
};

void dialler_init(struct dialler *d, struct reactor *reactor);
void dialler_fini(struct dialler *d);

/* Opens the descriptor in reserve again when it was given up; false = there is none yet. A client
 * that is accepted has its backend's, then. */
bool dialler_refill(struct dialler *d);

/* io is open when DIAL_UNDER_WAY is returned, else it is closed. */
enum dialled dialler_dial(struct dialler *d, const struct backend *b, struct io *io,
			  struct watch *watch);

#endif
