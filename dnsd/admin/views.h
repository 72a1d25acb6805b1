/* SPDX-License-Identifier: Apache-2.0 */
/* views: the lists of the admin API: regions, services, members, overrides.
 *
 * Threads    the control thread
 * Ownership  documents are the caller's
 * Source     schema/api/openapi.yaml
 */
#ifndef FAIRLEAD_DNSD_ADMIN_VIEWS_H
#define FAIRLEAD_DNSD_ADMIN_VIEWS_H

#include "dnsd/admin/rooms.h"
#include "dnsd/admin/traffic.h"

json_t *views_regions(const struct rooms *r);
json_t *views_services(const struct rooms *r);
json_t *views_members(const struct rooms *r, const struct traffic *traffic, uint32_t service);
json_t *views_overrides(const struct rooms *r);

#endif
