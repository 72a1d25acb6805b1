/* SPDX-License-Identifier: Apache-2.0 */
/* call: the admin API from the other side: a request goes out, a JSON document comes back. */
#include "ctl/call.h"

#include "core/http_conn.h"
#include "core/tls.h"

#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define CONNECT_TIMEOUT_S 5

struct call {
	CURL *curl;
	char *socket, *host, *certificate, *key, *ca;
	char sudo_header[64]; /* who became root, for the daemon's audit; "" = nobody did */
	char curl_text[CURL_ERROR_SIZE];
	struct buf answer;
	FILE *into; /* where the bytes of a good answer go; NULL = to `answer` */
	bool is_too_long;
	bool is_greeted; /* the TLS handshake is over, as far as we can see */
	int alert;	 /* the last one that the server sent; -1 = none */
	struct err peer; /* why the server's certificate was not accepted; "" = it was, or TLS
			    itself says why */
};

/* ---- the server's identity (mutual TLS) ---- */

static int call_index = -1; /* of the struct call in an SSL_CTX */

static void make_call_index(void)
{
	call_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
}

/* A name server of the fleet that `own` is of. */
static enum err_code check_server(X509 *server, X509 *own, struct err *e)
{
	char own_uri[IDENTITY_TEXT_MAX], uri[IDENTITY_TEXT_MAX];
	struct identity us, them;

	if (!own || tls_certificate_uri(own, own_uri, e) != ERR_OK ||
	    identity_parse(own_uri, &us, e) != ERR_OK)
		return err_wrap(e, ERR_INPUT, "our own certificate");
	if (tls_certificate_uri(server, uri, e) != ERR_OK ||
	    identity_parse(uri, &them, e) != ERR_OK)
		return err_wrap(e, ERR_DENIED, "the server's certificate");
	if (strcmp(us.fleet, them.fleet) != 0)
		return err_set(e, ERR_DENIED, "the server is %s, of another fleet than ours (%s)",
			       uri, us.fleet);
	if (them.role != IDENTITY_DNSD) /* a regiond's API is on its own machine only */
		return err_set(e, ERR_DENIED, "the server is %s: not a name server", uri);
	return ERR_OK;
}

/* After OpenSSL's own checks, which stay in force. */
static int verify_server(int is_chain_good, X509_STORE_CTX *store)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	SSL_CTX *ctx = ssl ? SSL_get_SSL_CTX(ssl) : NULL;
	struct call *c = ctx ? SSL_CTX_get_ex_data(ctx, call_index) : NULL;

	if (!is_chain_good || X509_STORE_CTX_get_error_depth(store) != 0)
		return is_chain_good;
	if (c && check_server(X509_STORE_CTX_get_current_cert(store), SSL_CTX_get0_certificate(ctx),
			      &c->peer) == ERR_OK)
		return 1;
	X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
	return 0;
}

/* A certificate of ours that is not accepted shows after the handshake, as an alert. curl's own
 * text may be of what came of it: a connection that is reset. */
static void note_alert(const SSL *ssl, int where, int what)
{
	struct call *c = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), call_index);

	if (c && where & SSL_CB_HANDSHAKE_DONE)
		c->is_greeted = true;
	if (c && (where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT)
		c->alert = what & 0xff;
}

/* Source: RFC 8446 section 6.2. */
static bool is_about_certificate(int alert)
{
	return (alert >= SSL3_AD_BAD_CERTIFICATE && alert <= SSL3_AD_CERTIFICATE_UNKNOWN) ||
	       alert == TLS1_AD_UNKNOWN_CA || alert == TLS1_AD_ACCESS_DENIED ||
	       alert == TLS13_AD_CERTIFICATE_REQUIRED;
}

/* In TLS 1.3 the server looks at our certificate when our handshake is over already. If our request
 * is under way by then, its alert may be lost in the reset of the connection. */
static bool is_cut_after_greeting(const struct call *c, CURLcode code)
{
	return c->is_greeted && !c->answer.len &&
	       (code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR || code == CURLE_GOT_NOTHING);
}

static CURLcode prepare_tls(CURL *curl, void *ssl_ctx, void *call)
{
	(void)curl;
	if (SSL_CTX_set_ex_data(ssl_ctx, call_index, call) != 1)
		return CURLE_OUT_OF_MEMORY;
	SSL_CTX_set_verify(ssl_ctx, SSL_VERIFY_PEER, verify_server);
	SSL_CTX_set_info_callback(ssl_ctx, note_alert);
	return CURLE_OK;
}

/* ---- the connection ---- */

