/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about dnsd/serve over loopback: UDP in batches, TCP with its limits, stop and swap. */
#include "core/reserve.h"
#include "dnsd/publish/publish.h"
#include "dnsd/serve/serve.h"
#include "dnsd/serve/stream.h"
#include "schema/config/config.h"
#include "tests/unit/dnsd/ask.h"
#include "tests/unit/dnsd/world.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/socket.h>

#define STEERING                                                            \
	"pools:\n  p: {members: [{region: eu, addresses: [192.0.2.10]}]}\n" \
	"services:\n  chat.example.com: {pool: p}\n"
#define OTHER                                                               \
	"pools:\n  p: {members: [{region: eu, addresses: [192.0.2.99]}]}\n" \
	"services:\n  chat.example.com: {pool: p, ttl: 60s}\n"
#define PATIENCE_MS 5000

static struct world w;
static struct publish *publish;
static struct serve *serve;
static struct stream *stream;
static struct endpoint at;

/* ---- the world ---- */

static int make(void **state)
{
	struct buf zone = BUF_INIT;

	buf_add_str(&zone, WORLD_ZONE);
	for (int i = 0; i < 100; i++)
		buf_printf(&zone, "big TXT \"%d %0200d\"\n", i, 0);
	world_init(&w, WORLD_REGIONS STEERING, buf_text(&zone));
	buf_fini(&zone);
	return 0;
}

static int destroy(void **state)
{
	world_fini(&w);
	return 0;
}

static int start(void **state)
{
	assert_int_equal(publish_new(&publish), ERR_OK);
	publish_swap(publish, world_build(&w, NULL));
	serve = NULL;
	stream = NULL;
	return 0;
}

static int finish(void **state)
{
	serve_free(serve);
	stream_free(stream);
	publish_free(publish);
	return 0;
}

/* The next port of our own that nobody else has. */
static uint16_t next_port(void)
{
	static uint16_t port;

	port = port ? (uint16_t)(port + 1) : (uint16_t)(26000 + getpid() % 900);
	return port;
}

static void bind_serve(const char *host, uint32_t workers)
{
	struct serve_options options = { .dns = &at, .n_dns = 1, .workers = workers };
	struct err e = { "" };

	at.addr = world_addr(host);
	for (int tries = 0; tries < 50; tries++) {
		at.port = next_port();
		if (serve_new(&serve, &options, publish_pointer(publish), &e) == ERR_OK)
			return;
	}
	fail_msg("%s", e.text);
}

static void run_serve(const char *host, uint32_t workers)
{
	bind_serve(host, workers);
	assert_int_equal(serve_start(serve, NULL), ERR_OK);
}

static void run_stream(const struct stream_limits *limits)
{
	struct err e = { "" };

	at.addr = world_addr("127.0.0.1");
	for (int tries = 0; tries < 50 && !stream; tries++) {
		at.port = next_port();
		stream_new(&stream, &at, 1, NULL, limits, publish_pointer(publish), &e);
	}
	if (!stream)
		fail_msg("%s", e.text);
	assert_int_equal(stream_start(stream, NULL), ERR_OK);
}

/* ---- clients ---- */

static int connect_to(int type, const char *host)
{
	struct timeval patience = { .tv_sec = PATIENCE_MS / 1000 };
	struct endpoint to = { world_addr(host), at.port };
	struct sockaddr_storage sa;
	socklen_t len = endpoint_to_sockaddr(&to, &sa);
	int fd = socket(sa.ss_family, type | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	assert_int_equal(connect(fd, (struct sockaddr *)&sa, len), 0);
	return fd;
}

static size_t query(uint8_t *out, const char *name, uint16_t type, uint16_t id)
{
	return ask_write(&(struct ask){ .name = name, .type = type, .id = id }, out);
}

static void send_udp(int fd, uint16_t id)
{
	uint8_t out[512];
	size_t len = query(out, "chat.example.com.", DNS_TYPE_A, id);

	assert_int_equal(send(fd, out, len, 0), len);
}

/* Every id of 0..n-1 comes back once, with the right address. */
static void receive_udp(int fd, unsigned n)
{
	bool *seen = calloc(n, sizeof(*seen));

	assert_non_null(seen);
	for (unsigned i = 0; i < n; i++) {
		uint8_t in[1500];
		ssize_t len = recv(fd, in, sizeof(in), 0);
		struct said said;

		if (len < 0)
			fail_msg("answer %u of %u: %s", i, n, strerror(errno));
		said_read(&said, in, (size_t)len);
		assert_true(ldns_pkt_id(said.pkt) < n);
		assert_false(seen[ldns_pkt_id(said.pkt)]);
		seen[ldns_pkt_id(said.pkt)] = true;
		assert_string_equal(buf_text(&said.answer),
				    "chat.example.com. 30 IN A 192.0.2.10\n");
		said_fini(&said);
	}
	free(seen);
}

static void write_all(int fd, const uint8_t *bytes, size_t len)
{
	while (len) {
		ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);

		if (n <= 0)
			fail_msg("send: %s", strerror(errno));
		bytes += n;
		len -= (size_t)n;
	}
}

