/* SPDX-License-Identifier: Apache-2.0 */
/* check_tcp: a connection is made, and closed in the ordinary way.
 *
 * Threads    as check_kind.h
 */
#ifndef FAIRLEAD_PROBERS_CHECK_TCP_H
#define FAIRLEAD_PROBERS_CHECK_TCP_H

#include "probers/check_kind.h"

extern const struct check_kind check_tcp;

#endif
