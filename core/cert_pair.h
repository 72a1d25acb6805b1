/* SPDX-License-Identifier: Apache-2.0 */
/* cert_pair: a key and its certificate, and the two PEM files that hold them.
 *
 *   DIR/NAME.key (0600)    DIR/NAME.crt (0644)
 *
 * Threads    any; no state
 * Ownership  who gets a pair frees it with cert_pair_fini()
 * Errors     ERR_EXISTS where nothing may be overwritten; files that were begun are removed again
 */
#ifndef FAIRLEAD_CORE_CERT_PAIR_H
#define FAIRLEAD_CORE_CERT_PAIR_H

#include "core/err.h"

#include <limits.h>
#include <openssl/x509.h>

/* Either may be NULL. */
struct cert_pair {
	EVP_PKEY *key;
	X509 *certificate;
};

void cert_pair_fini(struct cert_pair *p);

/* Both files, which must not be there, or none. */
enum err_code cert_pair_write(const char *dir, const char *name, const struct cert_pair *pair,
			      struct err *e);
/* Over the files that are there. */
enum err_code cert_pair_replace(const char *dir, const char *name, const struct cert_pair *pair,
				struct err *e);
/* The authority's pair; ERR_INPUT when they do not belong together, or are no authority's. */
enum err_code cert_pair_load_ca(const char *dir, struct cert_pair *out, struct err *e);

/* The first certificate of a PEM file. */
enum err_code cert_load(const char *path, X509 **out, struct err *e);

enum err_code cert_path(const char *dir, const char *name, const char *suffix, char out[PATH_MAX],
			struct err *e);

/* ERR_INPUT with OpenSSL's newest reason. */
enum err_code cert_failed(struct err *e, const char *doing);

#endif
