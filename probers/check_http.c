/* SPDX-License-Identifier: Apache-2.0 */
/* check_http: a fresh connection to the address, one request, no redirects; then status and body.
 *
 * libcurl's multi interface runs on our loop: it names the sockets to watch (on_socket) and the
 * time it wants to be called (on_timer_set); we tell it what happened (drive). The connection
 * always goes to the target's address: the URL only gives Host and SNI. The environment's proxies
 * are ignored.
 */
#include "core/buf.h"
#include "probers/check_kind.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BODY_MAX   (64u << 10)
#define HEADER_MAX (64u << 10)

struct check_http_pool {
	struct loop *loop;
	CURLM *multi;
	struct loop_timer *timer;
	bool has_global;
};

struct http_check {
	struct check check;
	CURL *easy;
	bool is_added; /* to the multi handle */
	struct curl_slist *headers, *connect_to;
	size_t header_len;
	struct buf body; /* kept only for a regex, at most BODY_MAX */
	size_t body_len; /* received */
	char error[CURL_ERROR_SIZE];
};

/* ---- libcurl on the loop */

static void finish(struct http_check *http, CURLcode code);

static void reap(struct check_http_pool *pool)
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

static void drive(struct check_http_pool *pool, curl_socket_t fd, int mask)
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
	struct check_http_pool *pool = arg;

	if (ms < 0)
		loop_timer_stop(pool->timer);
	else
		loop_timer_after(pool->timer, (uint64_t)ms);
	return 0;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
	struct check_http_pool *pool = arg;
	struct loop_watch *watch = socket_arg;
	short events = (short)((what & CURL_POLL_IN ? EV_READ : 0) |
			       (what & CURL_POLL_OUT ? EV_WRITE : 0));

	loop_watch_free(watch);
	watch = NULL;
	/* Without the watch the check ends by its deadline: nothing better can be said from here.
	 */
	if (what != CURL_POLL_REMOVE && events &&
	    loop_watch_new(pool->loop, &watch, fd, events, on_ready, pool) != ERR_OK)
		watch = NULL;
	curl_multi_assign(pool->multi, fd, watch);
	return 0;
}

void check_http_pool_free(struct check_http_pool *pool)
{
	if (!pool)
		return;
	if (pool->multi)
		curl_multi_cleanup(pool->multi);
	loop_timer_free(pool->timer);
	if (pool->has_global)
		curl_global_cleanup();
	free(pool);
}

static struct check_http_pool *make_pool(struct loop *loop)
{
	struct check_http_pool *pool = calloc(1, sizeof(*pool));

	if (!pool)
		return NULL;
	pool->loop = loop;
	pool->has_global = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
	if (pool->has_global)
		pool->multi = curl_multi_init();
	if (!pool->multi || loop_timer_new(loop, &pool->timer, on_timer, pool) != ERR_OK) {
		check_http_pool_free(pool);
		return NULL;
	}
	curl_multi_setopt(pool->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(pool->multi, CURLMOPT_SOCKETDATA, pool);
	curl_multi_setopt(pool->multi, CURLMOPT_TIMERFUNCTION, on_timer_set);
	curl_multi_setopt(pool->multi, CURLMOPT_TIMERDATA, pool);
	return pool;
}

/* ---- the answer */

/* Returning less than was given ends the transfer with CURLE_WRITE_ERROR. */
static size_t on_header(char *bytes, size_t one, size_t len, void *arg)
{
	struct http_check *http = arg;

	http->header_len += len;
	return http->header_len > HEADER_MAX ? 0 : len;
}

static size_t on_body(char *bytes, size_t one, size_t len, void *arg)
{
	struct http_check *http = arg;
	size_t room = BODY_MAX - http->body_len, take = len < room ? len : room;

	if (http->check.spec->regex_text)
		buf_add(&http->body, bytes, take);
	http->body_len += take;
	return take;
}

static bool is_status_expected(const struct check_spec *spec, long status)
{
	return spec->expect_status ? status == spec->expect_status : status >= 200 && status < 400;
}

static bool is_body_expected(struct http_check *http)
{
	regmatch_t all = { 0, (regoff_t)http->body.len };

	/* With a length the body may hold zeroes. */
	return !http->check.spec->regex_text ||
	       regexec(&http->check.spec->regex, buf_text(&http->body), 1, &all, REG_STARTEND) == 0;
}

static void judge(struct http_check *http)
{
	const struct check_spec *spec = http->check.spec;
	long status = 0;

	curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &status);
	if (!is_status_expected(spec, status) && spec->expect_status)
		check_fail(&http->check, "status %ld, expected %u", status, spec->expect_status);
	else if (!is_status_expected(spec, status))
		check_fail(&http->check, "status %ld, expected 2xx or 3xx", status);
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
		check_fail_errno(&http->check, "connect", (int)errnum);
	else
		check_fail(&http->check, "connect: %s", http->error);
}

