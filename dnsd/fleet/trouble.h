/* SPDX-License-Identifier: Apache-2.0 */
/* trouble: what is wrong with the fleet now.
 *
 *   kind               severity  subject
 *   region_missing     critical  region    no regiond of it is linked, and one was known
 *   node_missing       warning   node      known, not linked; another of its region is
 *   prober_missing     warning   prober    known, not linked
 *   prober_blind       warning   prober    sees nothing well: its failures do not count
 *   prober_stretched   warning   prober    over its limit: checks less often than asked for
 *   double_name        critical  node      two daemons under one name; the newer is refused
 *   address_down       warning   service   an address of a member is out, the member serves
 *   service_unmatched  warning   service   only one side knows it
 *
 * Threads    the control thread
 */
#ifndef FAIRLEAD_DNSD_FLEET_TROUBLE_H
#define FAIRLEAD_DNSD_FLEET_TROUBLE_H

#include "core/problem.h"
#include "dnsd/fleet/judge.h"

void fleet_trouble(const struct fleet_judge *j, uint64_t now_us, struct problems *out);

#endif
