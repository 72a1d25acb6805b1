/* SPDX-License-Identifier: Apache-2.0 */
/* cert: the fleet's own certificate authority, a directory with two files. */
#include "core/cert.h"

#include "core/addr.h"
#include "core/cert_pair.h"
#include "core/file.h"
#include "core/tls.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <limits.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SPIFFE "spiffe://"

/* ---- parts of a certificate */

static bool set_serial(X509 *x)
{
	unsigned char bytes[16];
	BIGNUM *number = NULL;
	bool done = RAND_bytes(bytes, sizeof(bytes)) == 1;

	bytes[0] |= 1; /* RFC 5280 4.1.2.2: never zero */
	if (done)
		number = BN_bin2bn(bytes, sizeof(bytes), NULL);
	done = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x));
	BN_free(number);
	return done;
}

static bool add_name(X509_NAME *name, const char *field, const char *value)
{
	return X509_NAME_add_entry_by_txt(name, field, MBSTRING_ASC, (const unsigned char *)value,
					  -1, -1, 0) == 1;
}

/* A certificate with everything that is common to an authority and its leaves. */
static bool begin(struct cert_pair *p, const char *fleet, const char *common_name, unsigned days)
{
	X509_NAME *subject;

	p->key = EVP_EC_gen("P-256");
	p->certificate = X509_new();
	if (!p->key || !p->certificate)
		return false;
	subject = X509_get_subject_name(p->certificate);
	return X509_set_version(p->certificate, X509_VERSION_3) == 1 &&
	       set_serial(p->certificate) && X509_set_pubkey(p->certificate, p->key) == 1 &&
	       X509_gmtime_adj(X509_getm_notBefore(p->certificate), -3600) &&
	       X509_time_adj_ex(X509_getm_notAfter(p->certificate), (int)days, 0, NULL) &&
	       add_name(subject, "O", fleet) && add_name(subject, "CN", common_name);
}

/* value is one of ours, never a user's: it is in a little language of OpenSSL. */
static bool extend(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *extension;
	X509V3_CTX ctx;
	bool done;

	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	done = extension && X509_add_ext(x, extension, -1) == 1;
	X509_EXTENSION_free(extension);
	return done;
}

/* Takes the ASN.1 value. */
static bool push_name(GENERAL_NAMES *names, int type, ASN1_STRING *value)
{
	GENERAL_NAME *name = value ? GENERAL_NAME_new() : NULL;

	if (!name) {
		ASN1_STRING_free(value);
		return false;
	}
	GENERAL_NAME_set0_value(name, type, value);
	if (sk_GENERAL_NAME_push(names, name) > 0)
		return true;
	GENERAL_NAME_free(name);
	return false;
}

static bool push_text(GENERAL_NAMES *names, int type, const char *text)
{
	ASN1_IA5STRING *value = ASN1_IA5STRING_new();

	if (value && ASN1_STRING_set(value, text, -1) != 1) {
		ASN1_IA5STRING_free(value);
		value = NULL;
	}
	return push_name(names, type, value);
}

static bool push_address(GENERAL_NAMES *names, const char *text)
{
	struct addr addr;
	ASN1_OCTET_STRING *value;

	if (addr_parse(text, &addr, NULL) != ERR_OK)
		return push_text(names, GEN_DNS, text);
	value = ASN1_OCTET_STRING_new();
	if (value && ASN1_STRING_set(value, addr.bytes, addr_bits(&addr) / 8) != 1) {
		ASN1_OCTET_STRING_free(value);
		value = NULL;
	}
	return push_name(names, GEN_IPADD, value);
}

static bool set_names(X509 *x, const char *uri, const char *const *addresses, size_t len)
{
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	bool done = names && push_text(names, GEN_URI, uri);
	size_t i;

	for (i = 0; done && i < len; i++)
		done = push_address(names, addresses[i]);
	done = done &&
	       X509_add1_ext_i2d(x, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) == 1;
	GENERAL_NAMES_free(names);
	return done;
}

/* ---- arguments */

static enum err_code check_days(unsigned days, struct err *e)
{
	if (days < 1 || days > CERT_DAYS_MAX)
		return err_set(e, ERR_INPUT, "%u days: expected 1 to %d", days, CERT_DAYS_MAX);
	return ERR_OK;
}