static void fail(struct http_check *http, CURLcode code)
{
	const char *text = *http->error ? http->error : curl_easy_strerror(code);

	switch (code) {
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

static void finish(struct http_check *http, CURLcode code)
{
	take_rtt(http);
	if (code == CURLE_OK || (code == CURLE_WRITE_ERROR && http->body_len == BODY_MAX))
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

static bool set_headers(struct http_check *http)
{
	const struct check_spec *spec = http->check.spec;
	size_t i;

	/* Else libcurl waits for "100 Continue" before a long body. */
	if (!add_line(&http->headers, "Expect:"))
		return false;
	for (i = 0; i < spec->n_headers; i++)
		if (!add_line(&http->headers, spec->headers[i].line))
			return false;
	return curl_easy_setopt(http->easy, CURLOPT_HTTPHEADER, http->headers) == CURLE_OK;
}

static bool set_target(struct http_check *http)
{
	const struct check_spec *spec = http->check.spec;
	const char *scheme = spec->type == MONITOR_HTTPS ? "https" : "http";
	char at[ENDPOINT_TEXT_MAX], connect_to[ENDPOINT_TEXT_MAX + 2];
	struct buf url = BUF_INIT;
	bool ok;

	endpoint_text(&http->check.to, at);
	snprintf(connect_to, sizeof(connect_to), "::%s", at); /* any host, any port: go there */
	buf_printf(&url, "%s://%s%s", scheme, spec->host ? spec->host : at, spec->path);
	ok = !url.failed && add_line(&http->connect_to, connect_to) &&
	     curl_easy_setopt(http->easy, CURLOPT_URL, buf_text(&url)) == CURLE_OK &&
	     curl_easy_setopt(http->easy, CURLOPT_CONNECT_TO, http->connect_to) == CURLE_OK;
	buf_fini(&url);
	return ok;
}

static bool set_request(struct http_check *http)
{
	const struct check_spec *spec = http->check.spec;
	CURL *easy = http->easy;

	if (spec->body) {
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)spec->body_len);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, spec->body); /* not copied */
	}
	if (strcmp(spec->method, "HEAD") == 0)
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	return curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, spec->method) == CURLE_OK;
}

static void set_rules(struct http_check *http)
{
	const struct check_spec *spec = http->check.spec;
	CURL *easy = http->easy;

	curl_easy_setopt(easy, CURLOPT_PRIVATE, http);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, http->error);
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
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, spec->tls_verify ? 1L : 0L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, spec->tls_verify ? 2L : 0L);
	if (!spec->tls_verify) /* reading the system's CA bundle costs more than the check */
		curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
}

static enum err_code start(struct check *check)
{
	struct http_check *http = (struct http_check *)check;
	struct checker *checker = check->checker;

	buf_init(&http->body);
	if (!checker->http)
		checker->http = make_pool(checker->loop);
	http->easy = checker->http ? curl_easy_init() : NULL;
	if (!http->easy)
		return ERR_MEMORY;
	set_rules(http);
	if (!set_target(http) || !set_headers(http) || !set_request(http))
		return ERR_MEMORY;
	http->is_added = curl_multi_add_handle(checker->http->multi, http->easy) == CURLM_OK;
	return http->is_added ? ERR_OK : ERR_MEMORY;
}

static void stop(struct check *check)
{
	struct http_check *http = (struct http_check *)check;

	if (http->is_added)
		curl_multi_remove_handle(check->checker->http->multi, http->easy);
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

const struct check_kind check_http = {
	.size = sizeof(struct http_check),
	.start = start,
	.stop = stop,
	.waiting_for = waiting_for,
};
