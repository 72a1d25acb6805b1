/* SPDX-License-Identifier: Apache-2.0 */
/* check_dns: one query over UDP; the same id and question come back with NOERROR.
 *
 * The socket is connected, so that only the target's address can answer. What does not match the
 * query is not an answer to it: it is dropped and the wait goes on (RFC 5452 section 9.1).
 */
#include "probers/check_kind.h"

#include <ctype.h>
#include <errno.h>
#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEADER_LEN     12
#define TYPE_CLASS_LEN 4
#define QUERY_MAX      (HEADER_LEN + CHECK_QUESTION_MAX)
/* Header and question are all that is looked at: a longer datagram is cut by recv(). */
#define ANSWER_MAX QUERY_MAX

struct dns_check {
	struct check check;
	struct loop_watch *watch;
	int fd; /* -1 = none */
	uint8_t id[2];
};

/* A server may answer with letters in another case. Length bytes are below 64: never letters. */
static bool is_name_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
	for (; len > 0; len--)
		if (tolower(*a++) != tolower(*b++))
			return false;
	return true;
}

static bool is_answer(const struct dns_check *dns, const uint8_t *bytes, size_t len)
{
	const struct check_spec *spec = dns->check.spec;
	size_t name_len = spec->question_len - TYPE_CLASS_LEN;

	return len >= HEADER_LEN + spec->question_len && memcmp(bytes, dns->id, 2) == 0 &&
	       (bytes[2] & 0x80) && bytes[4] == 0 && bytes[5] == 1 && /* QR, one question */
	       is_name_equal(bytes + HEADER_LEN, spec->question, name_len) &&
	       memcmp(bytes + HEADER_LEN + name_len, spec->question + name_len, TYPE_CLASS_LEN) ==
		       0;
}

static void judge(struct check *check, unsigned rcode)
{
	char *name;

	check_connected(check);
	if (rcode == LDNS_RCODE_NOERROR) {
		check_pass(check);
		return;
	}
	name = ldns_pkt_rcode2str((ldns_pkt_rcode)rcode);
	check_fail(check, "rcode %s, expected NOERROR", name ? name : "unknown");
	free(name);
}

static void on_answer(void *arg, int fd, short what)
{
	struct dns_check *dns = arg;
	uint8_t bytes[ANSWER_MAX];
	ssize_t n;

	while ((n = recv(fd, bytes, sizeof(bytes), 0)) >= 0) {
		if (is_answer(dns, bytes, (size_t)n)) {
			judge(&dns->check, bytes[3] & 0x0f);
			return;
		}
	}
	if (errno != EAGAIN && errno != EINTR)
		check_errno(&dns->check, "receive", errno);
}

static bool send_query(struct dns_check *dns)
{
	const struct check_spec *spec = dns->check.spec;
	uint8_t query[QUERY_MAX] = { 0 };

	if (getrandom(dns->id, sizeof(dns->id), 0) != (ssize_t)sizeof(dns->id))
		return false;
	memcpy(query, dns->id, 2);
	query[2] = 0x01; /* RD: a resolver is asked to resolve, an authority ignores it */
	query[5] = 1;	 /* QDCOUNT */
	memcpy(query + HEADER_LEN, spec->question, spec->question_len);
	return send(dns->fd, query, HEADER_LEN + spec->question_len, 0) >= 0;
}

static enum err_code start(struct check *check)
{
	struct dns_check *dns = (struct dns_check *)check;

	dns->fd = check_socket_connected(&check->to, SOCK_DGRAM, IPPROTO_UDP);
	if (dns->fd < 0) {
		check_errno(check, "socket", errno);
		return ERR_OK;
	}
	if (loop_watch_new(check->checker->loop, &dns->watch, dns->fd, EV_READ, on_answer, dns) !=
	    ERR_OK)
		return ERR_MEMORY;
	if (!send_query(dns))
		check_errno(check, "send", errno);
	return ERR_OK;
}

static void stop(struct check *check)
{
	struct dns_check *dns = (struct dns_check *)check;

	loop_watch_free(dns->watch);
	if (dns->fd >= 0)
		close(dns->fd);
}

static const char *waiting_for(const struct check *check)
{
	return "answer";
}

const struct check_kind check_dns = {
	.size = sizeof(struct dns_check),
	.start = start,
	.stop = stop,
	.waiting_for = waiting_for,
};