static bool label_is_valid(const char *label, size_t len)
{
	size_t i;

	if (len < 1 || len > 63 || label[0] == '-' || label[len - 1] == '-')
		return false;
	for (i = 0; i < len; i++)
		if (!isalnum((unsigned char)label[i]) && label[i] != '-' && label[i] != '_')
			return false;
	return true;
}

/* RFC 1123 names (and "_", which people use), or one "*." before them. */
static bool host_is_valid(const char *host)
{
	if (strlen(host) > 253)
		return false;
	if (strncmp(host, "*.", 2) == 0)
		host += 2;
	for (;;) {
		size_t len = strcspn(host, ".");

		if (!label_is_valid(host, len))
			return false;
		if (!host[len])
			return true;
		host += len + 1;
	}
}

static enum err_code check_request(const struct cert_request *r, struct err *e)
{
	bool has_region = r->region && r->region[0];
	size_t i;

	if (r->role == IDENTITY_NONE)
		return err_set(e, ERR_INPUT,
			       "role: expected dnsd, regiond, prober, viewer, operator "
			       "or admin");
	if (!r->name || !identity_part_is_valid(r->name))
		return err_set(e, ERR_INPUT, "name '%s': expected 1 to 63 of A-Z a-z 0-9 . _ -",
			       r->name ? r->name : "");
	if (strcmp(r->name, "ca") == 0)
		return err_set(e, ERR_INPUT, "name 'ca': these files belong to the authority");
	if (r->role == IDENTITY_REGIOND && (!has_region || !identity_part_is_valid(r->region)))
		return err_set(e, ERR_INPUT,
			       "a regiond needs a region of 1 to 63 of "
			       "A-Z a-z 0-9 . _ -");
	if (r->role != IDENTITY_REGIOND && has_region)
		return err_set(e, ERR_INPUT, "a %s has no region", identity_role_name(r->role));
	if (r->addresses_len > CERT_ADDRESSES_MAX)
		return err_set(e, ERR_LIMIT, "%zu addresses: at most %d", r->addresses_len,
			       CERT_ADDRESSES_MAX);
	for (i = 0; i < r->addresses_len; i++)
		if (addr_parse(r->addresses[i], &(struct addr){ 0 }, NULL) != ERR_OK &&
		    !host_is_valid(r->addresses[i]))
			return err_set(e, ERR_INPUT,
				       "address '%s': expected a host name or an IP address",
				       r->addresses[i]);
	return check_days(r->days, e);
}

/* The fleet is what the authority's own URI says, so that no leaf can name another one. */
static enum err_code fleet_of(X509 *ca, char out[IDENTITY_PART_MAX], struct err *e)
{
	char uri[IDENTITY_TEXT_MAX];
	struct err inner = { "" };
	const char *fleet = uri + strlen(SPIFFE);

	if (tls_certificate_uri(ca, uri, &inner) != ERR_OK)
		return err_set(e, ERR_INPUT, "ca.crt %s", inner.text);
	if (strncmp(uri, SPIFFE, strlen(SPIFFE)) != 0 || !identity_part_is_valid(fleet))
		return err_set(e, ERR_INPUT, "ca.crt: its URI is '%s', expected spiffe://FLEET",
			       uri);
	memcpy(out, fleet, strlen(fleet) + 1); /* a valid part fits */
	return ERR_OK;
}

/* A leaf that outlives its authority fails on a day that nobody expects. Asking for as many days
 * as the authority has left is fine: make_leaf() cuts the odd hours. */
static enum err_code check_outlives(X509 *ca, unsigned days, struct err *e)
{
	int left = 0, seconds = 0;

	if (ASN1_TIME_diff(&left, &seconds, NULL, X509_get0_notAfter(ca)) != 1)
		return cert_failed(e, "ca.crt: its end date");
	if (left < 0 || seconds < 0)
		return err_set(e, ERR_INPUT, "ca.crt has expired: make a new authority");
	if ((int)days > left + 1)
		return err_set(e, ERR_INPUT, "%u days: ca.crt itself ends in %d days", days, left);
	return ERR_OK;
}

/* ---- the two operations */

enum err_code cert_make_ca(const char *dir, const char *fleet, unsigned days, struct err *e)
{
	struct cert_pair ca = { NULL };
	char path[PATH_MAX], uri[IDENTITY_TEXT_MAX];
	enum err_code code;

