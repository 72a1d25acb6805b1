/* SPDX-License-Identifier: Apache-2.0 */
/* trouble: all that is wrong with this node now, and since when.
 *
 *   service_down, service_degraded   what its backends come to
 *   backend_unchecked                checks that could not be made here: a shortage of our own
 *   checks_stretched                 more checks than may be made in a second
 *   descriptors                      clients wait for file descriptors
 *   ports, memory                    connections to backends lack them
 *   director                         one that is not reported to, and why
 *   services_differ                  a director knows others than we do (reporter.h)
 *   state                            the file of the drains (forced.h)
 *   reload_refused, restart_needed   the configuration (changeover.h)
 *   certificate_expires              from EXPIRY_WARN_DAYS before (core/expiry.h)
 *
 * What is short here (checks, descriptors, ports, memory, the state file) the directors are told as
 * notes.
 *
 * The list is made anew by trouble_turn(); what was there the time before keeps its beginning.
 *
 * Threads    the control thread
 * Ownership  the list lives until the next turn
 * Units      seconds
 */
#ifndef FAIRLEAD_REGIOND_TROUBLE_H
#define FAIRLEAD_REGIOND_TROUBLE_H

#include "core/problem.h"
#include "regiond/control/changeover.h"
#include "regiond/control/node.h"

struct trouble;

enum err_code trouble_new(struct trouble **out, const struct node *node,
			  const struct changeover *reload);
void trouble_free(struct trouble *t);

void trouble_turn(struct trouble *t);
const struct problems *trouble_list(const struct trouble *t); /* sorted */

#endif
