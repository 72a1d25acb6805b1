/* SPDX-License-Identifier: Apache-2.0 */
/* listen: the listening sockets of one address, one for each worker.
 *
 * Threads    any
 * Ownership  the descriptors are the caller's
 * Errors     ERR_IO with the address; no socket is left open
 */
#ifndef FAIRLEAD_REGIOND_LISTEN_H
#define FAIRLEAD_REGIOND_LISTEN_H

#include "core/addr.h"
#include "core/err.h"

#include <stddef.h>

/* Fills fds[0..n). Port 0 picks one, the same for all; *bound says which. */
enum err_code listen_open(const struct endpoint *at, int *fds, size_t n, struct endpoint *bound,
			  struct err *e);

#endif
