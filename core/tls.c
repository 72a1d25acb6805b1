/* SPDX-License-Identifier: Apache-2.0 */
/* tls: TLS 1.3 that can be reloaded while they serve (OpenSSL). */
#include "core/tls.h"

#include "core/arena.h"

#include <openssl/err.h>
#include <openssl/sslerr.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tls {
	struct arena *memory;	    /* of the options */
	struct tls_options options; /* the control thread's */

	pthread_mutex_t lock;
	SSL_CTX *ctx; /* under lock; each session holds a reference of its own */
};

/* ---- reasons */

static void describe(unsigned long error, char *out, size_t room)
{
	const char *text = ERR_reason_error_string(error);

	if (!error)
		snprintf(out, room, "no reason given");
	else if (text)
		snprintf(out, room, "%s", text);
	else if (ERR_SYSTEM_ERROR(error))
		snprintf(out, room, "%s", strerror(ERR_GET_REASON(error)));
	else
		snprintf(out, room, "OpenSSL error %#lx", error);
}

void tls_reason(char *out, size_t room)
{
	describe(ERR_peek_last_error(), out, room);
	ERR_clear_error();
}

/* What operators meet most often, in their words. */
static const char *plain_words(int reason)
{
	switch (reason) {
	case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE: return "the peer presented no certificate";
	case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
		return "the peer refused us: we presented no certificate";
	case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
		return "the peer refused our certificate: it is of a CA that the peer does not "
		       "know";
	case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
		return "the peer refused our certificate: it has expired";
	case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
	case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
	case SSL_R_TLSV1_ALERT_DECRYPT_ERROR: return "the peer refused our certificate";
	case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
	case SSL_R_UNSUPPORTED_PROTOCOL: return "no common version of TLS: 1.3 is needed";
	case SSL_R_WRONG_VERSION_NUMBER:
	case SSL_R_PACKET_LENGTH_TOO_LONG: return "the peer does not speak TLS";
	case SSL_R_HTTP_REQUEST: return "the peer speaks HTTP in the clear, not TLS";
	default: return NULL;
	}
}

void tls_explain(const SSL *ssl, unsigned long error, char *out, size_t room)
{
	bool is_tls = ERR_GET_LIB(error) == ERR_LIB_SSL;
	const char *words = is_tls ? plain_words(ERR_GET_REASON(error)) : NULL;
	const char *reason = ERR_reason_error_string(error);

	if (is_tls && ERR_GET_REASON(error) == SSL_R_CERTIFICATE_VERIFY_FAILED)
		snprintf(out, room, "the peer's certificate is not good: %s",
			 X509_verify_cert_error_string(SSL_get_verify_result(ssl)));
	else if (words)
		snprintf(out, room, "%s", words);
	else
		snprintf(out, room, "TLS: %s", reason ? reason : "no reason given");
}

/* ---- contexts */

static char *copy_text(struct arena *a, const char *text)
{
	return text ? arena_text(a, text, strlen(text)) : NULL;
}

static struct tls_files copy_files(struct arena *a, const struct tls_files *f)
{
	return (struct tls_files){ copy_text(a, f->certificate), copy_text(a, f->key),
				   copy_text(a, f->ca) };
}

static void *copy_bytes(struct arena *a, const void *bytes, size_t len)
{
	void *copy = arena_alloc(a, len);

	return copy ? memcpy(copy, bytes, len) : NULL;
}

/* The options with all they point to, copied: a reload reads the same paths again. */
static enum err_code copy_options(struct tls *tls, const struct tls_options *o, struct err *e)
{
	struct arena *a = tls->memory = arena_new();
	struct tls_files *sites = a ? arena_array(a, o->n_sites, sizeof(*sites)) : NULL;
	const char **alpn = a ? arena_array(a, o->n_alpn, sizeof(*alpn)) : NULL;

	if (!a || arena_is_exhausted(a))
		return err_set(e, ERR_MEMORY, "TLS: out of memory");
	tls->options = *o;
	tls->options.files = copy_files(a, &o->files);
	for (size_t i = 0; i < o->n_sites; i++)
		sites[i] = copy_files(a, &o->sites[i]);
	for (size_t i = 0; i < o->n_alpn; i++)
		alpn[i] = copy_text(a, o->alpn[i]);
	tls->options.sites = sites;
	tls->options.alpn = alpn;
	if (o->ticket_key)
		tls->options.ticket_key = copy_bytes(a, o->ticket_key, TLS_TICKET_KEY_LEN);
	return arena_is_exhausted(a) ? err_set(e, ERR_MEMORY, "TLS: out of memory") : ERR_OK;
}

enum err_code tls_new(struct tls **out, const struct tls_options *options, struct err *e)
{
	struct tls *tls = calloc(1, sizeof(*tls));
	enum err_code code;

	if (!tls)
		return err_set(e, ERR_MEMORY, "TLS: out of memory");
	pthread_mutex_init(&tls->lock, NULL);
	code = copy_options(tls, options, e);
	if (code == ERR_OK)
		code = tls_context_make(&tls->options, &tls->ctx, e);
	if (code == ERR_OK)
		*out = tls;
	else
		tls_free(tls);
	return code;
}

void tls_take(struct tls *tls, struct tls *fresh)
{
	const struct tls before = *tls;

	pthread_mutex_lock(&tls->lock);
	tls->ctx = fresh->ctx;
	pthread_mutex_unlock(&tls->lock);
	tls->memory = fresh->memory;
	tls->options = fresh->options;
	fresh->ctx = before.ctx;
	fresh->memory = before.memory;
	fresh->options = before.options;
	tls_free(fresh);
}

