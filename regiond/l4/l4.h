/* SPDX-License-Identifier: Apache-2.0 */
/* l4: the session of protocol tcp: one client, one backend, and the bytes between them.
 *
 *                          no place / nothing usable / all tried failed
 *            +------------------------------------------------------------> closed with a reset
 *            |
 *   accepted -> CONNECTING --connected--> RELAYING --both halves closed--> closed
 *                 |    ^                      |
 *                 +----+ refused, timed out   +--reset, idle too long----> closed with a reset
 *                 another backend, at most
 *                 POOL_TRIES in all
 *
 * Nothing is read from the client before a backend is connected, so another one can be tried
 * without the client noticing. A client that gives up meanwhile frees the place.
 *
 * Idle is a connection on which nothing moves. Events do not tell all of that: a slow reader takes
 * minutes over what lies in the kernel's buffers. So before it is ended both ends are asked what
 * they have acknowledged, and one that lives and is owed bytes is never cut off.
 *
 * Threads    one worker
 * Source     docs/choices/regiond-relay.md
 */
#ifndef FAIRLEAD_REGIOND_L4_H
#define FAIRLEAD_REGIOND_L4_H

#include "regiond/stream/session.h"

extern const struct session_ops l4_session;

#endif
