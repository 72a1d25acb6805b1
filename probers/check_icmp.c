/* SPDX-License-Identifier: Apache-2.0 */
/* check_icmp: one echo request; by a ping socket, else by a raw one.
 *
 * A ping socket (SOCK_DGRAM) needs no privilege where the group is in net.ipv4.ping_group_range;
 * the kernel sets its id and gives it only its own replies. A raw socket needs CAP_NET_RAW and
 * hears every ICMP packet of the peer, so a reply is known by 16 random bytes that it must bring
 * back.
 */
#include "probers/check_icmp.h"

#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEADER_LEN 8
#define TOKEN_LEN  16
#define PACKET_LEN (HEADER_LEN + TOKEN_LEN)
#define IP_MAX	   60 /* an IPv4 header with all its options */

/* What is known of this machine, for all echoes. */
struct machine {
	uint16_t seq;
	bool raw_only; /* ping sockets are not allowed here: do not try each time */
};

struct icmp_check {
	struct check check;
	struct loop_watch *watch;
	int fd; /* -1 = none */
	bool is_raw;
	uint8_t token[TOKEN_LEN];
};

/* RFC 1071. A ping socket and the kernel's IPv6 put their own over it. */
static uint16_t checksum(const uint8_t *bytes, size_t len)
{
	uint32_t sum = 0;
	size_t i;

	for (i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static bool send_echo(struct icmp_check *icmp)
{
	uint8_t packet[PACKET_LEN] = { 0 };
	struct machine *machine = check_shared(&icmp->check)->data;
	uint16_t seq = machine->seq++, sum;

	if (getrandom(icmp->token, TOKEN_LEN, 0) != TOKEN_LEN)
		return false;
	packet[0] = icmp->check.to.addr.family == 4 ? ICMP_ECHO : ICMP6_ECHO_REQUEST;
	memcpy(packet + 4, icmp->token, 2); /* the id, for a raw socket */
	packet[6] = (uint8_t)(seq >> 8);
	packet[7] = (uint8_t)seq;
	memcpy(packet + HEADER_LEN, icmp->token, TOKEN_LEN);
	if (icmp->check.to.addr.family == 4) {
		sum = checksum(packet, sizeof(packet));
		packet[2] = (uint8_t)(sum >> 8);
		packet[3] = (uint8_t)sum;
	}
	return send(icmp->fd, packet, sizeof(packet), 0) >= 0;
}

static bool is_reply(const struct icmp_check *icmp, const uint8_t *bytes, size_t len)
{
	bool is_v4 = icmp->check.to.addr.family == 4;
	size_t skip = 0;

	if (is_v4 && icmp->is_raw && len > 0)
		skip = (size_t)(bytes[0] & 0x0f) *
		       4; /* a raw IPv4 socket gives the IP header too */
	return len >= skip + PACKET_LEN &&
	       bytes[skip] == (is_v4 ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY) &&
	       memcmp(bytes + skip + HEADER_LEN, icmp->token, TOKEN_LEN) == 0;
}

static void on_packet(void *arg, int fd, short what)
{
	struct icmp_check *icmp = arg;
	uint8_t bytes[IP_MAX + PACKET_LEN];
	ssize_t n;

	while ((n = recv(fd, bytes, sizeof(bytes), 0)) >= 0) {
		if (is_reply(icmp, bytes, (size_t)n)) {
			check_connected(&icmp->check);
			check_pass(&icmp->check);
			return;
		}
	}
	if (errno != EAGAIN && errno != EINTR)
		check_errno(&icmp->check, "receive", errno);
}

/* EACCES or EPERM is left in errno when neither kind of socket is allowed. */
static void open_socket(struct icmp_check *icmp)
{
	struct machine *machine = check_shared(&icmp->check)->data;
	struct endpoint to = icmp->check.to;
	int protocol = to.addr.family == 4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;

	to.port = 0;
	icmp->fd = -1;
	if (!machine->raw_only) {
		icmp->fd = check_socket_connected(&to, SOCK_DGRAM, protocol);
		if (icmp->fd >= 0 ||
		    (errno != EACCES && errno != EPERM && errno != EPROTONOSUPPORT))
			return;
	}
	icmp->fd = check_socket_connected(&to, SOCK_RAW, protocol);
	icmp->is_raw = true;
	machine->raw_only = icmp->fd >= 0;
}

static struct machine *shared_machine(struct check_shared *shared)
{
	if (!shared->data)
		shared->data = calloc(1, sizeof(struct machine));
	shared->free = free;
	return shared->data;
}

void check_icmp_use_raw(struct checker *checker)
{
	shared_machine(&checker->shared[MONITOR_ICMP])->raw_only = true;
}

static enum err_code start(struct check *check)
{
	struct icmp_check *icmp = (struct icmp_check *)check;

	icmp->fd = -1;
	if (!shared_machine(check_shared(check)))
		return ERR_MEMORY;
	open_socket(icmp);
	if (icmp->fd < 0 && (errno == EACCES || errno == EPERM)) {
		check_not_made(check, "icmp: not permitted: needs its group in"
				      " net.ipv4.ping_group_range, or CAP_NET_RAW");
		return ERR_OK;
	}
	if (icmp->fd < 0) {
		check_errno(check, "socket", errno);
		return ERR_OK;
	}
	if (loop_watch_new(check->checker->loop, &icmp->watch, icmp->fd, EV_READ, on_packet,
			   icmp) != ERR_OK)
		return ERR_MEMORY;
	if (!send_echo(icmp))
		check_errno(check, "send", errno);
	return ERR_OK;
}

static void stop(struct check *check)
{
	struct icmp_check *icmp = (struct icmp_check *)check;

	loop_watch_free(icmp->watch);
	if (icmp->fd >= 0)
		close(icmp->fd);
}

static const char *waiting_for(const struct check *check)
{
	return "reply";
}

const struct check_kind check_icmp = {
	.size = sizeof(struct icmp_check),
	.start = start,
	.stop = stop,
	.waiting_for = waiting_for,
};
