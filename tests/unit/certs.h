/* SPDX-License-Identifier: Apache-2.0 */
/* certs: a fleet's certificates in a directory of their own, for tests.
 *
 * Ownership  certs_fini() removes the directory; the tls of certs_tls() is the caller's
 */
#ifndef FAIRLEAD_TESTS_CERTS_H
#define FAIRLEAD_TESTS_CERTS_H

#include "core/cert.h"
#include "core/tls.h"
#include "tests/unit/unit.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct certs {
	char dir[64];
};

static inline void certs_init(struct certs *c, const char *fleet)
{
	struct err e = { "" };

	snprintf(c->dir, sizeof(c->dir), "/tmp/fairlead-test-XXXXXX");
	assert_non_null(mkdtemp(c->dir));
	if (cert_make_ca(c->dir, fleet, 10, &e) != ERR_OK)
		fail_msg("%s", e.text);
}

static inline void certs_issue(const struct certs *c, enum identity_role role, const char *region,
			       const char *name)
{
	struct err e = { "" };
	const char *addresses[] = { "127.0.0.1", "localhost" };
	struct cert_request request = { .role = role,
					.name = name,
					.region = region,
					.addresses = addresses,
					.addresses_len = 2,
					.days = 1 };

	if (cert_issue(c->dir, &request, &e) != ERR_OK)
		fail_msg("%s", e.text);
}

static inline char *certs_path(const struct certs *c, const char *file, char out[PATH_MAX])
{
	snprintf(out, PATH_MAX, "%s/%s", c->dir, file);
	return out;
}

/* With the certificate NAME of `c`; trusts the authority of `trusts`, NULL = nobody is asked. */
static inline struct tls *certs_tls(const struct certs *c, const char *name,
				    const struct certs *trusts)
{
	char crt[PATH_MAX], key[PATH_MAX], ca[PATH_MAX];
	struct tls_files files = { .certificate = crt, .key = key };
	struct tls_options options;
	struct err e = { "" };
	struct tls *tls;

	snprintf(crt, sizeof(crt), "%s/%s.crt", c->dir, name);
	snprintf(key, sizeof(key), "%s/%s.key", c->dir, name);
	if (trusts)
		files.ca = certs_path(trusts, "ca.crt", ca);
	options = tls_context_fleet(&files);
	if (tls_new(&tls, &options, &e) != ERR_OK)
		fail_msg("%s", e.text);
	return tls;
}

static inline void certs_fini(struct certs *c)
{
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *dir = opendir(c->dir);

	while (dir && (entry = readdir(dir)))
		unlink(certs_path(c, entry->d_name, path));
	if (dir)
		closedir(dir);
	rmdir(c->dir);
}

#endif
