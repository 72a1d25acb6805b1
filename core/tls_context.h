/* SPDX-License-Identifier: Apache-2.0 */
/* tls_context: makes one OpenSSL context from options: the fleet's, or one for the public.
 *
 *              files        ca     alpn          sites        ticket_key
 *   fleet      this node's  the CA http/1.1      -            -
 *   public     the default  -      by protocol   one a name   shared by the nodes of a site
 *
 * A client that names a host is served by the first site whose certificate is of that name, else by
 * `files`. With `alpn` a client that offers protocols gets the first of ours that it offers, and is
 * refused if it offers none of them; one that offers nothing is served. Sessions are resumed only
 * with a ticket key, and never beside a CA: a certificate that is withdrawn must not live on in a
 * ticket.
 *
 * Threads    any, no state; a context may serve many threads
 * Ownership  the options are borrowed; what a context needs of them is freed with it
 * Errors     ERR_INPUT names the file and OpenSSL's reason; ERR_MEMORY
 * Source     RFC 8446; RFC 6066 section 3 (SNI), RFC 7301 (ALPN), RFC 5077 (ticket keys)
 */
#ifndef FAIRLEAD_CORE_TLS_CONTEXT_H
#define FAIRLEAD_CORE_TLS_CONTEXT_H

#include "core/err.h"

#include <openssl/ssl.h>
#include <stdint.h>

#define TLS_TICKET_KEY_LEN 80 /* 16 its name, 32 for HMAC, 32 for AES */
#define TLS_ALPN_MAX	   16 /* protocols, of at most 31 bytes */

struct tls_files {
	/* PEM; ca NULL = a server for anyone (no client certificate) */
	const char *certificate, *key, *ca;
};

struct tls_options {
	struct tls_files files;
	const struct tls_files *sites; /* their ca is not used */
	size_t n_sites;
	const char *const *alpn; /* the best first */
	size_t n_alpn;
	const uint8_t *ticket_key; /* TLS_TICKET_KEY_LEN bytes; NULL = sessions are not resumed */
};

/* The fleet's own, mutual: links offer no protocol, and HTTP is 1.1. */
struct tls_options tls_context_fleet(const struct tls_files *files);

enum err_code tls_context_make(const struct tls_options *options, SSL_CTX **out, struct err *e);

#endif
