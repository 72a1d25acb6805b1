/* SPDX-License-Identifier: Apache-2.0 */
/* check_result: what became of one check.
 *
 * Only what is evidence about the target passes or fails. A check that could not be made from here
 * is `not_made`: no descriptor, local port, memory or permission, an address family that this
 * machine does not have, or this process stood still past the deadline. Whoever counts results
 * leaves it out.
 *
 * Threads    constant once told
 * Units      _us microseconds
 */
#ifndef FAIRLEAD_PROBERS_CHECK_RESULT_H
#define FAIRLEAD_PROBERS_CHECK_RESULT_H

#include <stdbool.h>
#include <stdint.h>

/* Fits a Verdict's reason (WIRE_REASON_MAX). */
#define CHECK_REASON_MAX 200

struct check_result {
	bool pass;
	bool not_made; /* neither a pass nor a failure */
	/* "" when it passed; "timeout...", "refused", "status 503, expected 200", "body does not
	 * match", "tls: ..."; not made: "socket: Too many open files". */
	char reason[CHECK_REASON_MAX];
	uint32_t rtt_us; /* until connected (dns, icmp: until the reply); 0 = never was */
	uint64_t total_us;
};

/* Called once, never from within check_start(). The check is gone by then. */
typedef void (*check_done_fn)(void *arg, const struct check_result *result);

/* What is not printable ASCII becomes '?'. Reasons are such, so that they can be cut anywhere. */
void check_printable(char *text);

#endif
