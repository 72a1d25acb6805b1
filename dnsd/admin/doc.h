/* SPDX-License-Identifier: Apache-2.0 */
/* doc: small pieces of the admin API's documents, and how people write the name of a service.
 *
 * Threads    any
 * Ownership  what is returned is the caller's
 * Units      ms since 1970, ages in seconds
 */
#ifndef FAIRLEAD_DNSD_ADMIN_DOC_H
#define FAIRLEAD_DNSD_ADMIN_DOC_H

#include "schema/config/dnsd_config.h"
#include "schema/sql/store.h"

#include <jansson.h>

json_t *doc_time(int64_t ms);			    /* null for 0 */
json_t *doc_age(double age_s);			    /* null when it is negative: never */
json_t *doc_forced(const struct store_override *o); /* null or {id, kind, by, reason, until} */
/* Capitals and a dot at the end do not matter. UINT32_MAX = there is none. */
uint32_t doc_service_index(const struct dnsd_config *config, const char *name);
/* ERR_NOT_FOUND, with the name that may have been meant. */
enum err_code doc_no_service(const struct dnsd_config *config, const char *name, struct err *e);

#endif