/* How many of len bytes came before the end. */
static size_t read_some(int fd, uint8_t *bytes, size_t len)
{
	size_t got = 0;

	while (got < len) {
		ssize_t n = recv(fd, bytes + got, len - got, 0);

		if (n < 0)
			fail_msg("recv: %s", strerror(errno));
		if (n == 0)
			break;
		got += (size_t)n;
	}
	return got;
}

/* n queries with their lengths before them, ids from 0. */
static size_t frames(uint8_t *out, unsigned n, const char *name, uint16_t type)
{
	uint8_t *p = out;

	for (unsigned i = 0; i < n; i++) {
		size_t len = query(p + 2, name, type, (uint16_t)i);

		dns_put16(p, (uint16_t)len);
		p += 2 + len;
	}
	return (size_t)(p - out);
}

/* The answer's id; -1 at the end of the connection. */
static int read_frame(int fd)
{
	static uint8_t in[65537];
	size_t len;

	if (read_some(fd, in, 2) != 2)
		return -1;
	len = dns_get16(in);
	assert_int_equal(read_some(fd, in, len), len);
	assert_int_equal(dns_get16(in + 2) & ~DNS_FLAG_AA, DNS_FLAG_QR | DNS_FLAG_RD);
	assert_true(dns_get16(in + 6) > 0);
	return dns_get16(in);
}

static void wait_for_open(unsigned n)
{
	for (int i = 0; i < PATIENCE_MS && stream_open_count(stream) != n; i++)
		poll(NULL, 0, 1);
	assert_int_equal(stream_open_count(stream), n);
}

/* ---- UDP ---- */

static void each_query_of_a_burst_is_answered_once(void **state)
{
	int fd;

	run_serve("127.0.0.1", 2);
	fd = connect_to(SOCK_DGRAM, "127.0.0.1");
	for (int round = 0; round < 4; round++) {
		for (uint16_t i = 0; i < 100; i++)
			send_udp(fd, i);
		receive_udp(fd, 100);
	}
	close(fd);
}

static void a_wildcard_socket_answers_from_the_address_that_was_asked(void **state)
{
	struct endpoint to = { world_addr("127.9.8.7"), 0 };
	struct sockaddr_storage sa, from;
	socklen_t len = sizeof(from);
	struct timeval patience = { .tv_sec = 5 };
	uint8_t out[512], in[1500];
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	size_t n = query(out, "chat.example.com.", DNS_TYPE_A, 7);

	run_serve("0.0.0.0", 1);
	to.port = at.port;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	for (int i = 0; i < 3; i++) {
		struct endpoint who;

		assert_int_equal(sendto(fd, out, n, 0, (struct sockaddr *)&sa,
					endpoint_to_sockaddr(&to, &sa)),
				 n);
		assert_true(recvfrom(fd, in, sizeof(in), 0, (struct sockaddr *)&from, &len) > 12);
		assert_int_equal(endpoint_from_sockaddr((struct sockaddr *)&from, &who), ERR_OK);
		assert_true(addr_is_equal(&who.addr, &to.addr));
	}
	close(fd);
}

static void ipv6_is_answered_too(void **state)
{
	static const char *const hosts[] = { "::1", "::" };
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);
	struct sockaddr_in6 here = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	bool has_v6 = fd >= 0 && bind(fd, (struct sockaddr *)&here, sizeof(here)) == 0;

	close(fd);
	if (!has_v6)
		skip();
	for (int i = 0; i < 2; i++) {
		run_serve(hosts[i], 1);
		fd = connect_to(SOCK_DGRAM, "::1"); /* connected: only ::1 may answer */
		send_udp(fd, 0);
		receive_udp(fd, 1);
		close(fd);
		serve_free(serve);
		serve = NULL;
	}
}