static size_t take_answer(char *bytes, size_t size, size_t n, void *call)
{
	struct call *c = call;
	long status = 0;

	if (c->into)
		curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &status);
	if (c->into && status == 200)
		return fwrite(bytes, 1, n * size, c->into);
	if (c->answer.len + n * size > CALL_DOCUMENT_MAX) {
		c->is_too_long = true;
		return 0;
	}
	buf_add(&c->answer, bytes, n * size);
	return c->answer.failed ? 0 : n * size;
}

static char *copy(const char *text)
{
	return text ? strdup(text) : NULL;
}

static void set_common(struct call *c)
{
	curl_easy_setopt(c->curl, CURLOPT_ERRORBUFFER, c->curl_text);
	curl_easy_setopt(c->curl, CURLOPT_WRITEFUNCTION, take_answer);
	curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, c);
	curl_easy_setopt(c->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c->curl, CURLOPT_PROXY, ""); /* whatever the environment says */
	curl_easy_setopt(c->curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c->curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_TIMEOUT_S);
}

/* The name in the server's certificate may be any: verify_server() looks at who it is. */
static void set_tls(struct call *c)
{
	curl_easy_setopt(c->curl, CURLOPT_SSLCERT, c->certificate);
	curl_easy_setopt(c->curl, CURLOPT_SSLKEY, c->key);
	curl_easy_setopt(c->curl, CURLOPT_CAINFO, c->ca);
	curl_easy_setopt(c->curl, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(c->curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_3);
	curl_easy_setopt(c->curl, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(c->curl, CURLOPT_SSL_VERIFYHOST, 0L);
	curl_easy_setopt(c->curl, CURLOPT_SSL_CTX_FUNCTION, prepare_tls);
	curl_easy_setopt(c->curl, CURLOPT_SSL_CTX_DATA, c);
}

enum outcome call_new(struct call **out, const struct call_target *target, struct failure *p)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct call *c = calloc(1, sizeof(*c));

	if (!c)
		return outcome_set(p, "memory", "out of memory");
	pthread_once(&once, make_call_index);
	c->curl = curl_easy_init();
	c->host = copy(target->host);
	if (!target->host && target->sudo_user)
		snprintf(c->sudo_header, sizeof(c->sudo_header), HTTP_SUDO_HEADER ": %.32s",
			 target->sudo_user);
	c->socket = copy(target->socket);
	c->certificate = copy(target->certificate);
	c->key = copy(target->key);
	c->ca = copy(target->ca);
	if (!c->curl || (!c->host && !c->socket) ||
	    (c->host && (!c->certificate || !c->key || !c->ca))) {
		call_free(c);
		return outcome_set(p, "memory", "out of memory");
	}
	set_common(c);
	if (c->host)
		set_tls(c);
	else
		curl_easy_setopt(c->curl, CURLOPT_UNIX_SOCKET_PATH, c->socket);
	*out = c;
	return OUTCOME_DONE;
}

void call_free(struct call *c)
{
	if (!c)
		return;
	curl_easy_cleanup(c->curl);
	buf_fini(&c->answer);
	free(c->host);
	free(c->socket);
	free(c->certificate);
	free(c->key);
	free(c->ca);
	free(c);
}

/* ---- what went wrong ---- */

static enum outcome unreached_socket(const struct call *c, struct failure *p)
{
	long errnum = 0;

	curl_easy_getinfo(c->curl, CURLINFO_OS_ERRNO, &errnum);
	switch (errnum) {
	case ENOENT:
		return outcome_set(
			p, "unreached",
			"there is no socket %s: is the daemon running? (-s names another "
			"socket, -H a name server elsewhere)",
			c->socket);
	case EACCES:
	case EPERM:
		return outcome_set(p, "unreached",
				   "%s may not be opened by this user: try sudo, or join the group "
				   "that owns it",
				   c->socket);
	case ECONNREFUSED:
		return outcome_set(p, "unreached",
				   "nobody answers on %s: the daemon that made it is not running",
				   c->socket);
	}
	return outcome_set(p, "unreached", "%s: %s", c->socket,
			   errnum ? strerror((int)errnum) : c->curl_text);
}

static enum outcome transport_problem(const struct call *c, CURLcode code, struct failure *p)
{
	const char *at = c->host ? c->host : c->socket;
	const char *why = c->curl_text[0] ? c->curl_text : curl_easy_strerror(code);

	if (c->is_too_long)
		return outcome_set(p, "input", "%s: the answer is over %u MiB", at,
				   CALL_DOCUMENT_MAX >> 20);
	if (c->answer.failed || code == CURLE_OUT_OF_MEMORY)
		return outcome_set(p, "memory", "out of memory");
	if (c->into && ferror(c->into))
		return outcome_set(p, "io", "the answer cannot be written: %s", strerror(errno));
	if (c->into && code == CURLE_PARTIAL_FILE)
		return outcome_set(p, "io", "%s: the answer ended before its end", at);
	if (code == CURLE_OPERATION_TIMEDOUT)
		return outcome_set(p, "unreached", "%s: no answer in time", at);
	if (!c->host && (code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST))
		return unreached_socket(c, p);
	if (c->peer.text[0])
		return outcome_set(p, "unreached", "%s: %s", at, c->peer.text);
	if (is_about_certificate(c->alert))
		return outcome_set(p, "denied", "%s does not accept the certificate %s: %s", at,
				   c->certificate, SSL_alert_desc_string_long(c->alert));
	if (is_cut_after_greeting(c, code))
		return outcome_set(p, "denied",
				   "%s ended the connection: it does not accept the certificate "
				   "%s, or it has just stopped",
				   at, c->certificate);
	if (code == CURLE_SSL_CERTPROBLEM || code == CURLE_SSL_CACERT_BADFILE)
		return outcome_set(p, "input", "%s", why); /* files of ours */
	return outcome_set(p, "unreached", "%s: %s%s", at, why,
			   c->host ? " (is it the port of `listen.api`?)" : "");
}

static enum outcome api_problem(const struct call *c, long status, const json_t *doc,
				struct failure *p)
{
	const json_t *error = json_object_get(doc, "error");
	const char *code = json_string_value(json_object_get(error, "code"));
	const char *message = json_string_value(json_object_get(error, "message"));

	if (code && code[0] && message && strcmp(code, "ok") != 0)
		return outcome_set(p, code, "%s", message);
	return outcome_set(p, "input", "%s answered with HTTP %ld: is it Fairlead's admin API?",
			   c->host ? c->host : c->socket, status);
}

static enum outcome read_answer(struct call *c, json_t **doc, struct failure *p)
{
	long status = 0;
	json_t *answer;
	enum outcome outcome = OUTCOME_DONE;

	curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &status);
	if (c->into && status == 200)
		return OUTCOME_DONE;
	answer = json_loadb((const char *)c->answer.data, c->answer.len, JSON_DECODE_ANY, NULL);
	if (status != 200 || !answer)
		outcome = api_problem(c, status, answer, p);
	else
		*doc = json_incref(answer);
	json_decref(answer);
	return outcome;
}

