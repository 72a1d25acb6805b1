/* SPDX-License-Identifier: Apache-2.0 */
/* balance: which policy does what the configuration names. */
#include "regiond/back/balance.h"

#include "regiond/back/policies.h"

const struct balance *balance_of(enum balance_policy policy)
{
	switch (policy) {
	case BALANCE_ROUND_ROBIN: return &balance_round_robin;
	case BALANCE_LEAST_CONNECTIONS:
	case BALANCE_HASH:
	case BALANCE_PEAK_EWMA:
	case BALANCE_LEAST_TOKENS:
	case BALANCE_LMETRIC: break;
	}
	return &balance_least_connections;
}