static void junk_gets_no_answer_and_harms_nobody(void **state)
{
	static const uint8_t junk[5000];
	int fd;

	run_serve("127.0.0.1", 1);
	fd = connect_to(SOCK_DGRAM, "127.0.0.1");
	send(fd, junk, 0, 0);
	send(fd, junk, 11, 0);
	send_udp(fd, 0);
	receive_udp(fd, 1);
	send(fd, junk, sizeof(junk), 0); /* more than is read: a format error */
	{
		uint8_t in[1500];

		assert_true(recv(fd, in, sizeof(in), 0) >= 12);
		assert_int_equal(in[3] & 0xf, DNS_RCODE_FORMERR);
	}
	close(fd);
}

static void stopping_answers_what_was_received(void **state)
{
	int fd;

	bind_serve("127.0.0.1", 1);
	fd = connect_to(SOCK_DGRAM, "127.0.0.1");
	for (uint16_t i = 0; i < 200; i++) /* more would not fit our own socket's buffer */
		send_udp(fd, i);
	assert_int_equal(serve_start(serve, NULL), ERR_OK);
	serve_stop(serve);
	receive_udp(fd, 200);
	close(fd);
	serve_stop(serve);
}

static void an_address_in_use_is_named(void **state)
{
	struct serve_options options = { .dns = &at, .n_dns = 1, .workers = 1 };
	struct serve *second = NULL;
	char text[ENDPOINT_TEXT_MAX];
	struct err e;

	bind_serve("127.0.0.1", 1);
	endpoint_text(&at, text);
	assert_int_equal(serve_new(&second, &options, publish_pointer(publish), &e), ERR_IO);
	assert_null(second);
	assert_non_null(strstr(e.text, text));
	at.addr = world_addr("192.0.2.1");
	assert_int_equal(serve_new(&second, &options, publish_pointer(publish), &e), ERR_IO);
	assert_non_null(strstr(e.text, "192.0.2.1:"));
	serve_free(NULL);
}

static void metrics_add_up_over_the_threads(void **state)
{
	struct buf out = BUF_INIT;
	uint8_t bytes[1024];
	int udp, tcp;

	run_serve("127.0.0.1", 2);
	udp = connect_to(SOCK_DGRAM, "127.0.0.1");
	tcp = connect_to(SOCK_STREAM, "127.0.0.1");
	for (uint16_t i = 0; i < 10; i++)
		send_udp(udp, i);
	receive_udp(udp, 10);
	write_all(tcp, bytes, frames(bytes, 3, "chat.example.com.", DNS_TYPE_A));
	for (int i = 0; i < 3; i++)
		assert_int_equal(read_frame(tcp), i);
	assert_true(serve_metrics(serve, 0, &out, w.labels));
	assert_non_null(strstr(buf_text(&out), "{transport=\"udp\",type=\"A\"} 10\n"));
	assert_non_null(strstr(buf_text(&out), "{transport=\"tcp\",type=\"A\"} 3\n"));
	assert_non_null(strstr(buf_text(&out), "{rcode=\"NOERROR\"} 13\n"));
	assert_non_null(
		strstr(buf_text(&out), "{service=\"chat.example.com\",region=\"eu\"} 13\n"));
	assert_non_null(strstr(buf_text(&out), "fairlead_dns_tcp_connections 1\n"));
	assert_non_null(strstr(buf_text(&out), "# TYPE fairlead_dns_answer_seconds histogram\n"));
	buf_fini(&out);
	close(udp);
	close(tcp);
}

/* ---- TCP ---- */

static const struct stream_limits usual = STREAM_LIMITS_DEFAULT;

static void messages_in_a_row_are_answered_in_order(void **state)
{
	static uint8_t bytes[100 * 64];
	int fd;

	run_stream(&usual);
	fd = connect_to(SOCK_STREAM, "127.0.0.1");
	write_all(fd, bytes, frames(bytes, 100, "chat.example.com.", DNS_TYPE_A));
	for (int i = 0; i < 100; i++)
		assert_int_equal(read_frame(fd), i);
	close(fd);
	wait_for_open(0);
}

static void a_message_may_come_byte_by_byte(void **state)
{
	uint8_t bytes[128];
	size_t len = frames(bytes, 1, "chat.example.com.", DNS_TYPE_A);
	int fd, on = 1;

	run_stream(&usual);
	fd = connect_to(SOCK_STREAM, "127.0.0.1");
	setsockopt(fd, IPPROTO_TCP, 1 /* TCP_NODELAY */, &on, sizeof(on));
	for (size_t i = 0; i < len; i++)
		write_all(fd, bytes + i, 1);
	assert_int_equal(read_frame(fd), 0);
	close(fd);
}

