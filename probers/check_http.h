/* SPDX-License-Identifier: Apache-2.0 */
/* check_http: a fresh connection to the address, one request, no redirects; then status and body.
 *
 * Threads    as check_kind.h
 */
#ifndef FAIRLEAD_PROBERS_CHECK_HTTP_H
#define FAIRLEAD_PROBERS_CHECK_HTTP_H

#include "probers/check_kind.h"

extern const struct check_kind check_http;

#endif
