/* SPDX-License-Identifier: Apache-2.0 */
/* node: this regiond while it runs: its parts, and where it is in its life. It is passed to those
 * who make documents, metrics and problems of it, read only; parts are changed through their own
 * functions. Only regiond.c (its life) and changeover.c (table, certificate) write in it.
 *
 *   STARTING ---first checks are in, or 3 s---> SERVING ---SIGTERM---> STOPPING ---> over
 *
 *   STARTING   listeners are bound, clients wait in their backlog, nothing is reported
 *   SERVING    clients and directors are served
 *   STOPPING   withdrawn; who still comes is served (stop.h)
 *
 * A drain of the node by an operator is not a state: it is withdrawn then, and serves.
 *
 * Threads    the control thread
 * Ownership  regiond.c makes and frees the parts; the table is the one the workers read
 */
#ifndef FAIRLEAD_REGIOND_NODE_H
#define FAIRLEAD_REGIOND_NODE_H

#include "core/clock.h"
#include "core/loop.h"
#include "regiond/back/checks.h"
#include "regiond/control/forced.h"
#include "regiond/front/front.h"
#include "regiond/report/reporter.h"

enum node_state { NODE_STARTING, NODE_SERVING, NODE_STOPPING };

struct node {
	const struct clock *clock;
	struct loop *loop;
	struct table *table; /* what was published last */
	struct table_ref ref;
	struct schedule *schedule;
	struct checks *checks;
	struct front *front;
	struct tls *tls; /* NULL without directors */
	struct reporter *reporter;
	struct forced *forced;
	enum node_state state;
	int64_t started_ms;
};

const char *node_state_name(enum node_state state);
/* Does it want new clients? */
bool node_is_ready(const struct node *n);
/* What operators forced, and where it is in its life, come into effect: backends, and what the
 * directors are told. */
void node_apply(struct node *n);

#endif
