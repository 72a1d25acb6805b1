/* SPDX-License-Identifier: Apache-2.0 */
/* send: messages onto a link, and those that every link of the fleet has: hello, welcome,
 * heartbeat, goodbye. Uplinks (regiond, proberd) and directors (dnsd) build them here.
 *
 * Threads    the loop's
 * Ownership  nothing is kept
 * Units      _ms milliseconds, _us monotonic microseconds, _e4 1e-4 degrees
 * Errors     ERR_INPUT outside the bounds of wire.h, ERR_LIMIT the peer does not read,
 *            ERR_REFUSED the link is not up, ERR_MEMORY; nothing was sent then
 * Source     schema/wire/fleet.proto
 */
#ifndef FAIRLEAD_SCHEMA_WIRE_SEND_H
#define FAIRLEAD_SCHEMA_WIRE_SEND_H

#include "core/link.h"
#include "schema/wire/wire.h"

/* What a daemon says of itself; the texts are borrowed. */
struct send_self {
	const char *software; /* "fairlead-regiond 0.1.0" */
	uint64_t incarnation; /* ms since 1970 */
	uint32_t heartbeat_ms;
	int32_t lat_e4, lon_e4;
};

enum err_code send_message(struct link *link, const wire_message *m, struct err *e);
enum err_code send_hello(struct link *link, const struct send_self *self, struct err *e);
enum err_code send_welcome(struct link *link, const char *software, const char *node,
			   struct err *e);
enum err_code send_heartbeat(struct link *link, uint64_t seq, uint64_t now_us, uint32_t period_ms,
			     struct err *e);
enum err_code send_goodbye(struct link *link, const char *reason, struct err *e);

#endif
