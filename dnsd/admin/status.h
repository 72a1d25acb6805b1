/* SPDX-License-Identifier: Apache-2.0 */
/* status: one document about everything: nodes, regions, services, what is forced, what is wrong.
 *
 * Threads    the control thread
 * Ownership  the document is the caller's
 * Source     schema/api/openapi.yaml
 */
#ifndef FAIRLEAD_DNSD_ADMIN_STATUS_H
#define FAIRLEAD_DNSD_ADMIN_STATUS_H

#include "dnsd/admin/rooms.h"

json_t *status_doc(const struct rooms *r);

#endif