	if (!identity_part_is_valid(fleet))
		return err_set(e, ERR_INPUT, "fleet '%s': expected 1 to 63 of A-Z a-z 0-9 . _ -",
			       fleet);
	code = check_days(days, e);
	if (code == ERR_OK)
		code = cert_path(dir, "ca", "crt", path, e);
	if (code == ERR_OK)
		code = file_make_parent(path, e);
	if (code != ERR_OK)
		return code;
	snprintf(uri, sizeof(uri), SPIFFE "%s", fleet);
	ERR_clear_error();
	if (begin(&ca, fleet, "Fairlead authority", days) &&
	    X509_set_issuer_name(ca.certificate, X509_get_subject_name(ca.certificate)) == 1 &&
	    extend(ca.certificate, ca.certificate, NID_basic_constraints,
		   "critical,CA:TRUE,pathlen:0") &&
	    extend(ca.certificate, ca.certificate, NID_key_usage, "critical,keyCertSign,cRLSign") &&
	    extend(ca.certificate, ca.certificate, NID_subject_key_identifier, "hash") &&
	    set_names(ca.certificate, uri, NULL, 0) &&
	    X509_sign(ca.certificate, ca.key, EVP_sha256()) > 0)
		code = cert_pair_write(dir, "ca", &ca, e);
	else
		code = cert_failed(e, "making the authority's certificate");
	cert_pair_fini(&ca);
	return code;
}

static bool make_leaf(struct cert_pair *leaf, const struct cert_pair *ca, const char *fleet,
		      const struct cert_request *request)
{
	struct identity id = { .role = request->role };
	char uri[IDENTITY_TEXT_MAX];
	X509 *x;

	snprintf(id.fleet, sizeof(id.fleet), "%s", fleet);
	snprintf(id.name, sizeof(id.name), "%s", request->name);
	if (request->role == IDENTITY_REGIOND)
		snprintf(id.region, sizeof(id.region), "%s", request->region);
	identity_text(&id, uri);
	if (!begin(leaf, fleet, request->name, request->days))
		return false;
	x = leaf->certificate;
	if (ASN1_TIME_compare(X509_get0_notAfter(x), X509_get0_notAfter(ca->certificate)) > 0 &&
	    X509_set1_notAfter(x, X509_get0_notAfter(ca->certificate)) != 1)
		return false;
	return X509_set_issuer_name(x, X509_get_subject_name(ca->certificate)) == 1 &&
	       extend(x, ca->certificate, NID_basic_constraints, "critical,CA:FALSE") &&
	       extend(x, ca->certificate, NID_key_usage, "critical,digitalSignature") &&
	       extend(x, ca->certificate, NID_ext_key_usage, "serverAuth,clientAuth") &&
	       extend(x, ca->certificate, NID_subject_key_identifier, "hash") &&
	       extend(x, ca->certificate, NID_authority_key_identifier, "keyid:always") &&
	       set_names(x, uri, request->addresses, request->addresses_len) &&
	       X509_sign(x, ca->key, EVP_sha256()) > 0;
}

/* Signs what is asked for; the caller frees the pair. */
static enum err_code sign(const char *dir, const struct cert_request *request,
			  struct cert_pair *leaf, struct err *e)
{
	struct cert_pair ca = { NULL };
	char fleet[IDENTITY_PART_MAX];
	enum err_code code;

	ERR_clear_error();
	code = cert_pair_load_ca(dir, &ca, e);
	if (code == ERR_OK)
		code = fleet_of(ca.certificate, fleet, e);
	if (code == ERR_OK)
		code = check_outlives(ca.certificate, request->days, e);
	if (code == ERR_OK && !make_leaf(leaf, &ca, fleet, request))
		code = cert_failed(e, "making the certificate");
	cert_pair_fini(&ca);
	return code;
}

enum err_code cert_issue(const char *dir, const struct cert_request *request, struct err *e)
{
	struct cert_pair leaf = { NULL };
	enum err_code code = check_request(request, e);

	if (code == ERR_OK)
		code = sign(dir, request, &leaf, e);
	if (code == ERR_OK)
		code = cert_pair_write(dir, request->file ? request->file : request->name, &leaf,
				       e);
	cert_pair_fini(&leaf);
	return code;
}

/* ---- what a certificate says */

static int64_t seconds_of(const ASN1_TIME *time)
{
	ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
	int days = 0, seconds = 0;

	if (epoch)
		ASN1_TIME_diff(&days, &seconds, epoch, time);
	ASN1_TIME_free(epoch);
	return (int64_t)days * 86400 + seconds;
}

