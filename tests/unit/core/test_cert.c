/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about core/cert, checked with OpenSSL's own verification. */
#include "core/cert.h"
#include "core/file.h"
#include "tests/unit/certs.h"
#include "tests/unit/unit.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

static struct certs certs;

static int start(void **state)
{
	certs_init(&certs, "acme");
	return 0;
}

static int finish(void **state)
{
	certs_fini(&certs);
	return 0;
}

static X509 *load(const char *file)
{
	char path[PATH_MAX];
	FILE *f = fopen(certs_path(&certs, file, path), "r");
	X509 *x;

	assert_non_null(f);
	x = PEM_read_X509(f, NULL, NULL, NULL);
	fclose(f);
	assert_non_null(x);
	return x;
}

/* X509_V_OK or the code of what is wrong with `file` for this purpose, at a time from now. */
static int verify(const char *file, int purpose, long in_seconds)
{
	X509 *ca = load("ca.crt"), *leaf = load(file);
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	int result;

	X509_STORE_add_cert(store, ca);
	assert_int_equal(X509_STORE_CTX_init(ctx, store, leaf, NULL), 1);
	X509_STORE_CTX_set_purpose(ctx, purpose);
	X509_STORE_CTX_set_time(ctx, 0, time(NULL) + in_seconds);
	X509_STORE_CTX_set_flags(ctx, X509_V_FLAG_X509_STRICT);
	X509_verify_cert(ctx);
	result = X509_STORE_CTX_get_error(ctx);
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	X509_free(ca);
	X509_free(leaf);
	return result;
}

static enum err_code issue(enum identity_role role, const char *region, const char *name,
			   const char *address, unsigned days, struct err *e)
{
	struct cert_request request = { .role = role,
					.name = name,
					.region = region,
					.addresses = &address,
					.addresses_len = address ? 1 : 0,
					.days = days };

	return cert_issue(certs.dir, &request, e);
}

static mode_t mode_of(const char *file)
{
	char path[PATH_MAX];
	struct stat st;

	assert_int_equal(stat(certs_path(&certs, file, path), &st), 0);
	return st.st_mode & 07777;
}

static void a_leaf_verifies_as_client_and_as_server(void **state)
{
	struct err e;

	assert_int_equal(issue(IDENTITY_DNSD, NULL, "ns1", "127.0.0.1", 1, &e), ERR_OK);
	assert_int_equal(verify("ns1.crt", X509_PURPOSE_SSL_SERVER, 0), X509_V_OK);
	assert_int_equal(verify("ns1.crt", X509_PURPOSE_SSL_CLIENT, 0), X509_V_OK);
	assert_int_equal(verify("ns1.crt", X509_PURPOSE_SSL_CLIENT, 86000), X509_V_OK);
	assert_int_equal(verify("ns1.crt", X509_PURPOSE_SSL_CLIENT, 87000),
			 X509_V_ERR_CERT_HAS_EXPIRED);
}

static void a_certificate_is_valid_for_clocks_an_hour_behind(void **state)
{
	assert_int_equal(issue(IDENTITY_DNSD, NULL, "ns1", NULL, 1, NULL), ERR_OK);
	assert_int_equal(verify("ns1.crt", X509_PURPOSE_SSL_SERVER, -3500), X509_V_OK);
	assert_int_equal(verify("ns1.crt", X509_PURPOSE_SSL_SERVER, -3700),
			 X509_V_ERR_CERT_NOT_YET_VALID);
}

static void the_uri_says_fleet_role_region_and_name(void **state)
{
	char uri[IDENTITY_TEXT_MAX];
	X509 *x;

	assert_int_equal(issue(IDENTITY_REGIOND, "eu-west", "r1", "lb.example", 1, NULL), ERR_OK);
	x = load("r1.crt");
	assert_int_equal(tls_certificate_uri(x, uri, NULL), ERR_OK);
	assert_string_equal(uri, "spiffe://acme/regiond/eu-west/r1");
	assert_int_equal(X509_check_host(x, "lb.example", 0, 0, NULL), 1);
	assert_int_equal(X509_check_host(x, "other.example", 0, 0, NULL), 0);
	X509_free(x);
}

