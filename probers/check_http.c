/* SPDX-License-Identifier: Apache-2.0 */
/* check_http: a fresh connection to the address, one request, no redirects; then status and body.
 *
 * Where only the status is asked for, the status is what decides: an answer whose body breaks off,
 * or does not end within the timeout (a stream of events), passes by its status.
 *
 * libcurl's multi interface runs on our loop: it names the sockets to watch (on_socket) and the
 * time it wants to be called (on_timer_set); we tell it what happened (drive). The connection
 * always goes to the target's address: the URL only gives Host and SNI. The environment's proxies
 * are ignored.
 */
#include "probers/check_http.h"

#include "core/buf.h"
#include "probers/check_http_ask.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define BODY_MAX   (64u << 10)
#define HEADER_MAX (64u << 10)

struct pool {
	struct loop *loop;
	CURLM *multi;
	struct loop_timer *timer;
	bool has_global;
};

struct http_check {
	struct check check;
	const struct check_http_ask *ask;
	CURL *easy;
	bool is_added; /* to the multi handle */
	struct curl_slist *headers, *connect_to;
	size_t header_len;
	bool has_status; /* all headers of the final answer are there */
	struct buf body; /* kept only for a regex, at most BODY_MAX */
	size_t body_len; /* received */
	int own_errno;	 /* why there is no socket, or no watch of it; 0 = nothing of the kind */
	char error[CURL_ERROR_SIZE];
};

/* ---- libcurl on the loop */

static void finish(struct http_check *http, CURLcode code);

static void reap(struct pool *pool)
{
	struct http_check *http;
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(pool->multi, &left))) {
		/* finish() removes the handle, and the message with it. */
		CURLcode code = message->data.result;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &http);
		finish(http, code);
	}
}

static void drive(struct pool *pool, curl_socket_t fd, int mask)
{
	int running;

	curl_multi_socket_action(pool->multi, fd, mask, &running);
	reap(pool);
}

static void on_ready(void *arg, int fd, short what)
{
	drive(arg, fd,
	      (what & EV_READ ? CURL_CSELECT_IN : 0) | (what & EV_WRITE ? CURL_CSELECT_OUT : 0));
}

static void on_timer(void *arg)
{
	drive(arg, CURL_SOCKET_TIMEOUT, 0);
}

static int on_timer_set(CURLM *multi, long ms, void *arg)
{
	struct pool *pool = arg;

	if (ms < 0)
		loop_timer_stop(pool->timer);
	else
		loop_timer_after(pool->timer, (uint64_t)ms);
	return 0;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
	struct pool *pool = arg;
	struct loop_watch *watch = socket_arg;
	short events = (short)((what & CURL_POLL_IN ? EV_READ : 0) |
			       (what & CURL_POLL_OUT ? EV_WRITE : 0));

	loop_watch_free(watch);
	watch = NULL;
	if (what != CURL_POLL_REMOVE && events &&
	    loop_watch_new(pool->loop, &watch, fd, events, on_ready, pool) != ERR_OK) {
		struct http_check *http;

		/* The check ends by its deadline, which says why. */
		watch = NULL;
		curl_easy_getinfo(easy, CURLINFO_PRIVATE, &http);
		http->own_errno = ENOMEM;
	}
	curl_multi_assign(pool->multi, fd, watch);
	return 0;
}

static void free_pool(void *data)
{
	struct pool *pool = data;

	if (pool->multi)
		curl_multi_cleanup(pool->multi);
	loop_timer_free(pool->timer);
	if (pool->has_global)
		curl_global_cleanup();
	free(pool);
}

static struct pool *make_pool(struct loop *loop)
{
	struct pool *pool = calloc(1, sizeof(*pool));

	if (!pool)
		return NULL;
	pool->loop = loop;
	pool->has_global = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
	if (pool->has_global)
		pool->multi = curl_multi_init();
	if (!pool->multi || loop_timer_new(loop, &pool->timer, on_timer, pool) != ERR_OK) {
		free_pool(pool);
		return NULL;
	}
	curl_multi_setopt(pool->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(pool->multi, CURLMOPT_SOCKETDATA, pool);
	curl_multi_setopt(pool->multi, CURLMOPT_TIMERFUNCTION, on_timer_set);
	curl_multi_setopt(pool->multi, CURLMOPT_TIMERDATA, pool);
	return pool;
}

static struct pool *shared_pool(const struct check *check)
{
	struct check_shared *shared = check_shared(check);

	if (!shared->data)
		shared->data = make_pool(check->checker->loop);
	shared->free = free_pool;
	return shared->data;
}

/* ---- the answer */

/* An empty line ends the headers; those of a 1xx are not yet the answer's. */
static void note_end_of_headers(struct http_check *http, const char *line, size_t len)
{
	long status = 0;

	if (len > 2 || (*line != '\r' && *line != '\n'))
		return;
	curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &status);
	http->has_status = status >= 200;
}

