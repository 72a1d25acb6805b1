/* SPDX-License-Identifier: Apache-2.0 */
/* hash: the policy that sends a key to the same backend each time.
 *
 * Weighted rendezvous: each backend scores weight / -log2(hash of key and backend), the best score
 * wins. A backend that goes takes only its own keys along, and gets them back; one that is added
 * wins its share from all. Backends are told apart by their address, so all nodes of a region
 * agree.
 *
 * Of a relayed connection the key is the client's address.
 *
 * Source     D. Thaler, C. Ravishankar, "Using Name-Based Mappings to Increase Hit Rates", 1998
 */
#ifndef FAIRLEAD_REGIOND_HASH_H
#define FAIRLEAD_REGIOND_HASH_H

#include "regiond/back/balance.h"

extern const struct balance balance_hash;

#endif
