/* SPDX-License-Identifier: Apache-2.0 */
/* cert_pair: a key and its certificate, and the two PEM files that hold them. */
#include "core/cert_pair.h"

#include "core/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

void cert_pair_fini(struct cert_pair *p)
{
	EVP_PKEY_free(p->key);
	X509_free(p->certificate);
}

enum err_code cert_failed(struct err *e, const char *doing)
{
	char reason[256];

	tls_reason(reason, sizeof(reason));
	return err_set(e, ERR_INPUT, "%s: %s", doing, reason);
}

/* ---- files */

enum err_code cert_path(const char *dir, const char *name, const char *suffix, char out[PATH_MAX],
			struct err *e)
{
	if (snprintf(out, PATH_MAX, "%s/%s.%s", dir, name, suffix) >= PATH_MAX)
		return err_set(e, ERR_INPUT, "%.64s...: the path is too long", dir);
	return ERR_OK;
}

/* O_EXCL, so that two who issue the same name at once cannot mix their files. */
static enum err_code write_new(const char *path, mode_t mode, BIO *content, struct err *e)
{
	enum err_code code = ERR_OK;
	char *bytes;
	long len = BIO_get_mem_data(content, &bytes);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

	if (fd < 0 && errno == EEXIST)
		return err_set(e, ERR_EXISTS, "%s exists already and is not overwritten", path);
	if (fd < 0)
		return err_errno(e, errno, "%s", path);
	errno = EIO; /* what a short write means for a file */
	if (write(fd, bytes, (size_t)len) != len || fsync(fd) != 0) {
		code = err_errno(e, errno, "%s", path);
		unlink(path);
	}
	close(fd);
	return code;
}

/* The pair as PEM; the caller frees both, whatever is returned. */
static enum err_code render(const struct cert_pair *pair, BIO **key, BIO **crt, struct err *e)
{
	*key = BIO_new(BIO_s_secmem());
	*crt = BIO_new(BIO_s_mem());
	if (!*key || !*crt ||
	    PEM_write_bio_PKCS8PrivateKey(*key, pair->key, NULL, NULL, 0, NULL, NULL) != 1 ||
	    PEM_write_bio_X509(*crt, pair->certificate) != 1)
		return cert_failed(e, "writing PEM");
	return ERR_OK;
}

/* NAME.key and NAME.crt, which must not be there: both or none. */
enum err_code cert_pair_write(const char *dir, const char *name, const struct cert_pair *pair,
			      struct err *e)
{
	char key_path[PATH_MAX], crt_path[PATH_MAX];
	BIO *key = NULL, *crt = NULL;
	enum err_code code = render(pair, &key, &crt, e);

	if (code == ERR_OK)
		code = cert_path(dir, name, "key", key_path, e);
	if (code == ERR_OK)
		code = cert_path(dir, name, "crt", crt_path, e);
	if (code == ERR_OK && access(crt_path, F_OK) == 0)
		code = err_set(e, ERR_EXISTS, "%s exists already and is not overwritten", crt_path);
	if (code == ERR_OK)
		code = write_new(key_path, 0600, key, e);
	if (code == ERR_OK && (code = write_new(crt_path, 0644, crt, e)) != ERR_OK)
		unlink(key_path);
	BIO_free(key);
	BIO_free(crt);
	return code;
}

static enum err_code move(const char *dir, const char *from, const char *to, const char *suffix,
			  struct err *e)
{
	char from_path[PATH_MAX], to_path[PATH_MAX];
	enum err_code code = cert_path(dir, from, suffix, from_path, e);

	if (code == ERR_OK)
		code = cert_path(dir, to, suffix, to_path, e);
	if (code == ERR_OK && rename(from_path, to_path) != 0)
		code = err_errno(e, errno, "%s", to_path);
	return code;
}

static void remove_pair(const char *dir, const char *name)
{
	static const char *const suffixes[] = { "key", "crt" };
	char path[PATH_MAX];

	for (size_t i = 0; i < 2; i++)
		if (cert_path(dir, name, suffixes[i], path, NULL) == ERR_OK)
			unlink(path);
}

/* Written beside the old pair, then renamed over it, the key first: who reads between the two finds
 * a pair that does not fit, and keeps what it has. */
enum err_code cert_pair_replace(const char *dir, const char *name, const struct cert_pair *pair,
				struct err *e)
{
	char fresh[NAME_MAX];
	enum err_code code;

	snprintf(fresh, sizeof(fresh), "%.200s.new", name);
	remove_pair(dir, fresh); /* of a run that was cut short */
	code = cert_pair_write(dir, fresh, pair, e);
	if (code == ERR_OK)
		code = move(dir, fresh, name, "key", e);
	if (code == ERR_OK)
		code = move(dir, fresh, name, "crt", e);
	if (code != ERR_OK)
		remove_pair(dir, fresh);
	return code;
}

static int no_pass_phrase(char *out, int room, int writing, void *arg)
{
	return -1;
}

static enum err_code open_file(const char *path, BIO **out, struct err *e)
{
	BIO *file = BIO_new_file(path, "r");

	if (!file) {
		int errnum = errno;

		ERR_clear_error();
		return err_errno(e, errnum, "%s", path);
	}
	*out = file;
	return ERR_OK;
}

enum err_code cert_pair_load_ca(const char *dir, struct cert_pair *out, struct err *e)
{
	char path[PATH_MAX];
	BIO *file = NULL;
	enum err_code code = cert_path(dir, "ca", "crt", path, e);

	if (code == ERR_OK)
		code = open_file(path, &file, e);
	if (code != ERR_OK)
		return code;
	out->certificate = PEM_read_bio_X509(file, NULL, no_pass_phrase, NULL);
	BIO_free(file);
	if (!out->certificate)
		return cert_failed(e, path);
	if (X509_check_ca(out->certificate) != 1)
		return err_set(e, ERR_INPUT, "%s: is not the certificate of an authority", path);
	code = cert_path(dir, "ca", "key", path, e);
	if (code == ERR_OK)
		code = open_file(path, &file, e);
	if (code != ERR_OK)
		return code;
	out->key = PEM_read_bio_PrivateKey(file, NULL, no_pass_phrase, NULL);
	BIO_free(file);
	if (!out->key)
		return cert_failed(e, path);
	if (X509_check_private_key(out->certificate, out->key) != 1) {
		ERR_clear_error();
		return err_set(e, ERR_INPUT, "%s: is not the key of ca.crt beside it", path);
	}
	return ERR_OK;
}

enum err_code cert_load(const char *path, X509 **out, struct err *e)
{
	BIO *file = NULL;
	enum err_code code = open_file(path, &file, e);

	if (code != ERR_OK)
		return code;
	*out = PEM_read_bio_X509(file, NULL, no_pass_phrase, NULL);
	BIO_free(file);
	return *out ? ERR_OK : cert_failed(e, path);
}