enum err_code cert_read(const char *path, struct cert_info *out, struct err *e)
{
	struct cert_info info = { "" };
	X509 *x = NULL;
	enum err_code code;

	ERR_clear_error();
	code = cert_load(path, &x, e);
	if (code == ERR_OK && (code = tls_certificate_uri(x, info.uri, e)) != ERR_OK)
		err_wrap(e, code, "%s", path);
	if (code == ERR_OK) {
		info.from_s = seconds_of(X509_get0_notBefore(x));
		info.until_s = seconds_of(X509_get0_notAfter(x));
		*out = info;
	}
	X509_free(x);
	return code;
}

/* ---- a new one for an old one */

/* The request that a certificate came from. */
struct again {
	struct cert_request request;
	struct identity id;
	char texts[CERT_ADDRESSES_MAX][256];
	const char *addresses[CERT_ADDRESSES_MAX];
};

static void take_address(struct again *a, const GENERAL_NAME *name)
{
	char *text = a->texts[a->request.addresses_len];
	int type, len;
	const ASN1_STRING *value = GENERAL_NAME_get0_value(name, &type);
	const unsigned char *bytes =
		type == GEN_DNS || type == GEN_IPADD ? ASN1_STRING_get0_data(value) : NULL;

	if (!bytes || a->request.addresses_len == CERT_ADDRESSES_MAX)
		return;
	len = ASN1_STRING_length(value);
	if (type == GEN_DNS)
		snprintf(text, sizeof(a->texts[0]), "%.*s", len, bytes);
	else if (!inet_ntop(len == 4 ? AF_INET : AF_INET6, bytes, text, sizeof(a->texts[0])))
		return;
	a->addresses[a->request.addresses_len++] = text;
}

static enum err_code read_again(const X509 *x, const char *path, struct again *a, struct err *e)
{
	char uri[IDENTITY_TEXT_MAX];
	GENERAL_NAMES *names;
	enum err_code code = tls_certificate_uri((X509 *)x, uri, e);

	if (code == ERR_OK)
		code = identity_parse(uri, &a->id, e);
	if (code != ERR_OK)
		return err_wrap(e, code, "%s", path);
	a->request = (struct cert_request){ .role = a->id.role,
					    .name = a->id.name,
					    .region = a->id.region,
					    .addresses = a->addresses };
	names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++)
		take_address(a, sk_GENERAL_NAME_value(names, i));
	GENERAL_NAMES_free(names);
	return ERR_OK;
}

/* As long as the old one was made for, to the next whole day. */
static unsigned days_of(const X509 *x)
{
	int64_t s = seconds_of(X509_get0_notAfter(x)) - seconds_of(X509_get0_notBefore(x));

	return s > 86400 ? (unsigned)(s / 86400) : 1;
}

static enum err_code check_fleet(const char *dir, const struct again *a, struct err *e)
{
	struct cert_pair ca = { NULL };
	char fleet[IDENTITY_PART_MAX];
	enum err_code code = cert_pair_load_ca(dir, &ca, e);

	if (code == ERR_OK)
		code = fleet_of(ca.certificate, fleet, e);
	if (code == ERR_OK && strcmp(fleet, a->id.fleet) != 0)
		code = err_set(e, ERR_INPUT, "it is of fleet %s, and ca.crt of %s", a->id.fleet,
			       fleet);
	cert_pair_fini(&ca);
	return code;
}

enum err_code cert_renew(const char *dir, const char *file, unsigned days, struct err *e)
{
	char path[PATH_MAX];
	struct cert_pair leaf = { NULL };
	struct again *a = calloc(1, sizeof(*a));
	X509 *old = NULL;
	enum err_code code = a ? cert_path(dir, file, "crt", path, e)
			       : err_set(e, ERR_MEMORY, "%s", "out of memory");

	ERR_clear_error();
	if (code == ERR_OK)
		code = cert_load(path, &old, e);
	if (code == ERR_OK)
		code = read_again(old, path, a, e);
	if (code == ERR_OK)
		code = check_fleet(dir, a, e);
	if (code == ERR_OK) {
		a->request.days = days ? days : days_of(old);
		code = check_request(&a->request, e);
	}
	if (code == ERR_OK)
		code = sign(dir, &a->request, &leaf, e);
	if (code == ERR_OK)
		code = cert_pair_replace(dir, file, &leaf, e);
	cert_pair_fini(&leaf);
	X509_free(old);
	free(a);
	return code;
}
