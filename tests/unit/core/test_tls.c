/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about core/tls: handshakes over a pair of memory buffers. */
#include "core/expiry.h"
#include "core/file.h"
#include "core/tls.h"
#include "tests/unit/certs.h"
#include "tests/unit/fail_alloc.h"
#include "tests/unit/unit.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

static struct certs acme, other;

static int start(void **state)
{
	certs_init(&acme, "acme");
	certs_issue(&acme, IDENTITY_DNSD, NULL, "ns1");
	certs_issue(&acme, IDENTITY_REGIOND, "eu", "r1");
	certs_init(&other, "acme");
	certs_issue(&other, IDENTITY_REGIOND, "eu", "r1");
	return 0;
}

static int finish(void **state)
{
	certs_fini(&acme);
	certs_fini(&other);
	return 0;
}

/* A certificate of acme's authority with URIs as given: what cert_issue() would never make. */
static void issue_odd(const char *name, const char *san)
{
	char path[PATH_MAX], file[64];
	FILE *f = fopen(certs_path(&acme, "ca.key", path), "r");
	EVP_PKEY *ca_key = PEM_read_PrivateKey(f, NULL, NULL, NULL), *key = EVP_EC_gen("P-256");
	X509 *ca, *x = X509_new();
	X509_EXTENSION *extension;

	fclose(f);
	f = fopen(certs_path(&acme, "ca.crt", path), "r");
	ca = PEM_read_X509(f, NULL, NULL, NULL);
	fclose(f);
	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 7);
	X509_set_issuer_name(x, X509_get_subject_name(ca));
	X509_gmtime_adj(X509_getm_notBefore(x), -60);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_set_pubkey(x, key);
	if (san) {
		extension = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, san);
		assert_non_null(extension);
		X509_add_ext(x, extension, -1);
		X509_EXTENSION_free(extension);
	}
	assert_true(X509_sign(x, ca_key, EVP_sha256()) > 0);
	snprintf(file, sizeof(file), "%s.crt", name);
	f = fopen(certs_path(&acme, file, path), "w");
	PEM_write_X509(f, x);
	fclose(f);
	snprintf(file, sizeof(file), "%s.key", name);
	f = fopen(certs_path(&acme, file, path), "w");
	PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL);
	fclose(f);
	X509_free(x);
	X509_free(ca);
	EVP_PKEY_free(key);
	EVP_PKEY_free(ca_key);
}

struct meeting {
	SSL *server, *client;
	char server_reason[256], client_reason[256]; /* "" when the handshake went well */
};

static void step(SSL *ssl, char reason[256])
{
	char byte;
	int result;

	if (reason[0])
		return;
	ERR_clear_error();
	/* A read, not only a handshake: a TLS 1.3 client learns of its refusal afterwards. */
	result = SSL_read(ssl, &byte, 1);
	if (result <= 0 && SSL_get_error(ssl, result) == SSL_ERROR_SSL)
		tls_explain(ssl, ERR_peek_last_error(), reason, 256);
	ERR_clear_error();
}

static struct meeting meet(struct tls *server, struct tls *client)
{
	struct meeting m = { tls_accept(server), tls_connect(client), "", "" };
	BIO *a, *b;

	assert_int_equal(BIO_new_bio_pair(&a, 0, &b, 0), 1);
	SSL_set_bio(m.server, a, a);
	SSL_set_bio(m.client, b, b);
	for (int i = 0; i < 10; i++) {
		step(m.client, m.client_reason);
		step(m.server, m.server_reason);
	}
	return m;
}

static void part(struct meeting *m)
{
	SSL_free(m->server);
	SSL_free(m->client);
}

static void two_of_one_fleet_know_each_other(void **state)
{
	struct tls *ns1 = certs_tls(&acme, "ns1", &acme), *r1 = certs_tls(&acme, "r1", &acme);
	struct meeting m = meet(ns1, r1);
	struct identity id;
	char text[IDENTITY_TEXT_MAX];

	assert_string_equal(m.server_reason, "");
	assert_string_equal(m.client_reason, "");
	assert_string_equal(SSL_get_version(m.client), "TLSv1.3");
	assert_int_equal(tls_peer_identity(m.server, &id, NULL), ERR_OK);
	identity_text(&id, text);
	assert_string_equal(text, "spiffe://acme/regiond/eu/r1");
	assert_int_equal(tls_peer_identity(m.client, &id, NULL), ERR_OK);
	assert_int_equal(id.role, IDENTITY_DNSD);
	part(&m);
	tls_free(ns1);
	tls_free(r1);
}

