/* SPDX-License-Identifier: Apache-2.0 */
/* link_listen: a listening socket that gives links, with places that only a verified peer can take.
 *
 *   accepted -> unverified (TLS handshake) -> verified, a place of its own -> the link's end
 *
 * Whoever can reach the port can open connections, so those that have not proved who they are have
 * bounds apart from the links: `unverified_max` in all, `per_source_max` from one address. When a
 * bound is reached the new one is taken, and another one makes room: of those that it counts, the
 * oldest that has sent nothing, or else the oldest. A peer of ours sends its hello at once, so it
 * is not the one. While connections make room only a few are accepted each 10 ms, so that who
 * reopens them costs a bounded part of a core.
 *
 * Threads    the loop's
 * Ownership  the caller's, until link_listener_free(), which closes its links without callbacks; it
 *            may be called from any of them
 * Errors     of the socket, with its address
 */
#ifndef FAIRLEAD_CORE_LINK_LISTEN_H
#define FAIRLEAD_CORE_LINK_LISTEN_H

#include "core/addr.h"
#include "core/link.h"

struct link_listener;

enum err_code link_listen(struct link_listener **out, struct loop *loop, struct tls *tls,
			  const struct endpoint *at, const struct link_options *options,
			  const struct link_handler *handler, void *ctx, struct err *e);
void link_listener_free(struct link_listener *l);

uint16_t link_listener_port(const struct link_listener *l);	  /* for tests, when 0 was asked */
unsigned link_listener_unverified(const struct link_listener *l); /* for tests */
unsigned link_listener_verified(const struct link_listener *l);	  /* for tests */

#endif