static void addresses_become_ip_names(void **state)
{
	X509 *x;

	assert_int_equal(issue(IDENTITY_DNSD, NULL, "six", "2001:db8::1", 1, NULL), ERR_OK);
	x = load("six.crt");
	assert_int_equal(X509_check_ip_asc(x, "2001:db8::1", 0), 1);
	assert_int_equal(X509_check_ip_asc(x, "2001:db8::2", 0), 0);
	X509_free(x);
}

static void a_leaf_can_sign_nothing(void **state)
{
	X509 *leaf, *ca;

	assert_int_equal(issue(IDENTITY_ADMIN, NULL, "ann", NULL, 1, NULL), ERR_OK);
	leaf = load("ann.crt");
	ca = load("ca.crt");
	assert_int_equal(X509_check_ca(leaf), 0);
	assert_int_equal(X509_get_pathlen(ca), 0);
	assert_int_equal(X509_get_key_usage(ca), KU_KEY_CERT_SIGN | KU_CRL_SIGN);
	assert_int_equal(X509_get_key_usage(leaf), KU_DIGITAL_SIGNATURE);
	X509_free(leaf);
	X509_free(ca);
}

static void serials_are_random(void **state)
{
	X509 *a, *b;

	assert_int_equal(issue(IDENTITY_ADMIN, NULL, "a", NULL, 1, NULL), ERR_OK);
	assert_int_equal(issue(IDENTITY_ADMIN, NULL, "b", NULL, 1, NULL), ERR_OK);
	a = load("a.crt");
	b = load("b.crt");
	assert_int_not_equal(ASN1_INTEGER_cmp(X509_get0_serialNumber(a), X509_get0_serialNumber(b)),
			     0);
	assert_in_range(ASN1_STRING_length(X509_get0_serialNumber(a)), 16, 16);
	X509_free(a);
	X509_free(b);
}

static void keys_are_for_their_owner_only(void **state)
{
	assert_int_equal(issue(IDENTITY_DNSD, NULL, "ns1", NULL, 1, NULL), ERR_OK);
	assert_int_equal(mode_of("ca.key"), 0600);
	assert_int_equal(mode_of("ns1.key"), 0600);
}

static void nothing_is_overwritten(void **state)
{
	struct err e;
	char path[PATH_MAX];

	assert_int_equal(cert_make_ca(certs.dir, "acme", 10, &e), ERR_EXISTS);
	assert_non_null(strstr(e.text, "ca.crt exists already and is not overwritten"));
	unlink(certs_path(&certs, "ca.crt", path));
	assert_int_equal(cert_make_ca(certs.dir, "acme", 10, &e), ERR_EXISTS);
	assert_non_null(strstr(e.text, "ca.key exists already"));
}

static void a_name_is_issued_once(void **state)
{
	struct err e;

	assert_int_equal(issue(IDENTITY_DNSD, NULL, "ns1", NULL, 1, &e), ERR_OK);
	assert_int_equal(issue(IDENTITY_DNSD, NULL, "ns1", NULL, 1, &e), ERR_EXISTS);
	assert_non_null(strstr(e.text, "ns1.crt exists already"));
	assert_int_equal(verify("ns1.crt", X509_PURPOSE_SSL_SERVER, 0), X509_V_OK);
}

