/* SPDX-License-Identifier: Apache-2.0 */
/* expiry: how long our own certificate is good for, as a metric and as a problem. */
#include "core/expiry.h"

#include "core/metrics.h"

#define DAY_S (24 * 60 * 60)

void expiry_metrics(struct tls *tls, int64_t now_s, struct buf *out)
{
	if (!tls)
		return;
	metrics_family(out, "fairlead_certificate_days_left", "gauge",
		       "Days until this node's certificate expires.");
	metrics_sample(out, "fairlead_certificate_days_left",
		       (double)(tls_expires_s(tls) - now_s) / DAY_S, NULL);
}

void expiry_problems(struct tls *tls, const char *file, int64_t now_s, struct problems *out)
{
	int64_t left_s = tls ? tls_expires_s(tls) - now_s : 0;

	if (!tls)
		return;
	if (left_s <= 0)
		problems_add(out, PROBLEM_CRITICAL, "certificate_expires", file, (double)-left_s,
			     "", "the certificate has expired: no peer takes a new link");
	else if (left_s < (int64_t)EXPIRY_WARN_DAYS * DAY_S)
		problems_add(out, PROBLEM_WARNING, "certificate_expires", file, -1, "",
			     "the certificate expires in %lld days", (long long)(left_s / DAY_S));
}
