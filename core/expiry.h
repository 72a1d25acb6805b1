/* SPDX-License-Identifier: Apache-2.0 */
/* expiry: how long our own certificate is good for, as a metric and as a problem.
 *
 *   fairlead_certificate_days_left     negative when it has expired
 *   "certificate_expires"              a warning from EXPIRY_WARN_DAYS before, critical from the
 *   end
 *
 * Threads    the control thread
 */
#ifndef FAIRLEAD_CORE_EXPIRY_H
#define FAIRLEAD_CORE_EXPIRY_H

#include "core/buf.h"
#include "core/problem.h"
#include "core/tls.h"

#define EXPIRY_WARN_DAYS 30

/* tls NULL: nothing. */
void expiry_metrics(struct tls *tls, int64_t now_s, struct buf *out);
void expiry_problems(struct tls *tls, const char *file, int64_t now_s, struct problems *out);

#endif
