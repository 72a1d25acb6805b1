/* SPDX-License-Identifier: Apache-2.0 */
/* check_dns: one query over UDP; the same id and question come back, with the code that is expected
 * and the address that is expected among the answers.
 *
 * The socket is connected, so that only the target's address can answer. What does not match the
 * query is not an answer to it: it is dropped and the wait goes on (RFC 5452 section 9.1).
 */
#include "probers/check_dns.h"

#include <ctype.h>
#include <errno.h>
#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEADER_LEN     12
#define TYPE_CLASS_LEN 4
#define QUESTION_MAX   259 /* a wire name of 255 bytes, type and class */
#define QUERY_MAX      (HEADER_LEN + QUESTION_MAX)
/* Without EDNS an answer has 512 bytes (RFC 1035 4.2.1); a longer datagram is cut by recv(). */
#define ANSWER_MAX 1232

/* What a monitor asks for. */
struct ask {
	uint8_t question[QUESTION_MAX];
	size_t question_len;
	uint16_t rcode;
	struct addr address; /* family 0 = any answer */
};

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
	const struct ask *ask = dns->check.spec->own;
	size_t name_len = ask->question_len - TYPE_CLASS_LEN;

	return len >= HEADER_LEN + ask->question_len && memcmp(bytes, dns->id, 2) == 0 &&
	       (bytes[2] & 0x80) && bytes[4] == 0 && bytes[5] == 1 && /* QR, one question */
	       is_name_equal(bytes + HEADER_LEN, ask->question, name_len) &&
	       memcmp(bytes + HEADER_LEN + name_len, ask->question + name_len, TYPE_CLASS_LEN) == 0;
}

/* "NXDOMAIN", or "unknown". */
static void name_rcode(unsigned rcode, char *out, size_t room)
{
	char *name = ldns_pkt_rcode2str((ldns_pkt_rcode)rcode);

	snprintf(out, room, "%s", name ? name : "unknown");
	free(name);
}

static bool is_address(const ldns_rr *rr, const struct addr *address)
{
	ldns_rr_type type = address->family == 4 ? LDNS_RR_TYPE_A : LDNS_RR_TYPE_AAAA;
	size_t len = address->family == 4 ? 4 : 16;
	const ldns_rdf *rdf = ldns_rr_rdf(rr, 0);

	return ldns_rr_get_type(rr) == type && rdf && ldns_rdf_size(rdf) == len &&
	       memcmp(ldns_rdf_data(rdf), address->bytes, len) == 0;
}

static bool has_address(const ldns_pkt *answer, const struct addr *address)
{
	const ldns_rr_list *list = ldns_pkt_answer(answer);
	size_t i;

	for (i = 0; i < ldns_rr_list_rr_count(list); i++)
		if (is_address(ldns_rr_list_rr(list, i), address))
			return true;
	return false;
}

static void judge_address(struct check *check, const uint8_t *bytes, size_t len)
{
	const struct ask *ask = check->spec->own;
	char text[ADDR_TEXT_MAX];
	ldns_pkt *answer;

	if (ldns_wire2pkt(&answer, bytes, len) != LDNS_STATUS_OK) {
		check_fail(check, "an answer that cannot be read");
		return;
	}
	addr_text(&ask->address, text);
	if (has_address(answer, &ask->address))
		check_pass(check);
	else
		check_fail(check, "%s is not in the answer%s", text,
			   ldns_pkt_tc(answer) ? ", which is truncated" : "");
	ldns_pkt_free(answer);
}

static void judge(struct check *check, const uint8_t *bytes, size_t len)
{
	const struct ask *ask = check->spec->own;
	unsigned rcode = bytes[3] & 0x0f;
	char got[32], expected[32];

	check_connected(check);
	if (rcode != ask->rcode) {
		name_rcode(rcode, got, sizeof(got));
		name_rcode(ask->rcode, expected, sizeof(expected));
		check_fail(check, "rcode %s, expected %s", got, expected);
	} else if (ask->address.family) {
		judge_address(check, bytes, len);
	} else {
		check_pass(check);
	}
}