static void bad_requests_are_refused_by_name(void **state)
{
	static const struct {
		enum identity_role role;
		const char *region, *name, *address;
		unsigned days;
		const char *text;
	} cases[] = {
		{ IDENTITY_NONE, NULL, "a", NULL, 1, "role: expected dnsd, regiond" },
		{ IDENTITY_DNSD, NULL, "a/b", NULL, 1, "name 'a/b': expected 1 to 63" },
		{ IDENTITY_DNSD, NULL, "", NULL, 1, "name '': expected" },
		{ IDENTITY_DNSD, NULL, "ca", NULL, 1, "belong to the authority" },
		{ IDENTITY_REGIOND, NULL, "a", NULL, 1, "a regiond needs a region" },
		{ IDENTITY_REGIOND, "", "a", NULL, 1, "a regiond needs a region" },
		{ IDENTITY_DNSD, "eu", "a", NULL, 1, "a dnsd has no region" },
		{ IDENTITY_DNSD, NULL, "a", "x,URI:spiffe://acme/admin/me", 1,
		  "expected a host name" },
		{ IDENTITY_DNSD, NULL, "a", "-x.example", 1, "expected a host name" },
		{ IDENTITY_DNSD, NULL, "a", "x..example", 1, "expected a host name" },
		{ IDENTITY_DNSD, NULL, "a", NULL, 0, "0 days: expected 1 to 36500" },
		{ IDENTITY_DNSD, NULL, "a", NULL, 12, "12 days: ca.crt itself ends in " },
	};
	struct err e;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(issue(cases[i].role, cases[i].region, cases[i].name,
				       cases[i].address, cases[i].days, &e),
				 ERR_INPUT);
		if (!strstr(e.text, cases[i].text))
			fail_msg("'%s' is not in '%s'", cases[i].text, e.text);
	}
}

static void a_leaf_may_live_as_long_as_its_authority(void **state)
{
	X509 *ca, *leaf;

	assert_int_equal(issue(IDENTITY_DNSD, NULL, "a", NULL, 10, NULL), ERR_OK);
	ca = load("ca.crt");
	leaf = load("a.crt");
	assert_true(ASN1_TIME_compare(X509_get0_notAfter(leaf), X509_get0_notAfter(ca)) <= 0);
	X509_free(ca);
	X509_free(leaf);
}

static void a_fleet_with_odd_letters_is_refused(void **state)
{
	struct err e;

	assert_int_equal(cert_make_ca("/nonexistent", "a b", 1, &e), ERR_INPUT);
	assert_non_null(strstr(e.text, "fleet 'a b': expected 1 to 63"));
}

static void a_damaged_authority_is_named(void **state)
{
	struct err e;
	char path[PATH_MAX];

	certs_issue(&certs, IDENTITY_DNSD, NULL, "ns1");
	assert_int_equal(file_replace(certs_path(&certs, "ca.key", path), "junk", 4, 0600, &e),
			 ERR_OK);
	assert_int_equal(issue(IDENTITY_DNSD, NULL, "b", NULL, 1, &e), ERR_INPUT);
	assert_non_null(strstr(e.text, "ca.key: "));
	assert_int_equal(access(certs_path(&certs, "b.crt", path), F_OK), -1);
}

static void a_key_of_another_authority_is_refused(void **state)
{
	struct err e;
	struct certs other;
	char from[PATH_MAX], to[PATH_MAX];

	certs_init(&other, "acme");
	assert_int_equal(
		rename(certs_path(&other, "ca.key", from), certs_path(&certs, "ca.key", to)), 0);
	assert_int_equal(issue(IDENTITY_DNSD, NULL, "b", NULL, 1, &e), ERR_INPUT);
	assert_non_null(strstr(e.text, "is not the key of ca.crt beside it"));
	certs_fini(&other);
}

static void a_leaf_is_no_authority(void **state)
{
	struct err e;
	char from[PATH_MAX], to[PATH_MAX];

	certs_issue(&certs, IDENTITY_DNSD, NULL, "ns1");
	assert_int_equal(
		rename(certs_path(&certs, "ns1.crt", from), certs_path(&certs, "ca.crt", to)), 0);
	assert_int_equal(issue(IDENTITY_DNSD, NULL, "b", NULL, 1, &e), ERR_INPUT);
	assert_non_null(strstr(e.text, "is not the certificate of an authority"));
}