static void a_client_of_another_authority_is_told_so(void **state)
{
	struct tls *ns1 = certs_tls(&acme, "ns1", &acme), *spy = certs_tls(&other, "r1", &acme);
	struct meeting m = meet(ns1, spy);

	assert_non_null(strstr(m.server_reason, "the peer's certificate is not good: "));
	assert_string_equal(
		m.client_reason,
		"the peer refused our certificate: it is of a CA that the peer does not know");
	part(&m);
	tls_free(ns1);
	tls_free(spy);
}

static void a_server_of_another_authority_is_refused_by_the_client(void **state)
{
	struct tls *spy = certs_tls(&other, "r1", &acme), *r1 = certs_tls(&acme, "r1", &acme);
	struct meeting m = meet(spy, r1);

	assert_non_null(strstr(m.client_reason, "the peer's certificate is not good: "));
	part(&m);
	tls_free(spy);
	tls_free(r1);
}

static void a_client_without_certificate_is_told_so(void **state)
{
	struct tls *ns1 = certs_tls(&acme, "ns1", &acme);
	SSL_CTX *bare = SSL_CTX_new(TLS_client_method());
	struct meeting m = { tls_accept(ns1), SSL_new(bare), "", "" };
	BIO *a, *b;

	SSL_set_connect_state(m.client);
	assert_int_equal(BIO_new_bio_pair(&a, 0, &b, 0), 1);
	SSL_set_bio(m.server, a, a);
	SSL_set_bio(m.client, b, b);
	for (int i = 0; i < 10; i++) {
		step(m.client, m.client_reason);
		step(m.server, m.server_reason);
	}
	assert_string_equal(m.server_reason, "the peer presented no certificate");
	assert_string_equal(m.client_reason, "the peer refused us: we presented no certificate");
	part(&m);
	SSL_CTX_free(bare);
	tls_free(ns1);
}

static void an_older_tls_is_refused(void **state)
{
	struct tls *ns1 = certs_tls(&acme, "ns1", &acme), *r1 = certs_tls(&acme, "r1", &acme);
	struct meeting m = { tls_accept(ns1), tls_connect(r1), "", "" };
	BIO *a, *b;

	SSL_set_min_proto_version(m.client, TLS1_2_VERSION);
	SSL_set_max_proto_version(m.client, TLS1_2_VERSION);
	assert_int_equal(BIO_new_bio_pair(&a, 0, &b, 0), 1);
	SSL_set_bio(m.server, a, a);
	SSL_set_bio(m.client, b, b);
	for (int i = 0; i < 10; i++) {
		step(m.client, m.client_reason);
		step(m.server, m.server_reason);
	}
	assert_string_equal(m.server_reason, "no common version of TLS: 1.3 is needed");
	assert_string_equal(m.client_reason, "no common version of TLS: 1.3 is needed");
	part(&m);
	tls_free(ns1);
	tls_free(r1);
}

static void a_server_without_ca_serves_anyone_but_knows_nobody(void **state)
{
	struct tls *ns1 = certs_tls(&acme, "ns1", NULL), *r1 = certs_tls(&acme, "r1", &acme);
	struct meeting m = meet(ns1, r1);
	struct identity id;
	struct err e;

	assert_string_equal(m.client_reason, "");
	assert_int_equal(tls_peer_identity(m.server, &id, &e), ERR_DENIED);
	assert_string_equal(e.text, "the peer presented no certificate");
	part(&m);
	tls_free(ns1);
	tls_free(r1);
}

static void a_client_without_ca_trusts_nobody(void **state)
{
	struct tls *ns1 = certs_tls(&acme, "ns1", &acme), *r1 = certs_tls(&acme, "r1", NULL);
	struct meeting m = meet(ns1, r1);

	assert_non_null(strstr(m.client_reason, "the peer's certificate is not good: "));
	part(&m);
	tls_free(ns1);
	tls_free(r1);
}

static void sessions_cannot_be_resumed(void **state)
{
	struct tls *ns1 = certs_tls(&acme, "ns1", &acme), *r1 = certs_tls(&acme, "r1", &acme);
	struct meeting m = meet(ns1, r1);

	assert_int_equal(SSL_SESSION_is_resumable(SSL_get0_session(m.client)), 0);
	part(&m);
	tls_free(ns1);
	tls_free(r1);
}

