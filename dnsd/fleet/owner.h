/* SPDX-License-Identifier: Apache-2.0 */
/* owner: whom a link belongs to; what link_set_ctx() is given, so that no frame searches for it.
 *
 * A link begins with an owner of neither kind, the session's; its hello gives it a node's or a
 * vantage's. Both live at least as long as their link.
 *
 * Threads    the control thread
 */
#ifndef FAIRLEAD_DNSD_FLEET_OWNER_H
#define FAIRLEAD_DNSD_FLEET_OWNER_H

struct fleet_session;
struct fleet_node;
struct fleet_vantage;

struct fleet_owner {
	struct fleet_session *session;
	struct fleet_node *node;       /* a regiond's link */
	struct fleet_vantage *vantage; /* a proberd's link */
};

#endif