static void an_authority_that_is_not_there_is_said(void **state)
{
	struct err e;
	struct cert_request request = { .role = IDENTITY_DNSD, .name = "a", .days = 1 };

	assert_int_equal(cert_issue("/nonexistent", &request, &e), ERR_IO);
	assert_string_equal(e.text, "/nonexistent/ca.crt: No such file or directory");
}

#define WITH_CA(claim) cmocka_unit_test_setup_teardown(claim, start, finish)

static void a_renewed_pair_is_of_the_same_owner_and_addresses(void **state)
{
	struct cert_info before, after;
	char path[PATH_MAX];
	struct err e;
	X509 *x;

	(void)state;
	assert_int_equal(issue(IDENTITY_REGIOND, "eu-west", "r1", "2001:db8::1", 1, &e), ERR_OK);
	assert_int_equal(cert_read(certs_path(&certs, "r1.crt", path), &before, &e), ERR_OK);
	assert_int_equal(cert_renew(certs.dir, "r1", 0, &e), ERR_OK);
	assert_int_equal(cert_renew(certs.dir, "r1", 3, &e), ERR_OK);
	assert_int_equal(cert_read(path, &after, &e), ERR_OK);
	assert_string_equal(after.uri, "spiffe://acme/regiond/eu-west/r1");
	assert_in_range(after.until_s - before.until_s, 2 * 86400 - 5, 2 * 86400 + 5);
	x = load("r1.crt");
	assert_int_equal(X509_check_ip_asc(x, "2001:db8::1", 0), 1);
	X509_free(x);
	assert_int_equal(verify("r1.crt", X509_PURPOSE_SSL_CLIENT, 0), X509_V_OK);
	assert_int_equal(mode_of("r1.key"), 0600);
	assert_int_equal(access(certs_path(&certs, "r1.new.key", path), F_OK), -1);
}

static void a_renewal_that_fails_leaves_the_old_pair(void **state)
{
	struct cert_info before, after;
	char path[PATH_MAX], ca[PATH_MAX];
	struct err e;

	(void)state;
	assert_int_equal(issue(IDENTITY_DNSD, NULL, "ns1", NULL, 1, &e), ERR_OK);
	assert_int_equal(cert_read(certs_path(&certs, "ns1.crt", path), &before, &e), ERR_OK);
	assert_int_equal(cert_renew(certs.dir, "ns2", 0, &e), ERR_IO);
	assert_int_equal(cert_renew(certs.dir, "ns1", CERT_DAYS_MAX, &e), ERR_INPUT);
	unlink(certs_path(&certs, "ca.key", ca));
	assert_int_equal(cert_renew(certs.dir, "ns1", 0, &e), ERR_IO);
	assert_int_equal(cert_read(path, &after, &e), ERR_OK);
	assert_int_equal(after.until_s, before.until_s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CA(a_leaf_verifies_as_client_and_as_server),
		WITH_CA(a_certificate_is_valid_for_clocks_an_hour_behind),
		WITH_CA(the_uri_says_fleet_role_region_and_name),
		WITH_CA(addresses_become_ip_names),
		WITH_CA(a_leaf_can_sign_nothing),
		WITH_CA(serials_are_random),
		WITH_CA(keys_are_for_their_owner_only),
		WITH_CA(nothing_is_overwritten),
		WITH_CA(a_name_is_issued_once),
		WITH_CA(a_renewed_pair_is_of_the_same_owner_and_addresses),
		WITH_CA(a_renewal_that_fails_leaves_the_old_pair),
		WITH_CA(bad_requests_are_refused_by_name),
		WITH_CA(a_leaf_may_live_as_long_as_its_authority),
		cmocka_unit_test(a_fleet_with_odd_letters_is_refused),
		WITH_CA(a_damaged_authority_is_named),
		WITH_CA(a_key_of_another_authority_is_refused),
		WITH_CA(a_leaf_is_no_authority),
		cmocka_unit_test(an_authority_that_is_not_there_is_said),
	};

	return cmocka_run_group_tests_name("core/cert", tests, NULL, NULL);
}
