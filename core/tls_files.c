/* SPDX-License-Identifier: Apache-2.0 */
/* tls_files: are a certificate, its key and the CA what peers will accept? */
#include "core/tls_files.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define SECONDS_PER_DAY 86400

struct look {
	const struct tls_files *files;
	int64_t now_s;
	tls_finding_fn fn;
	void *ctx;
	STACK_OF(X509) * chain, *ca; /* the certificate first; NULL = cannot be read */
};

__attribute__((format(printf, 4, 5))) static void
tell(const struct look *l, enum tls_part part, enum tls_finding finding, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	l->fn(l->ctx, part, finding, text);
}

static int no_pass_phrase(char *buf, int size, int rwflag, void *arg)
{
	return -1;
}

/* Every certificate of a file, at least one; NULL and said when there is none. */
static STACK_OF(X509) *
	read_certificates(const struct look *l, enum tls_part part, const char *path)
{
	STACK_OF(X509) *list = sk_X509_new_null();
	BIO *file;
	X509 *one;

	errno = 0;
	file = BIO_new_file(path, "r");
	if (!file && errno)
		tell(l, part, TLS_UNUSABLE, "%s: %s", path, strerror(errno));
	while (file && list && (one = PEM_read_bio_X509(file, NULL, no_pass_phrase, NULL)) != NULL)
		if (sk_X509_push(list, one) <= 0)
			X509_free(one);
	if (file && sk_X509_num(list) < 1)
		tell(l, part, TLS_UNUSABLE, "%s: no certificate in it, expected one as PEM", path);
	BIO_free(file);
	ERR_clear_error();
	if (sk_X509_num(list) >= 1)
		return list;
	sk_X509_free(list);
	return NULL;
}

static void day_text(const ASN1_TIME *time, char out[32])
{
	struct tm tm = { 0 };

	if (ASN1_TIME_to_tm(time, &tm) != 1 || strftime(out, 32, "%Y-%m-%d %H:%M UTC", &tm) == 0)
		snprintf(out, 32, "an unknown day");
}

static int64_t time_s(const ASN1_TIME *time)
{
	struct tm tm = { 0 };

	return ASN1_TIME_to_tm(time, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

static void look_at_times(const struct look *l, enum tls_part part, const char *path,
			  const X509 *certificate)
{
	int64_t begin_s = time_s(X509_get0_notBefore(certificate));
	int64_t end_s = time_s(X509_get0_notAfter(certificate));
	char day[32];

	day_text(X509_get0_notAfter(certificate), day);
	if (l->now_s > end_s)
		tell(l, part, TLS_REFUSED, "%s: has expired on %s", path, day);
	else if (end_s - l->now_s < TLS_FILES_WARN_DAYS * SECONDS_PER_DAY)
		tell(l, part, TLS_WARNING, "%s: expires on %s", path, day);
	day_text(X509_get0_notBefore(certificate), day);
	if (l->now_s < begin_s)
		tell(l, part, TLS_REFUSED, "%s: is not valid before %s", path, day);
}

/* ---- the key */

static void look_at_key(const struct look *l)
{
	const char *path = l->files->key;
	EVP_PKEY *key = NULL;
	struct stat st;
	BIO *file;

	errno = 0;
	file = BIO_new_file(path, "r");
	if (file)
		key = PEM_read_bio_PrivateKey(file, NULL, no_pass_phrase, NULL);
	if (!file)
		tell(l, TLS_KEY, TLS_UNUSABLE, "%s: %s", path,
		     errno ? strerror(errno) : "cannot be read");
	else if (!key)
		tell(l, TLS_KEY, TLS_UNUSABLE,
		     "%s: no private key in it, expected one as PEM without a pass phrase", path);
	else if (l->chain && X509_check_private_key(sk_X509_value(l->chain, 0), key) != 1)
		tell(l, TLS_KEY, TLS_UNUSABLE, "%s: does not belong to the certificate %s", path,
		     l->files->certificate);
	if (file && stat(path, &st) == 0 && st.st_mode & (S_IROTH | S_IWOTH))
		tell(l, TLS_KEY, TLS_WARNING, "%s: others can read it; chmod o= %s", path, path);
	EVP_PKEY_free(key);
	BIO_free(file);
	ERR_clear_error();
}

/* ---- the CA */

/* Whether each certificate of the file may sign others. A file may hold two CAs while one takes
 * over from the other: only when all have expired it is of no use. */
static bool look_at_ca(const struct look *l)
{
	const char *path = l->files->ca;
	int n = sk_X509_num(l->ca), n_expired = 0;
	bool is_good = true;

	for (int i = 0; i < n; i++) {
		X509 *ca = sk_X509_value(l->ca, i);

		n_expired += l->now_s > time_s(X509_get0_notAfter(ca));
		if (X509_check_ca(ca) > 0)
			continue;
		tell(l, TLS_CA, TLS_REFUSED, "%s: is no CA: its certificate may not sign others",
		     path);
		is_good = false;
		break;
	}
	for (int i = 0; i < n && (n == 1 || n_expired == n); i++)
		look_at_times(l, TLS_CA, path, sk_X509_value(l->ca, i));
	if (n > 1 && n_expired > 0 && n_expired < n)
		tell(l, TLS_CA, TLS_WARNING, "%s: %d of its %d CAs have expired and can go", path,
		     n_expired, n);
	return is_good;
}

/* Times are told apart: they do not make a certificate somebody else's. */
static void look_at_signature(const struct look *l)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	bool is_ready = store && ctx;

	for (int i = 0; is_ready && i < sk_X509_num(l->ca); i++)
		is_ready = X509_STORE_add_cert(store, sk_X509_value(l->ca, i)) == 1;
	if (is_ready)
		is_ready = X509_STORE_set_flags(store, X509_V_FLAG_NO_CHECK_TIME) == 1 &&
			   X509_STORE_CTX_init(ctx, store, sk_X509_value(l->chain, 0), l->chain) ==
				   1;
	if (is_ready && X509_verify_cert(ctx) != 1)
		tell(l, TLS_CERTIFICATE, TLS_REFUSED, "%s: is not signed by %s (%s)",
		     l->files->certificate, l->files->ca,
		     X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	ERR_clear_error();
}

void tls_files_check(const struct tls_files *files, int64_t now_s, tls_finding_fn fn, void *ctx)
{
	struct look l = { .files = files, .now_s = now_s, .fn = fn, .ctx = ctx };

	l.chain = read_certificates(&l, TLS_CERTIFICATE, files->certificate);
	if (files->ca)
		l.ca = read_certificates(&l, TLS_CA, files->ca);
	look_at_key(&l);
	if (l.chain)
		look_at_times(&l, TLS_CERTIFICATE, files->certificate, sk_X509_value(l.chain, 0));
	if (l.ca && look_at_ca(&l) && l.chain)
		look_at_signature(&l);
	sk_X509_pop_free(l.chain, X509_free);
	sk_X509_pop_free(l.ca, X509_free);
}