/* Returning less than was given ends the transfer with CURLE_WRITE_ERROR. */
static size_t on_header(char *bytes, size_t one, size_t len, void *arg)
{
	struct http_check *http = arg;

	http->header_len += len;
	if (http->header_len > HEADER_MAX)
		return 0;
	if (len > 0)
		note_end_of_headers(http, bytes, len);
	return len;
}

static size_t on_body(char *bytes, size_t one, size_t len, void *arg)
{
	struct http_check *http = arg;
	size_t room = BODY_MAX - http->body_len, take = len < room ? len : room;

	if (http->ask->regex_text)
		buf_add(&http->body, bytes, take);
	http->body_len += take;
	return take;
}

static bool is_status_expected(const struct check_http_ask *ask, long status)
{
	return ask->expect_status ? status == ask->expect_status : status >= 200 && status < 400;
}

static bool is_body_expected(struct http_check *http)
{
	regmatch_t all = { 0, (regoff_t)http->body.len };

	/* With a length the body may hold zeroes. */
	return !http->ask->regex_text ||
	       regexec(&http->ask->regex, buf_text(&http->body), 1, &all, REG_STARTEND) == 0;
}

static void judge(struct http_check *http)
{
	const struct check_http_ask *ask = http->ask;
	long status = 0;

	curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &status);
	if (!is_status_expected(ask, status) && ask->expect_status)
		check_fail(&http->check, "status %ld, expected %u", status, ask->expect_status);
	else if (!is_status_expected(ask, status))
		check_fail(&http->check, "status %ld, expected 2xx or 3xx", status);
	else if (!is_body_expected(http) && http->body_len == BODY_MAX)
		check_fail(&http->check, "body_regex does not match the first %u KiB of the body",
			   BODY_MAX >> 10);
	else if (!is_body_expected(http))
		check_fail(&http->check, "body does not match");
	else
		check_pass(&http->check);
}

static void fail_connect(struct http_check *http)
{
	long errnum = 0;

	curl_easy_getinfo(http->easy, CURLINFO_OS_ERRNO, &errnum);
	if (errnum)
		check_errno(&http->check, "connect", (int)errnum);
	else
		check_fail(&http->check, "connect: %s", http->error);
}

static void fail(struct http_check *http, CURLcode code)
{
	const char *text = *http->error ? http->error : curl_easy_strerror(code);

	if (http->own_errno) {
		check_errno(&http->check, "socket", http->own_errno);
		return;
	}
	switch (code) {
	case CURLE_OUT_OF_MEMORY:
	case CURLE_FAILED_INIT: check_not_made(&http->check, "http: %s", text); break;
	case CURLE_COULDNT_CONNECT: fail_connect(http); break;
	case CURLE_GOT_NOTHING: check_fail(&http->check, "closed without an answer"); break;
	case CURLE_UNSUPPORTED_PROTOCOL: /* what does not begin with HTTP/ counts as HTTP/0.9 */
	case CURLE_WEIRD_SERVER_REPLY: check_fail(&http->check, "not an HTTP answer"); break;
	case CURLE_PARTIAL_FILE: check_fail(&http->check, "closed within the body"); break;
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR: check_fail(&http->check, "connection lost: %s", text); break;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_CACERT_BADFILE: /* no authorities on this machine */
	case CURLE_PEER_FAILED_VERIFICATION: check_fail(&http->check, "tls: %s", text); break;
	default: check_fail(&http->check, "http: %s", text); break;
	}
}

static void take_rtt(struct http_check *http)
{
	curl_off_t connected_us = 0;

	curl_easy_getinfo(http->easy, CURLINFO_CONNECT_TIME_T, &connected_us);
	if (connected_us > 0)
		http->check.result.rtt_us = connected_us > UINT32_MAX ? UINT32_MAX
								      : (uint32_t)connected_us;
}

static bool is_enough(const struct http_check *http)
{
	return http->has_status && !http->ask->regex_text;
}

static void finish(struct http_check *http, CURLcode code)
{
	take_rtt(http);
	if (code == CURLE_OK && !http->has_status)
		check_fail(&http->check, "closed within the headers");
	else if (code == CURLE_OK || is_enough(http) ||
		 (code == CURLE_WRITE_ERROR && http->body_len == BODY_MAX))
		judge(http); /* more body than we keep is no fault of the target */
	else if (code == CURLE_WRITE_ERROR)
		check_fail(&http->check, "headers over %u KiB", HEADER_MAX >> 10);
	else
		fail(http, code);
}

/* ---- the request */

static bool add_line(struct curl_slist **list, const char *line)
{
	struct curl_slist *longer = curl_slist_append(*list, line);

	if (longer)
		*list = longer;
	return longer != NULL;
}

