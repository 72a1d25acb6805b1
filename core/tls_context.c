/* SPDX-License-Identifier: Apache-2.0 */
/* tls_context: makes one OpenSSL context from options: the fleet's, or one for the public. */
#include "core/tls_context.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* What the callbacks of a context need; freed with it. */
struct extra {
	SSL_CTX **sites;
	size_t n_sites;
	unsigned char alpn[TLS_ALPN_MAX * 32]; /* as on the wire: a length before each */
	unsigned alpn_len;
};

struct tls_options tls_context_fleet(const struct tls_files *files)
{
	static const char *const http[] = { "http/1.1" };

	return (struct tls_options){ .files = *files, .alpn = http, .n_alpn = 1 };
}

/* For a file the oldest reason is the telling one: "No such file", where the newest only says that
 * loading failed. */
static enum err_code failed(struct err *e, const char *what, const char *path)
{
	unsigned long error = ERR_peek_error();
	const char *text = ERR_SYSTEM_ERROR(error) ? strerror(ERR_GET_REASON(error))
						   : ERR_reason_error_string(error);

	err_set(e, ERR_INPUT, "%s %s: %s", what, path, text ? text : "no reason given");
	ERR_clear_error();
	return ERR_INPUT;
}

static enum err_code out_of_memory(struct err *e)
{
	ERR_clear_error();
	return err_set(e, ERR_MEMORY, "TLS: out of memory");
}

/* ---- callbacks */

/* A daemon has nobody to ask for a pass phrase; without this OpenSSL would ask the terminal. */
static int no_pass_phrase(char *out, int room, int writing, void *arg)
{
	return -1;
}

static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
			   const unsigned char *offered, unsigned offered_len, void *arg)
{
	const struct extra *x = arg;
	unsigned char *chosen;

	if (SSL_select_next_proto(&chosen, out_len, x->alpn, x->alpn_len, offered, offered_len) !=
	    OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

static int choose_site(SSL *ssl, int *alert, void *arg)
{
	const struct extra *x = arg;
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

	for (size_t i = 0; name && i < x->n_sites; i++)
		if (X509_check_host(SSL_CTX_get0_certificate(x->sites[i]), name, 0, 0, NULL) == 1) {
			SSL_set_SSL_CTX(ssl, x->sites[i]);
			break;
		}
	return SSL_TLSEXT_ERR_OK;
}

/* ---- what a context carries */

static void extra_free(struct extra *x)
{
	for (size_t i = 0; i < x->n_sites; i++)
		SSL_CTX_free(x->sites[i]);
	free(x->sites);
	free(x);
}

static void free_with_context(void *parent, void *ptr, CRYPTO_EX_DATA *data, int index, long argl,
			      void *argp)
{
	if (ptr)
		extra_free(ptr);
}

static int index_of_extra;
static void make_index(void)
{
	index_of_extra = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, free_with_context);
}

static int extra_index(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, make_index);
	return index_of_extra;
}

/* ---- making one */

/* A peer that drops the connection without close_notify has simply ended it: all that runs over
 * these contexts carries its own lengths. */
static void set_rules(SSL_CTX *ctx, const struct tls_options *o)
{
	static const unsigned char session_context[] = "fairlead";

	SSL_CTX_set_options(ctx, SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_RENEGOTIATION |
					 SSL_OP_CIPHER_SERVER_PREFERENCE);
	if (!o->ticket_key) {
		SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
		SSL_CTX_set_num_tickets(ctx, 0);
	}
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_session_id_context(ctx, session_context, sizeof(session_context) - 1);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				      SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_default_passwd_cb(ctx, no_pass_phrase);
}

static enum err_code load_files(SSL_CTX *ctx, const struct tls_files *files, struct err *e)
{
	if (SSL_CTX_use_certificate_chain_file(ctx, files->certificate) != 1)
		return failed(e, "certificate", files->certificate);
	if (SSL_CTX_use_PrivateKey_file(ctx, files->key, SSL_FILETYPE_PEM) == 1)
		return ERR_OK;
	if (ERR_GET_REASON(ERR_peek_last_error()) != X509_R_KEY_VALUES_MISMATCH)
		return failed(e, "key", files->key);
	ERR_clear_error();
	return err_set(e, ERR_INPUT, "key %s does not belong to certificate %s", files->key,
		       files->certificate);
}

