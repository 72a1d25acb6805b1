/* SPDX-License-Identifier: Apache-2.0 */
/* policies: which policy does what the configuration names, and the two that share the turns of a
 * pool (turn.h).
 *
 *   round-robin         whose turn it is, whatever is in flight
 *   least-connections   the least in flight for the weight; whose turn it is, where it makes no
 *                       difference
 *
 * Compared is the fill after this connection, (in_flight + 1) / weight. No difference is one that
 * is smaller than this one connection: who has less in flight for its weight now than the best will
 * have then. Of 300 and 100, both idle, the first would win each time otherwise; with equal weights
 * these are the ties.
 */
#ifndef FAIRLEAD_REGIOND_POLICIES_H
#define FAIRLEAD_REGIOND_POLICIES_H

#include "regiond/back/balance.h"
#include "schema/config/regiond_config.h"

extern const struct balance balance_least_connections;
extern const struct balance balance_round_robin;

/* What `policy` is done by. A policy that is not there yet is done by least connections; the
 * loader has said so. */
const struct balance *policies_find(enum balance_policy policy);

#endif