static void only_one_spiffe_uri_of_our_fleet_is_an_identity(void **state)
{
	static const struct {
		const char *san, *text;
	} cases[] = {
		{ NULL, "peer certificate carries no URI SAN, expected one spiffe:// URI" },
		{ "DNS:ns1", "peer certificate carries no URI SAN, expected one spiffe:// URI" },
		{ "URI:spiffe://acme/dnsd/a,URI:spiffe://acme/admin/a",
		  "peer certificate carries 2 URI SANs, expected one spiffe:// URI" },
		{ "URI:https://acme/dnsd/a",
		  "peer certificate carries the URI 'https://acme/dnsd/a'" },
		{ "URI:spiffe://acme/king/a",
		  "peer certificate carries the URI 'spiffe://acme/king/a'" },
		{ "URI:spiffe://rival/dnsd/a",
		  "the peer is of fleet 'rival', we are of fleet 'acme'" },
	};
	struct tls *ns1 = certs_tls(&acme, "ns1", &acme);
	struct identity id;
	struct err e;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tls *odd;
		struct meeting m;

		issue_odd("odd", cases[i].san);
		odd = certs_tls(&acme, "odd", &acme);
		m = meet(ns1, odd);
		assert_string_equal(m.server_reason, "");
		assert_int_equal(tls_peer_identity(m.server, &id, &e), ERR_DENIED);
		if (strncmp(e.text, cases[i].text, strlen(cases[i].text)) != 0)
			fail_msg("'%s' does not begin with '%s'", e.text, cases[i].text);
		part(&m);
		tls_free(odd);
	}
	tls_free(ns1);
}

static void our_own_identity_is_read_from_our_certificate(void **state)
{
	struct tls *r1 = certs_tls(&acme, "r1", &acme), *odd;
	struct identity id;
	struct err e;

	assert_int_equal(tls_own_identity(r1, &id, &e), ERR_OK);
	assert_string_equal(id.region, "eu");
	issue_odd("odd", "DNS:a");
	odd = certs_tls(&acme, "odd", &acme);
	assert_int_equal(tls_own_identity(odd, &id, &e), ERR_INPUT);
	assert_non_null(strstr(e.text, "odd.crt: our certificate carries no URI SAN"));
	tls_free(r1);
	tls_free(odd);
}

/* A new CA is brought in while certificates of the old one are still in use: both stand in one
 * file, one after the other. */
static void two_authorities_in_one_file_are_both_good(void **state)
{
	static struct certs fresh;
	struct tls *server, *old_peer, *new_peer;
	char path[PATH_MAX], *text;
	struct meeting m;
	size_t len;
	FILE *both;

	certs_init(&fresh, "acme");
	certs_issue(&fresh, IDENTITY_REGIOND, "eu", "r1");
	assert_int_equal(file_read(certs_path(&acme, "ca.crt", path), 1 << 16, &text, &len, NULL),
			 ERR_OK);
	both = fopen(certs_path(&fresh, "ca.crt", path), "a");
	assert_int_equal(fwrite(text, 1, len, both), len);
	fclose(both);
	free(text);
	server = certs_tls(&acme, "ns1", &fresh);
	old_peer = certs_tls(&acme, "r1", &acme);
	new_peer = certs_tls(&fresh, "r1", &acme);
	m = meet(server, old_peer);
	assert_string_equal(m.server_reason, "");
	part(&m);
	m = meet(server, new_peer);
	assert_string_equal(m.server_reason, "");
	part(&m);
	tls_free(server);
	tls_free(old_peer);
	tls_free(new_peer);
	certs_fini(&fresh);
}

