/* SPDX-License-Identifier: Apache-2.0 */
/* cert: the fleet's own certificate authority, a directory with two files.
 *
 *   DIR/ca.crt    DIR/ca.key (0600)    DIR/NAME.crt    DIR/NAME.key (0600)
 *
 * All keys are ECDSA P-256. The authority's certificate carries spiffe://FLEET and may sign leaves
 * only (pathlen 0); a leaf carries exactly one URI SAN (core/identity.h), the names and addresses
 * asked for, and serves both ends of a connection, because every link is mutual.
 *
 * Threads    any; no state
 * Units      days from now; certificates are valid from one hour ago, for clocks that run behind
 * Errors     ERR_EXISTS when a file is there already (only cert_renew() replaces one), ERR_INPUT
 *            for an argument or a damaged authority; files that were begun are removed again
 * Source     RFC 5280, SPIFFE X509-SVID 1.0
 */
#ifndef FAIRLEAD_CORE_CERT_H
#define FAIRLEAD_CORE_CERT_H

#include "core/err.h"
#include "core/identity.h"

#include <stddef.h>
#include <stdint.h>

#define CERT_DAYS_MAX	   36500
#define CERT_ADDRESSES_MAX 64

struct cert_request {
	enum identity_role role;
	const char *name;
	const char *file;	      /* what its files are called; NULL = as `name` */
	const char *region;	      /* for regiond only; else NULL or "" */
	const char *const *addresses; /* DNS names and IP addresses; they are a help for tools such
					 as curl, nobody in the fleet is known by them */
	size_t addresses_len;
	unsigned days; /* may not outlive the authority */
};

/* Makes the directory when it is missing. */
enum err_code cert_make_ca(const char *dir, const char *fleet, unsigned days, struct err *e);
enum err_code cert_issue(const char *dir, const struct cert_request *request, struct err *e);

/* A new pair for DIR/FILE.crt, of the same identity and addresses, under the old names. days 0 =
 * for as long as the old one was made. The old pair stays when anything fails. */
enum err_code cert_renew(const char *dir, const char *file, unsigned days, struct err *e);

struct cert_info {
	char uri[IDENTITY_TEXT_MAX]; /* "spiffe://FLEET" of the authority itself */
	int64_t from_s, until_s;     /* seconds since 1970 */
};
/* What the first certificate in a PEM file says. */
enum err_code cert_read(const char *path, struct cert_info *out, struct err *e);

#endif
