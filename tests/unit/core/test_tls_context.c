/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about core/tls_context: a server for the public, met by plain OpenSSL clients over a pair
 * of memory buffers. */
#include "core/tls.h"
#include "tests/unit/certs.h"
#include "tests/unit/fail_alloc.h"
#include "tests/unit/unit.h"

#include <openssl/x509v3.h>

static struct certs acme;
static char paths[3][2][PATH_MAX];
static struct tls_files files[3]; /* of default.example, a.example, *.b.example */
static const uint8_t ticket_key[TLS_TICKET_KEY_LEN] = "a key that is long enough for this";

static int start(void **state)
{
	static const char *const names[] = { "default.example", "a.example", "*.b.example" };
	static const char *const nodes[] = { "d", "a", "b" };

	certs_init(&acme, "acme");
	for (size_t i = 0; i < 3; i++) {
		struct cert_request request = { .role = IDENTITY_DNSD,
						.name = nodes[i],
						.addresses = &names[i],
						.addresses_len = 1,
						.days = 1 };
		char file[16];

		assert_int_equal(cert_issue(acme.dir, &request, NULL), ERR_OK);
		snprintf(file, sizeof(file), "%s.crt", nodes[i]);
		files[i].certificate = certs_path(&acme, file, paths[i][0]);
		snprintf(file, sizeof(file), "%s.key", nodes[i]);
		files[i].key = certs_path(&acme, file, paths[i][1]);
	}
	return 0;
}

static int finish(void **state)
{
	certs_fini(&acme);
	return 0;
}

static struct tls *serve(const struct tls_options *options)
{
	struct err e = { "" };
	struct tls *tls;

	if (tls_new(&tls, options, &e) != ERR_OK)
		fail_msg("%s", e.text);
	return tls;
}

/* ---- clients */

struct visit {
	SSL *server, *client;
	bool is_up;
};

static struct visit visit(struct tls *tls, SSL_CTX *clients, const char *name, const char *alpn,
			  SSL_SESSION *session)
{
	struct visit v = { tls_accept(tls), SSL_new(clients), false };
	BIO *a, *b;
	char byte;

	SSL_set_connect_state(v.client);
	SSL_set_tlsext_host_name(v.client, name);
	if (alpn)
		SSL_set_alpn_protos(v.client, (const unsigned char *)alpn, (unsigned)strlen(alpn));
	if (session)
		SSL_set_session(v.client, session);
	assert_int_equal(BIO_new_bio_pair(&a, 0, &b, 0), 1);
	SSL_set_bio(v.server, a, a);
	SSL_set_bio(v.client, b, b);
	for (int i = 0; i < 10; i++) {
		SSL_read(v.client, &byte, 1); /* takes tickets too */
		SSL_read(v.server, &byte, 1);
	}
	v.is_up = SSL_is_init_finished(v.client) && SSL_is_init_finished(v.server);
	return v;
}

static void leave(struct visit *v)
{
	SSL_free(v->server);
	SSL_free(v->client);
}

static void assert_met(struct tls *tls, SSL_CTX *clients, const char *name, const char *certificate)
{
	struct visit v = visit(tls, clients, name, NULL, NULL);

	assert_true(v.is_up);
	if (X509_check_host(SSL_get0_peer_certificate(v.client), certificate, 0, 0, NULL) != 1)
		fail_msg("%s is not served by the certificate of %s", name, certificate);
	leave(&v);
}

/* "" = none was agreed on; NULL = refused. */
static void assert_protocol(struct tls *tls, SSL_CTX *clients, const char *offer, const char *want)
{
	struct visit v = visit(tls, clients, "a.example", offer, NULL);
	const unsigned char *chosen;
	char text[32];
	unsigned len;

	assert_int_equal(v.is_up, want != NULL);
	SSL_get0_alpn_selected(v.client, &chosen, &len);
	snprintf(text, sizeof(text), "%.*s", (int)len, len ? (const char *)chosen : "");
	if (want)
		assert_string_equal(text, want);
	leave(&v);
}

/* ---- claims */

static void the_name_that_a_client_asks_for_chooses_the_certificate(void **state)
{
	const struct tls_options with = { .files = files[0], .sites = &files[1], .n_sites = 2 };
	struct tls *tls = serve(&with);
	SSL_CTX *clients = SSL_CTX_new(TLS_client_method());

	assert_met(tls, clients, "a.example", "a.example");
	assert_met(tls, clients, "x.b.example", "x.b.example");
	assert_met(tls, clients, "b.example", "default.example");
	assert_met(tls, clients, "", "default.example");
	tls_take(tls, serve(&with));
	assert_met(tls, clients, "a.example", "a.example");
	SSL_CTX_free(clients);
	tls_free(tls);
}

