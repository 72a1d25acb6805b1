/* SPDX-License-Identifier: Apache-2.0 */
/* link_dial: a link that is dialled again whenever it has ended, until it is freed.
 *
 *   backoff -> resolving -> connecting -> the link (core/link.h) -> backoff ...
 *
 * A name is resolved anew each time, and its addresses are tried one after another. The backoff is
 * doubled up to its bound, with full jitter: after a restart of the listener its hundreds of peers
 * do not come back in step.
 *
 * Threads    the loop's
 * Ownership  the caller's, until link_free()
 * Errors     ERR_INPUT: no host, or no port; ERR_MEMORY. What fails later goes to refused(), and is
 *            tried again
 */
#ifndef FAIRLEAD_CORE_LINK_DIAL_H
#define FAIRLEAD_CORE_LINK_DIAL_H

#include "core/link.h"

enum err_code link_dial(struct link **out, struct loop *loop, struct tls *tls, const char *host,
			uint16_t port, const struct link_options *options,
			const struct link_handler *handler, void *ctx, struct err *e);

#endif
