/* SPDX-License-Identifier: Apache-2.0 */
/* tls_files: are a certificate, its key and the CA what peers will accept?
 *
 *   unusable   tls_new() fails with them: missing, no PEM, a key of another certificate
 *   refused    they load, and peers refuse them: expired, not yet valid, not signed by the CA, a CA
 *              that is none
 *   warning    they work, and something should be done: a key that others can read, an end that is
 *              near
 *
 * Threads    any, no state
 * Units      now_s in seconds since 1970
 * Errors     each finding is told by itself, as a sentence that begins with the file's name
 * Source     RFC 5280
 */
#ifndef FAIRLEAD_CORE_TLS_FILES_H
#define FAIRLEAD_CORE_TLS_FILES_H

#include "core/tls.h"

#include <stdint.h>

#define TLS_FILES_WARN_DAYS 30 /* before the end of a certificate */

enum tls_part { TLS_CERTIFICATE, TLS_KEY, TLS_CA };
enum tls_finding { TLS_UNUSABLE, TLS_REFUSED, TLS_WARNING };

typedef void (*tls_finding_fn)(void *ctx, enum tls_part part, enum tls_finding finding,
			       const char *text);

/* Calls fn for each finding; not at all when all is well. files->ca may be NULL. */
void tls_files_check(const struct tls_files *files, int64_t now_s, tls_finding_fn fn, void *ctx);

#endif
