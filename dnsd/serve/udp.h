/* SPDX-License-Identifier: Apache-2.0 */
/* udp: one worker: a thread with one socket, that answers in batches.
 *
 *   recvmmsg (do not wait) -> prepare all -> finish all -> sendmmsg -> quiet
 *        '-- nothing there: go offline, recvmmsg (wait), come online
 *
 * Workers of one address share it by SO_REUSEPORT and stand each on a core of its own.
 *
 * Threads    udp_open and udp_close from the control thread, udp_run is the thread
 * Errors     ERR_IO names the address
 */
#ifndef FAIRLEAD_DNSD_SERVE_UDP_H
#define FAIRLEAD_DNSD_SERVE_UDP_H

#include "core/addr.h"
#include "core/err.h"
#include "dnsd/answer/answer.h"

#include <stdbool.h>

struct udp_worker {
	int fd;
	int cpu;	  /* to stand on; -1 = anywhere */
	bool is_wildcard; /* replies must leave from the address that was asked */
	uint8_t family;
	_Atomic bool stopping;
	_Atomic(struct snapshot *) *snapshot;
	struct answer_scratch scratch;
	struct batch *batch;
	unsigned untimed; /* answers since one was timed */
};

/* fd: a socket that is bound there already, which it takes; -1 = make one. */
enum err_code udp_open(struct udp_worker *w, const struct endpoint *at, int fd, int cpu,
		       _Atomic(struct snapshot *) *snapshot, struct err *e);
void udp_close(struct udp_worker *w);
/* Until stopping is set, and at most a quarter of a second longer; what had arrived is answered. */
void *udp_run(void *worker);

#endif