/* ---- a request ---- */

static enum outcome perform(struct call *c, const struct call_request *request, const char *url,
			    char *body, json_t **doc, struct failure *p)
{
	struct curl_slist *headers = curl_slist_append(NULL, "Accept: application/json");
	unsigned timeout_s = request->timeout_s ? request->timeout_s : CALL_TIMEOUT_S;
	CURLcode code;

	if (body)
		headers = curl_slist_append(headers, "Content-Type: application/json");
	if (c->sudo_header[0])
		headers = curl_slist_append(headers, c->sudo_header);
	curl_easy_setopt(c->curl, CURLOPT_URL, url);
	curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(c->curl, CURLOPT_TIMEOUT, (long)timeout_s);
	if (body)
		curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS, body);
	else
		curl_easy_setopt(c->curl, CURLOPT_HTTPGET, 1L);
	curl_easy_setopt(c->curl, CURLOPT_CUSTOMREQUEST, request->method);
	buf_clear(&c->answer);
	c->curl_text[0] = c->peer.text[0] = 0;
	c->is_too_long = false;
	c->is_greeted = false;
	c->alert = -1;
	c->into = request->into;
	code = curl_easy_perform(c->curl);
	curl_slist_free_all(headers);
	return code == CURLE_OK ? read_answer(c, doc, p) : transport_problem(c, code, p);
}

enum outcome call_send(void *call, const struct call_request *request, json_t **doc,
		       struct failure *p)
{
	struct call *c = call;
	struct buf url = BUF_INIT;
	char *body = request->body ? json_dumps(request->body, JSON_COMPACT) : NULL;
	enum outcome outcome;

	buf_printf(&url, "%s%s", c->host ? "https://" : "http://", c->host ? c->host : "localhost");
	buf_add_str(&url, request->path);
	if (url.failed || (request->body && !body))
		outcome = outcome_set(p, "memory", "out of memory");
	else
		outcome = perform(c, request, buf_text(&url), body, doc, p);
	buf_fini(&url);
	free(body);
	return outcome;
}

void call_query(struct buf *path, const char *key, const char *value)
{
	bool is_first = !memchr(path->data ? path->data : (uint8_t *)"", '?', path->len);
	char *encoded;

	if (!value)
		return;
	encoded = curl_easy_escape(NULL, value, (int)strlen(value));
	if (!encoded) {
		path->failed = true;
		return;
	}
	buf_printf(path, "%c%s=%s", is_first ? '?' : '&', key, encoded);
	curl_free(encoded);
}