static void who_closes_its_side_still_gets_its_answers(void **state)
{
	static uint8_t bytes[1000 * 64];
	size_t len = frames(bytes, 1000, "big.example.com.", DNS_TYPE_TXT);
	int fd;

	run_stream(&usual);
	fd = connect_to(SOCK_STREAM, "127.0.0.1");
	write_all(fd, bytes, len);
	shutdown(fd, SHUT_WR);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(read_frame(fd), i);
	assert_int_equal(read_frame(fd), -1);
	close(fd);
	wait_for_open(0);
}

static void half_a_message_and_the_end_is_the_end(void **state)
{
	uint8_t bytes[128];
	size_t len = frames(bytes, 1, "chat.example.com.", DNS_TYPE_A);
	int fd;

	run_stream(&usual);
	fd = connect_to(SOCK_STREAM, "127.0.0.1");
	write_all(fd, bytes, len - 1);
	shutdown(fd, SHUT_WR);
	assert_int_equal(read_frame(fd), -1);
	close(fd);
	wait_for_open(0);
}

/* 20 kB an answer, and nobody reads: the server must not take more than it can hold. */
static void who_does_not_read_is_not_read_from(void **state)
{
	static uint8_t bytes[64 * 1000];
	size_t len = frames(bytes, 1000, "big.example.com.", DNS_TYPE_TXT), sent = 0;
	unsigned asked = 0, rounds = 0;
	int fd;

	run_stream(&usual);
	fd = connect_to(SOCK_STREAM, "127.0.0.1");
	for (; rounds < 200; rounds++) {
		struct pollfd p = { fd, POLLOUT, 0 };
		ssize_t n;

		if (poll(&p, 1, 200) == 0)
			break; /* it has stopped to read */
		n = send(fd, bytes + sent % len, len - sent % len, MSG_DONTWAIT | MSG_NOSIGNAL);
		assert_true(n > 0);
		sent += (size_t)n;
	}
	assert_in_range(rounds, 1, 199);
	asked = (unsigned)(sent / (len / 1000));
	assert_true(asked > 100);
	for (unsigned i = 0; i < asked; i++) /* and goes on when it is read from */
		assert_int_equal(read_frame(fd), i % 1000);
	close(fd);
	wait_for_open(0);
}

static void silence_closes_a_connection(void **state)
{
	const struct stream_limits limits = { 10, 100 };
	int fd;

	run_stream(&limits);
	fd = connect_to(SOCK_STREAM, "127.0.0.1");
	assert_int_equal(read_frame(fd), -1);
	close(fd);
	wait_for_open(0);
}

static void a_full_table_makes_room_by_who_was_silent_longest(void **state)
{
	const struct stream_limits limits = { 2, 10000 };
	uint8_t bytes[128];
	size_t len = frames(bytes, 1, "chat.example.com.", DNS_TYPE_A);
	int first, second, third;

	run_stream(&limits);
	first = connect_to(SOCK_STREAM, "127.0.0.1");
	wait_for_open(1);
	second = connect_to(SOCK_STREAM, "127.0.0.1");
	wait_for_open(2);
	write_all(first, bytes, len); /* so the second is the silent one */
	assert_int_equal(read_frame(first), 0);
	third = connect_to(SOCK_STREAM, "127.0.0.1");
	assert_int_equal(read_frame(second), -1);
	write_all(first, bytes, len);
	assert_int_equal(read_frame(first), 0);
	write_all(third, bytes, len);
	assert_int_equal(read_frame(third), 0);
	assert_int_equal(stream_open_count(stream), 2);
	close(first);
	close(second);
	close(third);
}

static void clients_leave_descriptors_for_the_rest(void **state)
{
	const struct rlimit few = { 96, 96 }; /* 24 are kept; and so it stays: the last test */
	uint8_t bytes[128];
	size_t len = frames(bytes, 1, "chat.example.com.", DNS_TYPE_A);
	int newest = -1;

	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	reserve_start();
	run_stream(&(struct stream_limits){ 1000, 10000 });
	for (int i = 0; i < 45; i++) /* two descriptors each: the clients' are here too */
		newest = connect_to(SOCK_STREAM, "127.0.0.1");
	write_all(newest, bytes, len);
	assert_int_equal(read_frame(newest), 0);
	assert_in_range(stream_open_count(stream), 1, 36);
}

static void what_is_no_query_ends_its_connection(void **state)
{
	static const uint8_t empty[] = { 0, 0 };
	int fd;

	run_stream(&usual);
	fd = connect_to(SOCK_STREAM, "127.0.0.1");
	write_all(fd, empty, 2);
	assert_int_equal(read_frame(fd), -1);
	close(fd);
}