void tls_free(struct tls *tls)
{
	if (!tls)
		return;
	SSL_CTX_free(tls->ctx);
	pthread_mutex_destroy(&tls->lock);
	arena_free(tls->memory);
	free(tls);
}

static SSL *new_session(struct tls *tls)
{
	SSL *ssl;

	pthread_mutex_lock(&tls->lock);
	ssl = SSL_new(tls->ctx);
	pthread_mutex_unlock(&tls->lock);
	return ssl;
}

SSL *tls_accept(struct tls *tls)
{
	SSL *ssl = new_session(tls);

	if (!ssl)
		return NULL;
	if (tls->options.files.ca)
		SSL_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_set_accept_state(ssl);
	return ssl;
}

/* Without a CA there is nothing to know a server by: the handshake fails, which is right. */
SSL *tls_connect(struct tls *tls)
{
	SSL *ssl = new_session(tls);

	if (!ssl)
		return NULL;
	SSL_set_verify(ssl, SSL_VERIFY_PEER, NULL);
	SSL_set_connect_state(ssl);
	return ssl;
}

/* ---- identities */

enum err_code tls_certificate_uri(X509 *certificate, char out[IDENTITY_TEXT_MAX], struct err *e)
{
	GENERAL_NAMES *names;
	const ASN1_IA5STRING *uri = NULL;
	enum err_code code = ERR_OK;
	int count = 0, i, critical;

	names = X509_get_ext_d2i(certificate, NID_subject_alt_name, &critical, NULL);
	for (i = 0; names && i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type == GEN_URI) {
			uri = name->d.uniformResourceIdentifier;
			count++;
		}
	}
	if (!names && critical == -2)
		code = err_set(e, ERR_INPUT, "carries several subjectAltName extensions");
	else if (count == 0)
		code = err_set(e, ERR_INPUT, "carries no URI SAN, expected one spiffe:// URI");
	else if (count > 1)
		code = err_set(e, ERR_INPUT, "carries %d URI SANs, expected one spiffe:// URI",
			       count);
	else if (ASN1_STRING_length(uri) >= IDENTITY_TEXT_MAX ||
		 memchr(ASN1_STRING_get0_data(uri), 0, (size_t)ASN1_STRING_length(uri)))
		code = err_set(e, ERR_INPUT,
			       "carries a URI SAN that is too long or has a zero byte");
	else
		snprintf(out, IDENTITY_TEXT_MAX, "%.*s", ASN1_STRING_length(uri),
			 (const char *)ASN1_STRING_get0_data(uri));
	GENERAL_NAMES_free(names);
	ERR_clear_error();
	return code;
}

/* whose is the subject of the sentence: "peer certificate". */
static enum err_code read_identity(X509 *certificate, const char *whose, struct identity *out,
				   struct err *e)
{
	char uri[IDENTITY_TEXT_MAX];
	struct err inner = { "" };

	if (tls_certificate_uri(certificate, uri, &inner) != ERR_OK)
		return err_set(e, ERR_INPUT, "%s %s", whose, inner.text);
	if (identity_parse(uri, out, &inner) != ERR_OK)
		return err_set(e, ERR_INPUT, "%s carries the URI '%s': %s", whose, uri, inner.text);
	return ERR_OK;
}

enum err_code tls_own_identity(struct tls *tls, struct identity *out, struct err *e)
{
	X509 *own;
	enum err_code code;

	pthread_mutex_lock(&tls->lock);
	own = SSL_CTX_get0_certificate(tls->ctx);
	X509_up_ref(own);
	pthread_mutex_unlock(&tls->lock);
	code = read_identity(own, "our certificate", out, e);
	if (code != ERR_OK)
		err_wrap(e, code, "%s", tls->options.files.certificate);
	X509_free(own);
	return code;
}

int64_t tls_expires_s(struct tls *tls)
{
	struct tm end = { 0 };

	pthread_mutex_lock(&tls->lock);
	ASN1_TIME_to_tm(X509_get0_notAfter(SSL_CTX_get0_certificate(tls->ctx)), &end);
	pthread_mutex_unlock(&tls->lock);
	return (int64_t)timegm(&end);
}

enum err_code tls_peer_identity(SSL *ssl, struct identity *out, struct err *e)
{
	X509 *theirs = SSL_get0_peer_certificate(ssl), *ours = SSL_get_certificate(ssl);
	struct identity peer, own;
	char uri[IDENTITY_TEXT_MAX];

	if (!theirs)
		return err_set(e, ERR_DENIED, "the peer presented no certificate");
	if (SSL_get_verify_result(ssl) != X509_V_OK)
		return err_set(e, ERR_DENIED, "the peer's certificate is not good: %s",
			       X509_verify_cert_error_string(SSL_get_verify_result(ssl)));
	if (read_identity(theirs, "peer certificate", &peer, e) != ERR_OK)
		return ERR_DENIED;
	if (!ours || read_identity(ours, "our own certificate", &own, e) != ERR_OK)
		return ERR_DENIED;
	if (strcmp(peer.fleet, own.fleet) != 0) {
		identity_text(&peer, uri);
		return err_set_sub(e, ERR_DENIED, ERR_SUB_FLEET,
				   "the peer is of fleet '%s', we are of fleet '%s' (%s)",
				   peer.fleet, own.fleet, uri);
	}
	*out = peer;
	return ERR_OK;
}