/* RFC 9110 8.6: a method that anticipates content says that there is none. */
static bool anticipates_content(const char *method)
{
	return strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0 ||
	       strcmp(method, "PATCH") == 0;
}

static bool set_headers(struct http_check *http)
{
	const struct check_http_ask *ask = http->ask;
	size_t i;

	/* Else libcurl waits for "100 Continue" before a long body. */
	if (!add_line(&http->headers, "Expect:"))
		return false;
	if (!ask->body && anticipates_content(ask->method) &&
	    !add_line(&http->headers, "Content-Length: 0"))
		return false;
	for (i = 0; i < ask->n_headers; i++)
		if (!add_line(&http->headers, ask->headers[i]))
			return false;
	return curl_easy_setopt(http->easy, CURLOPT_HTTPHEADER, http->headers) == CURLE_OK;
}

static bool set_target(struct http_check *http)
{
	const struct check_http_ask *ask = http->ask;
	const char *scheme = ask->is_tls ? "https" : "http";
	char at[ENDPOINT_TEXT_MAX], connect_to[ENDPOINT_TEXT_MAX + 2];
	struct buf url = BUF_INIT;
	bool ok;

	endpoint_text(&http->check.to, at);
	snprintf(connect_to, sizeof(connect_to), "::%s", at); /* any host, any port: go there */
	buf_printf(&url, "%s://%s%s", scheme, ask->host ? ask->host : at, ask->path);
	ok = !url.failed && add_line(&http->connect_to, connect_to) &&
	     curl_easy_setopt(http->easy, CURLOPT_URL, buf_text(&url)) == CURLE_OK &&
	     curl_easy_setopt(http->easy, CURLOPT_CONNECT_TO, http->connect_to) == CURLE_OK;
	buf_fini(&url);
	return ok;
}

static bool set_request(struct http_check *http)
{
	const struct check_http_ask *ask = http->ask;
	CURL *easy = http->easy;

	if (ask->body) {
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)ask->body_len);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, ask->body); /* not copied */
	}
	if (strcmp(ask->method, "HEAD") == 0)
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	return curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, ask->method) == CURLE_OK;
}

/* As libcurl makes one, but it tells why there is none. */
static curl_socket_t on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *at)
{
	struct http_check *http = arg;
	int fd = socket(at->family, at->socktype | SOCK_CLOEXEC, at->protocol);

	if (fd < 0)
		http->own_errno = errno;
	return fd < 0 ? CURL_SOCKET_BAD : fd;
}

static void set_rules(struct http_check *http)
{
	CURL *easy = http->easy;

	curl_easy_setopt(easy, CURLOPT_PRIVATE, http);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, http->error);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, http);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "fairlead/" PACKAGE_VERSION);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, http);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, http);
	/* Checks ask "does it serve?", mostly by address and of backends with certificates of their
	 * own making. Reading the system's CA bundle would cost more than the check. */
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
}

static enum err_code start(struct check *check)
{
	struct http_check *http = (struct http_check *)check;
	struct pool *pool = shared_pool(check);

	buf_init(&http->body);
	http->ask = check->spec->own;
	http->easy = pool ? curl_easy_init() : NULL;
	if (!http->easy)
		return ERR_MEMORY;
	set_rules(http);
	if (!set_target(http) || !set_headers(http) || !set_request(http))
		return ERR_MEMORY;
	http->is_added = curl_multi_add_handle(pool->multi, http->easy) == CURLM_OK;
	return http->is_added ? ERR_OK : ERR_MEMORY;
}

static void stop(struct check *check)
{
	struct http_check *http = (struct http_check *)check;

	if (http->is_added)
		curl_multi_remove_handle(shared_pool(check)->multi, http->easy);
	curl_easy_cleanup(http->easy);
	curl_slist_free_all(http->headers);
	curl_slist_free_all(http->connect_to);
	buf_fini(&http->body);
}

static const char *waiting_for(const struct check *check)
{
	const struct http_check *http = (const struct http_check *)check;
	curl_off_t connected_us = 0;

	curl_easy_getinfo(http->easy, CURLINFO_CONNECT_TIME_T, &connected_us);
	if (connected_us == 0)
		return "connection";
	return http->header_len ? "end of the answer" : "answer";
}

static void at_deadline(struct check *check)
{
	struct http_check *http = (struct http_check *)check;

	if (http->own_errno) {
		check_errno(check, "socket", http->own_errno);
	} else if (is_enough(http)) {
		take_rtt(http);
		judge(http);
	}
}

const struct check_kind check_http = {
	.size = sizeof(struct http_check),
	.start = start,
	.stop = stop,
	.waiting_for = waiting_for,
	.at_deadline = at_deadline,
	.compile = check_http_compile,
	.describe = check_http_describe,
	.forget = check_http_forget,
};