static void stopping_answers_what_connections_have_sent(void **state)
{
	static uint8_t bytes[200 * 64];
	size_t len = frames(bytes, 200, "chat.example.com.", DNS_TYPE_A);
	int fd[4];

	run_stream(&usual);
	for (int k = 0; k < 4; k++)
		fd[k] = connect_to(SOCK_STREAM, "127.0.0.1");
	wait_for_open(4);
	for (int k = 0; k < 3; k++)
		write_all(fd[k], bytes, len);
	stream_stop(stream);
	for (int k = 0; k < 3; k++)
		for (int i = 0; i < 200; i++)
			assert_int_equal(read_frame(fd[k]), i);
	for (int k = 0; k < 4; k++) {
		assert_int_equal(read_frame(fd[k]), -1);
		close(fd[k]);
	}
	assert_int_equal(stream_open_count(stream), 0);
}

/* ---- swaps ---- */

struct swapper {
	pthread_t thread;
	struct dnsd_config *other;
	struct publish_parts parts;
	_Atomic bool stop;
	unsigned swaps;
};

static void *swap_on(void *arg)
{
	struct swapper *s = arg;

	while (!atomic_load(&s->stop)) {
		bool is_other = s->swaps++ % 2 == 0;
		struct snapshot *next;

		if (publish_build(is_other ? s->other : w.config, is_other ? &s->parts : &w.parts,
				  NULL, w.labels, &next, NULL) != ERR_OK)
			break;
		publish_swap(publish, next);
	}
	return NULL;
}

static void every_answer_is_of_some_published_snapshot(void **state)
{
	struct swapper s = { .other = world_parse(&w, WORLD_REGIONS OTHER) };
	unsigned seen[2] = { 0 };
	int fd;

	assert_int_equal(publish_load(s.other, &w.parts,
				      &(struct publish_load_options){ .is_fresh_geo = false },
				      &s.parts, NULL, NULL, NULL),
			 ERR_OK);
	run_serve("127.0.0.1", 2);
	fd = connect_to(SOCK_DGRAM, "127.0.0.1");
	assert_int_equal(pthread_create(&s.thread, NULL, swap_on, &s), 0);
	for (uint16_t i = 0; i < 3000 || (i < 60000 && (!seen[0] || !seen[1])); i++) {
		uint8_t in[1500];
		struct said said;
		ssize_t len;
		int which;

		send_udp(fd, i);
		len = recv(fd, in, sizeof(in), 0);
		assert_true(len > 0);
		said_read(&said, in, (size_t)len);
		which = strcmp(buf_text(&said.answer), "chat.example.com. 30 IN A 192.0.2.10\n");
		if (which)
			assert_string_equal(buf_text(&said.answer),
					    "chat.example.com. 60 IN A 192.0.2.99\n");
		seen[which != 0]++;
		said_fini(&said);
	}
	atomic_store(&s.stop, true);
	pthread_join(s.thread, NULL);
	assert_true(seen[0] && seen[1] && s.swaps > 2);
	close(fd);
	serve_free(serve);
	serve = NULL;
	publish_parts_unref(&s.parts);
	config_dnsd_free(s.other);
}

int main(void)
{
#define WITH(claim) cmocka_unit_test_setup_teardown(claim, start, finish)
	const struct CMUnitTest tests[] = {
		WITH(each_query_of_a_burst_is_answered_once),
		WITH(a_wildcard_socket_answers_from_the_address_that_was_asked),
		WITH(ipv6_is_answered_too),
		WITH(junk_gets_no_answer_and_harms_nobody),
		WITH(stopping_answers_what_was_received),
		WITH(an_address_in_use_is_named),
		WITH(metrics_add_up_over_the_threads),
		WITH(messages_in_a_row_are_answered_in_order),
		WITH(a_message_may_come_byte_by_byte),
		WITH(who_closes_its_side_still_gets_its_answers),
		WITH(half_a_message_and_the_end_is_the_end),
		WITH(who_does_not_read_is_not_read_from),
		WITH(silence_closes_a_connection),
		WITH(a_full_table_makes_room_by_who_was_silent_longest),
		WITH(what_is_no_query_ends_its_connection),
		WITH(stopping_answers_what_connections_have_sent),
		WITH(every_answer_is_of_some_published_snapshot),
		WITH(clients_leave_descriptors_for_the_rest),
	};

	return cmocka_run_group_tests(tests, make, destroy);
}