static void days_left_are_told_and_then_are_a_problem(void **state)
{
	struct tls *r1 = certs_tls(&acme, "r1", &acme); /* of one day */
	struct problems p = PROBLEMS_INIT;
	struct buf out = BUF_INIT;
	int64_t ends_s = tls_expires_s(r1), day_s = 86400;

	expiry_metrics(NULL, 0, &out);
	expiry_problems(NULL, "r1.crt", 0, &p);
	assert_int_equal(out.len + p.n, 0);
	expiry_metrics(r1, ends_s - 3 * day_s, &out);
	assert_non_null(strstr(buf_text(&out), "\nfairlead_certificate_days_left 3\n"));
	expiry_problems(r1, "r1.crt", ends_s - 30 * day_s, &p);
	assert_int_equal(p.n, 0);
	expiry_problems(r1, "r1.crt", ends_s - 30 * day_s + 1, &p);
	assert_int_equal(p.n, 1);
	assert_int_equal(p.list[0].severity, PROBLEM_WARNING);
	assert_string_equal(p.list[0].what, "the certificate expires in 29 days");
	assert_string_equal(p.list[0].subject, "r1.crt");
	expiry_problems(r1, "r1.crt", ends_s, &p);
	assert_int_equal(p.list[1].severity, PROBLEM_CRITICAL);
	problems_fini(&p);
	buf_fini(&out);
	tls_free(r1);
}

static enum err_code try_files(const char *crt, const char *key, const char *ca, struct err *e)
{
	char a[PATH_MAX], b[PATH_MAX], c[PATH_MAX];
	struct tls_files files = { certs_path(&acme, crt, a), certs_path(&acme, key, b),
				   certs_path(&acme, ca, c) };
	struct tls_options options = tls_context_fleet(&files);
	struct tls *tls;

	return tls_new(&tls, &options, e);
}

static void a_bad_file_is_named_with_the_reason(void **state)
{
	struct err e;
	char path[PATH_MAX];

	assert_int_equal(try_files("none.crt", "ns1.key", "ca.crt", &e), ERR_INPUT);
	assert_non_null(strstr(e.text, "/none.crt: No such file or directory"));
	assert_int_equal(try_files("ns1.crt", "none.key", "ca.crt", &e), ERR_INPUT);
	assert_non_null(strstr(e.text, "/none.key: No such file or directory"));
	assert_int_equal(try_files("ns1.crt", "ns1.key", "none.crt", &e), ERR_INPUT);
	assert_non_null(strstr(e.text, "/none.crt: No such file or directory"));
	assert_int_equal(try_files("ns1.crt", "r1.key", "ca.crt", &e), ERR_INPUT);
	assert_non_null(strstr(e.text, "r1.key does not belong to certificate "));
	assert_int_equal(file_replace(certs_path(&acme, "ns1.crt", path), "junk\n", 5, 0644, &e),
			 0);
	assert_int_equal(try_files("ns1.crt", "ns1.key", "ca.crt", &e), ERR_INPUT);
	assert_non_null(strstr(e.text, "ns1.crt: no start line"));
}

/* What a daemon does: the files are read aside, and taken. */
static enum err_code renew(struct tls *tls, const char *name, struct err *e)
{
	char crt[PATH_MAX], key[PATH_MAX], ca[PATH_MAX], file[64];
	const struct tls_files files = { crt, key, ca };
	struct tls_options options;
	enum err_code code;
	struct tls *fresh;

	snprintf(file, sizeof(file), "%s.crt", name);
	certs_path(&acme, file, crt);
	snprintf(file, sizeof(file), "%s.key", name);
	certs_path(&acme, file, key);
	certs_path(&acme, "ca.crt", ca);
	options = tls_context_fleet(&files);
	code = tls_new(&fresh, &options, e);
	if (code == ERR_OK)
		tls_take(tls, fresh);
	return code;
}

static void a_reload_changes_new_sessions_and_leaves_open_ones(void **state)
{
	struct tls *ns1 = certs_tls(&acme, "ns1", &acme), *r1 = certs_tls(&acme, "r1", &acme);
	struct meeting before = meet(ns1, r1), after;
	char crt[PATH_MAX], key[PATH_MAX];
	struct identity id;

	unlink(certs_path(&acme, "ns1.crt", crt));
	unlink(certs_path(&acme, "ns1.key", key));
	certs_issue(&acme, IDENTITY_DNSD, NULL, "ns2");
	rename(certs_path(&acme, "ns2.crt", crt), certs_path(&acme, "ns1.crt", key));
	rename(certs_path(&acme, "ns2.key", crt), certs_path(&acme, "ns1.key", key));
	assert_int_equal(renew(ns1, "ns1", NULL), ERR_OK);
	after = meet(ns1, r1);
	assert_int_equal(tls_peer_identity(after.client, &id, NULL), ERR_OK);
	assert_string_equal(id.name, "ns2");
	assert_int_equal(tls_peer_identity(before.client, &id, NULL), ERR_OK);
	assert_string_equal(id.name, "ns1");
	assert_int_equal(SSL_write(before.client, "x", 1), 1);
	part(&before);
	part(&after);
	tls_free(ns1);
	tls_free(r1);
}