/* One certificate with the rules of all; `x` is of the context that clients meet first. */
static enum err_code make_one(const struct tls_files *files, const struct tls_options *o,
			      struct extra *x, SSL_CTX **out, struct err *e)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	enum err_code code;

	if (!ctx || SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) != 1) {
		SSL_CTX_free(ctx);
		return out_of_memory(e);
	}
	set_rules(ctx, o);
	if (x->alpn_len)
		SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, x);
	code = load_files(ctx, files, e);
	if (code == ERR_OK)
		*out = ctx;
	else
		SSL_CTX_free(ctx);
	return code;
}

static enum err_code set_protocols(struct extra *x, const struct tls_options *o, struct err *e)
{
	for (size_t i = 0; i < o->n_alpn; i++) {
		size_t len = strlen(o->alpn[i]);

		if (i == TLS_ALPN_MAX || len == 0 || len > 31)
			return err_set(e, ERR_INPUT, "protocol %s: expected %d of 1 to 31 bytes",
				       o->alpn[i], TLS_ALPN_MAX);
		x->alpn[x->alpn_len++] = (unsigned char)len;
		memcpy(x->alpn + x->alpn_len, o->alpn[i], len);
		x->alpn_len += (unsigned)len;
	}
	return ERR_OK;
}

static enum err_code add_sites(struct extra *x, const struct tls_options *o, struct err *e)
{
	enum err_code code = ERR_OK;

	x->sites = calloc(o->n_sites + 1, sizeof(*x->sites));
	if (!x->sites)
		return out_of_memory(e);
	for (size_t i = 0; code == ERR_OK && i < o->n_sites; i++) {
		code = make_one(&o->sites[i], o, x, &x->sites[i], e);
		x->n_sites += code == ERR_OK;
	}
	return code;
}

static enum err_code make_extra(const struct tls_options *o, struct extra **out, struct err *e)
{
	struct extra *x = calloc(1, sizeof(*x));
	enum err_code code;

	if (!x)
		return out_of_memory(e);
	code = set_protocols(x, o, e);
	if (code == ERR_OK)
		code = add_sites(x, o, e);
	if (code == ERR_OK)
		*out = x;
	else
		extra_free(x);
	return code;
}

/* What the options ask for beside the certificate. Takes x. */
static enum err_code finish(SSL_CTX *ctx, const struct tls_options *o, struct extra *x,
			    struct err *e)
{
	if (SSL_CTX_set_ex_data(ctx, extra_index(), x) != 1) {
		extra_free(x);
		return out_of_memory(e);
	}
	SSL_CTX_set_tlsext_servername_callback(ctx, choose_site);
	SSL_CTX_set_tlsext_servername_arg(ctx, x);
	if (o->ticket_key &&
	    SSL_CTX_set_tlsext_ticket_keys(ctx, (void *)o->ticket_key, TLS_TICKET_KEY_LEN) != 1)
		return failed(e, "ticket key of", o->files.certificate);
	if (o->files.ca && SSL_CTX_load_verify_file(ctx, o->files.ca) != 1)
		return failed(e, "ca", o->files.ca);
	return ERR_OK;
}

enum err_code tls_context_make(const struct tls_options *o, SSL_CTX **out, struct err *e)
{
	SSL_CTX *ctx = NULL;
	struct extra *x = NULL;
	enum err_code code;

	ERR_clear_error();
	if (o->ticket_key && o->files.ca)
		return err_set(e, ERR_INPUT,
			       "sessions of clients with certificates are not resumed");
	code = make_extra(o, &x, e);
	if (code != ERR_OK)
		return code;
	code = make_one(&o->files, o, x, &ctx, e);
	if (code == ERR_OK)
		code = finish(ctx, o, x, e);
	else
		extra_free(x);
	if (code == ERR_OK)
		*out = ctx;
	else
		SSL_CTX_free(ctx);
	return code;
}
