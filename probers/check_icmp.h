/* SPDX-License-Identifier: Apache-2.0 */
/* check_icmp: one echo request; by a ping socket, else by a raw one.
 *
 * Threads    as check_kind.h
 */
#ifndef FAIRLEAD_PROBERS_CHECK_ICMP_H
#define FAIRLEAD_PROBERS_CHECK_ICMP_H

#include "probers/check_kind.h"

extern const struct check_kind check_icmp;

/* For tests: as where ping sockets are not allowed. */
void check_icmp_use_raw(struct checker *checker);

#endif
