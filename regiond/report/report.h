/* SPDX-License-Identifier: Apache-2.0 */
/* report: the frames a regiond sends, from tallies.
 *
 * Threads    any, no state
 * Ownership  frames are appended to the caller's buffer
 * Errors     ERR_LIMIT: more services than a frame may hold; ERR_MEMORY
 * Source     schema/wire/fleet.proto, docs/wire.md
 */
#ifndef FAIRLEAD_REGIOND_REPORT_H
#define FAIRLEAD_REGIOND_REPORT_H

#include "core/buf.h"
#include "regiond/report/tally.h"

/* Something of the node itself that the directors' people should see. */
struct report_note {
	const char *kind; /* a literal: "descriptors" */
	char text[WIRE_REASON_MAX + 1];
};

/* What of the tallies goes in, and what a link had counted when it was made. */
struct report_scope {
	uint64_t seq;
	bool full;
	const bool *changed;   /* one each tally; not read when full */
	const uint64_t *bases; /* arrivals by service id when the link was made */
	size_t n_bases;	       /* a service with a later id began with 0 */
	const struct report_note *notes;
	size_t n_notes;
};

enum err_code report_pack(struct buf *out, const struct tally *tallies, size_t n,
			  const struct report_scope *scope, struct err *e);

#endif
