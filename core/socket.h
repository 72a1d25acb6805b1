/* SPDX-License-Identifier: Apache-2.0 */
/* socket: listening and connecting sockets with the options that all of ours need.
 *
 * All are non-blocking and closed on exec. TCP_NODELAY is set on listening sockets too, where
 * accept() inherits it: with Nagle each small TLS record of a reply would wait for a delayed ACK.
 *
 * Threads    any, no state
 * Ownership  the caller closes the descriptor
 * Units      _ms milliseconds
 * Errors     ERR_IO with the address; ERR_EXISTS for a Unix socket that somebody serves
 */
#ifndef FAIRLEAD_CORE_SOCKET_H
#define FAIRLEAD_CORE_SOCKET_H

#include "core/addr.h"
#include "core/err.h"

#include <sys/types.h>

enum err_code socket_listen(const struct endpoint *at, int *out, struct err *e);

/* Made with `mode` before anybody can connect; a stale one is replaced. */
enum err_code socket_listen_unix(const char *path, mode_t mode, int *out, struct err *e);

/* Begins to connect: ERR_AGAIN while it is under way (wait for EV_WRITE, then socket_error()). */
enum err_code socket_connect(const struct endpoint *to, int *out, struct err *e);
int socket_error(int fd); /* SO_ERROR, an errno value */

/* TCP_NODELAY, keepalive, and unacknowledged data for dead_ms means that the peer is gone. */
void socket_tune(int fd, unsigned dead_ms);

enum err_code socket_local(int fd, struct endpoint *out, struct err *e);

#endif
