/* SPDX-License-Identifier: Apache-2.0 */
/* tls: TLS 1.3 contexts that can be reloaded while they serve (OpenSSL).
 *
 * What a context is for stands in its options (core/tls_context.h). In the fleet both sides
 * present a certificate that chains to the fleet's CA and carries exactly one URI SAN
 * (core/identity.h); nobody is known by a host name.
 *
 * Threads    tls_take() and tls_free() from the control thread; tls_new(), tls_accept() and
 *            tls_connect() from any
 * Ownership  the caller frees the SSL; a reload leaves the sessions that are open as they are
 * Errors     ERR_INPUT names the file and OpenSSL's reason; a failed reload keeps the old context
 * Source     RFC 8446; contract "Who is who"
 */
#ifndef FAIRLEAD_CORE_TLS_H
#define FAIRLEAD_CORE_TLS_H

#include "core/err.h"
#include "core/identity.h"
#include "core/tls_context.h"

#include <openssl/ssl.h>
#include <stdint.h>

struct tls;

enum err_code tls_new(struct tls **out, const struct tls_options *options, struct err *e);
/* Becomes what `fresh` is, and frees that: the step of a reload that cannot fail. */
void tls_take(struct tls *tls, struct tls *fresh);
void tls_free(struct tls *tls);

SSL *tls_accept(struct tls *tls);  /* a new server-side session; NULL = out of memory */
SSL *tls_connect(struct tls *tls); /* a new client-side session */

/* The one URI SAN of a certificate. ERR_INPUT: "carries 2 URI SANs, expected one spiffe:// URI". */
enum err_code tls_certificate_uri(X509 *certificate, char out[IDENTITY_TEXT_MAX], struct err *e);

/* What our own certificate says; ERR_INPUT when it has no such URI. */
enum err_code tls_own_identity(struct tls *tls, struct identity *out, struct err *e);

/* When our own certificate ends, in seconds since 1970. */
int64_t tls_expires_s(struct tls *tls);

/* The peer's, after the handshake. ERR_DENIED with the reason as a sentence: no certificate, not
 * exactly one URI SAN, not one of core/identity.h, or of another fleet than our own. */
enum err_code tls_peer_identity(SSL *ssl, struct identity *out, struct err *e);

/* The newest reason in OpenSSL's queue of this thread, and empties it. */
void tls_reason(char *out, size_t room);

/* An error code of OpenSSL in the words of an operator, for one session: which check of the
 * peer's certificate failed, or what the peer's alert says of ours. */
void tls_explain(const SSL *ssl, unsigned long error, char *out, size_t room);

#endif
