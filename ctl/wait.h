/* SPDX-License-Identifier: Apache-2.0 */
/* wait: `drain --wait`: until no client is left, and what is waited for meanwhile.
 *
 *   drained --> TTL over --> nothing in use and nobody new for WAIT_QUIET_S --> empty
 *
 * Resolvers give out the old answer until its TTL is over, so a region that is empty before that
 * may yet get clients. A backend of a regiond has no TTL: only the quiet time counts. On a terminal
 * a line tells how far it is.
 *
 * Threads    one
 * Units      _s seconds
 * Errors     those of the requests; a region whose regiond does not report is waited for until its
 *            TTL is over, and said to be unknown
 */
#ifndef FAIRLEAD_CTL_WAIT_H
#define FAIRLEAD_CTL_WAIT_H

#include "ctl/cli.h"

/* Reports come every second: so many of them in a row have to show no client. */
#define WAIT_QUIET_S 10

struct wait_left {
	uint64_t used;	   /* in flight now */
	uint64_t arrivals; /* a counter of those that came; only its changes matter */
	bool is_reporting;
};
typedef enum outcome (*wait_ask_fn)(struct cli *cli, struct wait_left *left);

/* The TTL of the service's answers, or the longest of all services; asked before the drain. */
enum outcome wait_ttl(struct cli *cli, const char *service, unsigned *ttl_s);

/* what: "drain eu-west". */
enum outcome wait_empty(struct cli *cli, const char *what, unsigned ttl_s, wait_ask_fn ask);

#endif
