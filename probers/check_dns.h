/* SPDX-License-Identifier: Apache-2.0 */
/* check_dns: one query over UDP; code and address of the answer.
 *
 * Threads    as check_kind.h
 */
#ifndef FAIRLEAD_PROBERS_CHECK_DNS_H
#define FAIRLEAD_PROBERS_CHECK_DNS_H

#include "probers/check_kind.h"

extern const struct check_kind check_dns;

#endif