static void on_answer(void *arg, int fd, short what)
{
	struct dns_check *dns = arg;
	uint8_t bytes[ANSWER_MAX];
	ssize_t n;

	while ((n = recv(fd, bytes, sizeof(bytes), 0)) >= 0) {
		if (is_answer(dns, bytes, (size_t)n)) {
			judge(&dns->check, bytes, (size_t)n);
			return;
		}
	}
	if (errno != EAGAIN && errno != EINTR)
		check_errno(&dns->check, "receive", errno);
}

static bool send_query(struct dns_check *dns)
{
	const struct ask *ask = dns->check.spec->own;
	uint8_t query[QUERY_MAX] = { 0 };

	if (getrandom(dns->id, sizeof(dns->id), 0) != (ssize_t)sizeof(dns->id))
		return false;
	memcpy(query, dns->id, 2);
	query[2] = 0x01; /* RD: a resolver is asked to resolve, an authority ignores it */
	query[5] = 1;	 /* QDCOUNT */
	memcpy(query + HEADER_LEN, ask->question, ask->question_len);
	return send(dns->fd, query, HEADER_LEN + ask->question_len, 0) >= 0;
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

/* ---- what a monitor asks for */

static enum err_code fill_question(struct ask *ask, const struct config_monitor *m, struct err *e)
{
	const char *name = m->query_name ? m->query_name : ".";
	const char *type_name = m->query_type ? m->query_type : "NS";
	ldns_rr_type type = ldns_get_rr_type_by_name(type_name);
	ldns_rdf *wire = NULL;
	size_t len;

	/* ldns gives type 0 for a word that it does not know. */
	if (type == 0 || (unsigned)type > UINT16_MAX)
		return err_set(e, ERR_INPUT, "query_type \"%s\" is not a DNS type", type_name);
	if (ldns_str2rdf_dname(&wire, name) != LDNS_STATUS_OK)
		return err_set(e, ERR_INPUT, "query_name \"%s\" is not a DNS name", name);
	len = ldns_rdf_size(wire);
	memcpy(ask->question, ldns_rdf_data(wire), len);
	ldns_rdf_deep_free(wire);
	ask->question[len++] = (uint8_t)(type >> 8);
	ask->question[len++] = (uint8_t)type;
	ask->question[len++] = 0;
	ask->question[len++] = 1; /* IN */
	ask->question_len = len;
	return ERR_OK;
}

static enum err_code check_expected(const struct config_monitor *m, const struct ask *ask,
				    struct err *e)
{
	const uint8_t *type = ask->question + ask->question_len - TYPE_CLASS_LEN;
	unsigned needed = m->expect_address.family == 4 ? LDNS_RR_TYPE_A : LDNS_RR_TYPE_AAAA;

	if (m->expect_rcode > 15)
		return err_set(e, ERR_INPUT, "rcode: expected one of DNS's");
	if (!m->expect_address.family)
		return ERR_OK;
	if (((unsigned)type[0] << 8 | type[1]) != needed)
		return err_set(e, ERR_INPUT, "expect.address: query_type is %s, expected %s",
			       m->query_type ? m->query_type : "NS",
			       needed == LDNS_RR_TYPE_A ? "A" : "AAAA");
	if (m->expect_rcode)
		return err_set(e, ERR_INPUT, "expect.address: goes with the rcode NOERROR only");
	return ERR_OK;
}

static enum err_code compile(const struct config_monitor *m, void **own, struct err *e)
{
	struct ask *ask = calloc(1, sizeof(*ask));
	enum err_code code;

	if (!ask)
		return err_set(e, ERR_MEMORY, "out of memory");
	ask->rcode = m->expect_rcode;
	ask->address = m->expect_address;
	code = fill_question(ask, m, e);
	if (code == ERR_OK)
		code = check_expected(m, ask, e);
	if (code == ERR_OK)
		*own = ask;
	else
		free(ask);
	return code;
}

static void describe(const void *own, struct buf *key)
{
	const struct ask *ask = own;

	buf_u16(key, ask->rcode);
	buf_u8(key, ask->address.family);
	buf_add(key, ask->address.bytes, sizeof(ask->address.bytes));
	buf_add(key, ask->question, ask->question_len);
}

const struct check_kind check_dns = {
	.size = sizeof(struct dns_check),
	.start = start,
	.stop = stop,
	.waiting_for = waiting_for,
	.compile = compile,
	.describe = describe,
	.forget = free,
};