static void a_reload_may_name_other_files(void **state)
{
	struct tls *ns1 = certs_tls(&acme, "ns1", &acme), *r1 = certs_tls(&acme, "r1", &acme);
	struct identity id;
	struct meeting m;
	struct err e;

	certs_issue(&acme, IDENTITY_DNSD, NULL, "ns3");
	assert_int_equal(renew(ns1, "none", &e), ERR_INPUT);
	assert_int_equal(renew(ns1, "ns3", &e), ERR_OK);
	m = meet(ns1, r1);
	assert_int_equal(tls_peer_identity(m.client, &id, NULL), ERR_OK);
	assert_string_equal(id.name, "ns3");
	part(&m);
	tls_free(ns1);
	tls_free(r1);
}

static void a_failed_reload_keeps_what_was_there(void **state)
{
	struct tls *ns1 = certs_tls(&acme, "ns1", &acme), *r1 = certs_tls(&acme, "r1", &acme);
	struct meeting m;
	struct err e;
	char path[PATH_MAX];

	unlink(certs_path(&acme, "ns1.key", path));
	assert_int_equal(renew(ns1, "ns1", &e), ERR_INPUT);
	assert_non_null(strstr(e.text, "ns1.key"));
	m = meet(ns1, r1);
	assert_string_equal(m.server_reason, "");
	part(&m);
	tls_free(ns1);
	tls_free(r1);
}

static void the_reason_of_an_empty_queue_is_said_so(void **state)
{
	char text[64];

	ERR_clear_error();
	tls_reason(text, sizeof(text));
	assert_string_equal(text, "no reason given");
}

static void each_failed_allocation_is_said_and_leaves_nothing(void **state)
{
	char crt[PATH_MAX], key[PATH_MAX], ca[PATH_MAX];
	struct tls_files files = { certs_path(&acme, "ns1.crt", crt),
				   certs_path(&acme, "ns1.key", key),
				   certs_path(&acme, "ca.crt", ca) };
	struct tls_options options = tls_context_fleet(&files);
	bool failed = true;
	unsigned n;

	for (n = 1; failed; n++) {
		struct tls *tls = NULL;
		struct err e;
		enum err_code code;

		fail_alloc_at(n);
		code = tls_new(&tls, &options, &e);
		failed = fail_alloc_end();
		assert_int_equal(code, failed ? ERR_MEMORY : ERR_OK);
		if (failed)
			assert_string_equal(e.text, "TLS: out of memory");
		tls_free(tls);
	}
	assert_true(n > 4);
}

#define WITH_FLEET(claim) cmocka_unit_test_setup_teardown(claim, start, finish)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FLEET(two_of_one_fleet_know_each_other),
		WITH_FLEET(a_client_of_another_authority_is_told_so),
		WITH_FLEET(a_server_of_another_authority_is_refused_by_the_client),
		WITH_FLEET(a_client_without_certificate_is_told_so),
		WITH_FLEET(an_older_tls_is_refused),
		WITH_FLEET(a_server_without_ca_serves_anyone_but_knows_nobody),
		WITH_FLEET(a_client_without_ca_trusts_nobody),
		WITH_FLEET(sessions_cannot_be_resumed),
		WITH_FLEET(only_one_spiffe_uri_of_our_fleet_is_an_identity),
		WITH_FLEET(our_own_identity_is_read_from_our_certificate),
		WITH_FLEET(two_authorities_in_one_file_are_both_good),
		WITH_FLEET(days_left_are_told_and_then_are_a_problem),
		WITH_FLEET(a_bad_file_is_named_with_the_reason),
		WITH_FLEET(a_reload_changes_new_sessions_and_leaves_open_ones),
		WITH_FLEET(a_reload_may_name_other_files),
		WITH_FLEET(a_failed_reload_keeps_what_was_there),
		cmocka_unit_test(the_reason_of_an_empty_queue_is_said_so),
		WITH_FLEET(each_failed_allocation_is_said_and_leaves_nothing),
	};

	return cmocka_run_group_tests_name("core/tls", tests, NULL, NULL);
}
