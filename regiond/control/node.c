/* SPDX-License-Identifier: Apache-2.0 */
/* node: this regiond while it runs: its parts, and where it is in its life. */
#include "regiond/control/node.h"

#include <stdio.h>

const char *node_state_name(enum node_state state)
{
	static const char *const names[] = { "starting", "serving", "stopping" };
	return names[state];
}

bool node_is_ready(const struct node *n)
{
	return n->state == NODE_SERVING && !forced_node(n->forced);
}

void node_apply(struct node *n)
{
	const struct forced_drain *d = forced_node(n->forced);
	char reason[WIRE_REASON_MAX + 1];
	forced_apply(n->forced, n->table);
	if (n->state == NODE_STARTING)
		return;
	if (n->state == NODE_STOPPING) {
		reporter_withdraw(n->reporter, "stopping");
	} else if (d) {
		snprintf(reason, sizeof(reason), "drained by %.60s%s%.160s", d->by,
			 d->reason[0] ? ": " : "", d->reason);
		reporter_withdraw(n->reporter, reason);
	} else {
		reporter_withdraw(n->reporter, NULL);
	}
}