static void our_order_of_protocols_counts_and_none_in_common_is_refused(void **state)
{
	static const char *const ours[] = { "h2", "http/1.1" };
	struct tls *tls = serve(&(struct tls_options){
		.files = files[0], .sites = &files[1], .n_sites = 1, .alpn = ours, .n_alpn = 2 });
	SSL_CTX *clients = SSL_CTX_new(TLS_client_method());

	assert_protocol(tls, clients, "\010http/1.1\002h2", "h2");
	assert_protocol(tls, clients, "\010http/1.1", "http/1.1");
	assert_protocol(tls, clients, "\003dot", NULL);
	assert_protocol(tls, clients, NULL, "");
	SSL_CTX_free(clients);
	tls_free(tls);
}

static bool is_resumed(struct tls *first, struct tls *second)
{
	SSL_CTX *clients = SSL_CTX_new(TLS_client_method());
	struct visit v = visit(first, clients, "a.example", NULL, NULL), again;
	SSL_SESSION *session = SSL_get1_session(v.client);
	bool is_reused;

	assert_true(v.is_up);
	again = visit(second, clients, "a.example", NULL, session);
	assert_true(again.is_up);
	is_reused = SSL_session_reused(again.client);
	SSL_SESSION_free(session);
	leave(&v);
	leave(&again);
	SSL_CTX_free(clients);
	return is_reused;
}

static void a_session_goes_on_at_another_node_with_the_same_key(void **state)
{
	static const uint8_t another[TLS_TICKET_KEY_LEN] = "another";
	const struct tls_options with = { .files = files[0], .ticket_key = ticket_key },
				 other = { .files = files[0], .ticket_key = another },
				 without = { .files = files[0] };
	struct tls *a = serve(&with), *b = serve(&with), *c = serve(&other), *d = serve(&without);

	assert_true(is_resumed(a, b));
	assert_false(is_resumed(a, c));
	assert_false(is_resumed(d, d));
	tls_take(b, serve(&with));
	assert_true(is_resumed(a, b));
	tls_free(a);
	tls_free(b);
	tls_free(c);
	tls_free(d);
}

static void what_cannot_be_is_refused_by_name(void **state)
{
	static const char *const long_word[] = { "a protocol of more than 31 bytes" };
	struct tls_options o = { .files = files[0], .ticket_key = ticket_key };
	char ca[PATH_MAX];
	struct tls *tls;
	struct err e = { "" };

	o.files.ca = certs_path(&acme, "ca.crt", ca);
	assert_int_equal(tls_new(&tls, &o, &e), ERR_INPUT);
	assert_string_equal(e.text, "sessions of clients with certificates are not resumed");
	o = (struct tls_options){ .files = files[0], .alpn = long_word, .n_alpn = 1 };
	assert_int_equal(tls_new(&tls, &o, &e), ERR_INPUT);
	assert_non_null(strstr(e.text, "of 1 to 31 bytes"));
	o = (struct tls_options){ .files = files[0],
				  .sites = &(struct tls_files){ "/none.crt", "/none.key", NULL },
				  .n_sites = 1 };
	assert_int_equal(tls_new(&tls, &o, &e), ERR_INPUT);
	assert_string_equal(e.text, "certificate /none.crt: No such file or directory");
}

static void each_failed_allocation_is_said(void **state)
{
	static const char *const ours[] = { "h2" };
	const struct tls_options o = { .files = files[0],
				       .sites = &files[1],
				       .n_sites = 2,
				       .alpn = ours,
				       .n_alpn = 1,
				       .ticket_key = ticket_key };
	bool failed = true;

	for (unsigned n = 1; failed; n++) {
		struct tls *tls = NULL;
		struct err e;
		enum err_code code;

		fail_alloc_at(n);
		code = tls_new(&tls, &o, &e);
		failed = fail_alloc_end();
		assert_int_equal(code, failed ? ERR_MEMORY : ERR_OK);
		tls_free(tls);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_name_that_a_client_asks_for_chooses_the_certificate),
		cmocka_unit_test(our_order_of_protocols_counts_and_none_in_common_is_refused),
		cmocka_unit_test(a_session_goes_on_at_another_node_with_the_same_key),
		cmocka_unit_test(what_cannot_be_is_refused_by_name),
		cmocka_unit_test(each_failed_allocation_is_said),
	};

	return cmocka_run_group_tests_name("core/tls_context", tests, start, finish);
}
