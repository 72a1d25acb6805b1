/* SPDX-License-Identifier: Apache-2.0 */
/* little: a bench for checks: a loop, a checker, and little servers that answer as told. */
#include "tests/unit/probers/little.h"

#include "probers/check_compile.h"

#include <dirent.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/ec.h>
#include <openssl/x509.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

void little_init(struct little *l)
{
	memset(l, 0, sizeof(*l));
	l->fds_before = count_fds();
	assert_int_equal(loop_new(&l->loop, NULL), ERR_OK);
	assert_int_equal(checker_new(&l->checker, l->loop, NULL, NULL), ERR_OK);
}

static void end_server(struct little_server *s)
{
	if (s->connection)
		bufferevent_free(s->connection);
	if (s->listener)
		evconnlistener_free(s->listener);
	SSL_CTX_free(s->tls);
}

void little_fini(struct little *l)
{
	end_server(&l->server);
	checker_free(l->checker);
	loop_free(l->loop);
	assert_int_equal(count_fds(), l->fds_before);
}

static void limit_fds(rlim_t most)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = most;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

void little_has_no_fds(struct little *l)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	l->fds_limit = limit.rlim_cur;
	limit_fds(0);
}

void little_has_fds(struct little *l)
{
	limit_fds(l->fds_limit);
}

/* ---- the server */

static void end_connection(struct little_server *s)
{
	bufferevent_free(s->connection);
	s->connection = NULL;
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
	struct little_server *s = arg;

	if ((what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) && s->connection == bev)
		end_connection(s);
}

static void on_written(struct bufferevent *bev, void *arg)
{
	struct little_server *s = arg;

	if (!s->stays_open && s->connection == bev)
		end_connection(s);
}

static void on_read(struct bufferevent *bev, void *arg)
{
	struct little_server *s = arg;
	size_t room = sizeof(s->seen) - 1 - s->seen_len;

	s->seen_len += bufferevent_read(bev, s->seen + s->seen_len, room);
	s->seen[s->seen_len] = '\0';
	if (!s->reply || (!s->answers_anything && !strstr(s->seen, "\r\n\r\n")))
		return;
	if (s->reply_len == 0) {
		end_connection(s);
		return;
	}
	bufferevent_setcb(bev, on_read, on_written, on_event, s);
	bufferevent_write(bev, s->reply, s->reply_len);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *sa,
		      int len, void *arg)
{
	struct little_server *s = arg;

	s->accepted++;
	s->seen_len = 0;
	if (s->connection)
		end_connection(s);
	if (s->tls)
		s->connection = bufferevent_openssl_socket_new(s->base, fd, SSL_new(s->tls),
							       BUFFEREVENT_SSL_ACCEPTING,
							       BEV_OPT_CLOSE_ON_FREE);
	else
		s->connection = bufferevent_socket_new(s->base, fd, BEV_OPT_CLOSE_ON_FREE);
	bufferevent_setcb(s->connection, on_read, NULL, on_event, s);
	bufferevent_enable(s->connection, EV_READ | EV_WRITE);
}

struct endpoint little_endpoint(int fd)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);
	struct endpoint at;

	assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
	assert_int_equal(endpoint_from_sockaddr((struct sockaddr *)&sa, &at), ERR_OK);
	return at;
}

static void here(struct sockaddr_storage *sa, socklen_t *len)
{
	struct endpoint at;

	assert_int_equal(endpoint_parse("127.0.0.1:0", &at, NULL), ERR_OK);
	*len = endpoint_to_sockaddr(&at, sa);
}

void little_serve(struct little *l, const char *reply)
{
	struct little_server *s = &l->server;
	struct sockaddr_storage sa;
	socklen_t len;

	here(&sa, &len);
	s->base = loop_base(l->loop);
	s->reply = reply;
	s->reply_len = reply ? strlen(reply) : 0;
	s->listener = evconnlistener_new_bind(s->base, on_accept, s,
					      LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 16,
					      (struct sockaddr *)&sa, (int)len);
	assert_non_null(s->listener);
	s->at = little_endpoint(evconnlistener_get_fd(s->listener));
}

static SSL_CTX *own_certificate(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();

	assert_non_null(key);
	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -60);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
				   (const unsigned char *)"little", -1, -1, 0);
	X509_set_issuer_name(cert, X509_get_subject_name(cert));
	X509_set_pubkey(cert, key);
	assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
	assert_int_equal(SSL_CTX_use_certificate(ctx, cert), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(ctx, key), 1);
	X509_free(cert);
	EVP_PKEY_free(key);
	return ctx;
}

void little_serve_tls(struct little *l, const char *reply)
{
	little_serve(l, reply);
	l->server.tls = own_certificate();
}

/* ---- checking */

static void on_done(void *arg, const struct check_result *result)
{
	struct little *l = arg;

	assert_false(l->is_done);
	l->is_done = true;
	l->check = NULL;
	l->result = *result;
	loop_stop(l->loop);
}

void little_start_spec(struct little *l, struct check_spec *spec, const struct endpoint *to)
{
	l->is_done = false;
	assert_int_equal(check_start(l->checker, spec, to, on_done, l, &l->check), ERR_OK);
	assert_false(l->is_done);
}

void little_start(struct little *l, const struct config_monitor *m, const struct endpoint *to)
{
	struct check_spec *spec;
	struct err e;

	if (check_compile(m, &spec, &e) != ERR_OK)
		fail_msg("%s", e.text);
	little_start_spec(l, spec, to);
	check_spec_free(spec); /* the check holds it */
}

void little_wait(struct little *l)
{
	loop_run(l->loop);
	assert_true(l->is_done);
}

void little_check(struct little *l, const struct config_monitor *m, const struct endpoint *to)
{
	little_start(l, m, to);
	little_wait(l);
}

struct endpoint little_nobody(void)
{
	struct sockaddr_storage sa;
	struct endpoint at;
	socklen_t len;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	here(&sa, &len);
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, len), 0);
	at = little_endpoint(fd);
	close(fd);
	return at;
}
