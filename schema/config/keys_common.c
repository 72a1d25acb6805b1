/* SPDX-License-Identifier: Apache-2.0 */
/* keys_common: the rows that several programs share: monitors and TLS. */
#include "schema/config/check.h"
#include "schema/config/keys.h"

#define MONITOR(member) KEY_FIELD(struct config_monitor, member)
#define TLS(member)	KEY_FIELD(struct config_tls, member)

#define MONITOR_WORD(number, text, kind, keys) { text, number },
static const struct key_word monitor_types[] = { MONITOR_KINDS(MONITOR_WORD){ NULL } };

/* RFC 1035 4.1.1. */
static const struct key_word rcodes[] = {
	{ "NOERROR", 0 }, { "FORMERR", 1 }, { "SERVFAIL", 2 }, { "NXDOMAIN", 3 },
	{ "NOTIMP", 4 },  { "REFUSED", 5 }, { NULL },
};

static const struct key expect_keys[] = {
	{ .name = "status",
	  .type = KEY_UINT,
	  MONITOR(expect_status),
	  .min = 100,
	  .max = 599,
	  .doc = "The HTTP status that passes; without it any 2xx or 3xx does." },
	{ .name = "body_regex",
	  .type = KEY_TEXT,
	  MONITOR(expect_body_regex),
	  .min = 1,
	  .doc = "A POSIX extended regular expression that the first 64 KiB of the body must match "
		 "somewhere." },
	{ .name = "rcode",
	  .type = KEY_ENUM,
	  MONITOR(expect_rcode),
	  .words = rcodes,
	  .initial = "NOERROR",
	  .doc = "The DNS response code that passes." },
	{ .name = "address",
	  .type = KEY_ADDRESS,
	  MONITOR(expect_address),
	  .doc = "An address that must be among those of the DNS answer; `query.type` is A or AAAA "
		 "then. Without it any answer passes." },
	KEYS_END,
};

static const struct key query_keys[] = {
	{ .name = "name",
	  .type = KEY_DNS_NAME,
	  MONITOR(query_name),
	  .initial = ".",
	  .doc = "The name that is asked for." },
	{ .name = "type",
	  .type = KEY_TEXT,
	  MONITOR(query_type),
	  .min = 1,
	  .max = 16,
	  .initial = "NS",
	  .doc = "The record type that is asked for." },
	KEYS_END,
};

#define COMPOSITE_FOR_NOW "pools that name this monitor are not checked by it"
#define COMPOSITE_OF                                                                               \
	.type = KEY_LIST, .item = KEY_REFERENCE, .refers_to = "monitors", .n_min = 1, .n_max = 16, \
	KEY_ENTRIES(struct config_monitor, of, n_of)

static const struct key at_least_keys[] = {
	{ .name = "n",
	  .type = KEY_UINT,
	  MONITOR(n_least),
	  .min = 1,
	  .max = 16,
	  .required = true,
	  .doc = "How many of them must pass." },
	{ .name = "of", COMPOSITE_OF, .required = true, .doc = "The monitors, by name." },
	KEYS_END,
};

const struct key keys_monitor[] = {
	{ .name = "type",
	  .type = KEY_ENUM,
	  MONITOR(type),
	  KEY_PRESENCE(struct config_monitor, has_type),
	  .words = monitor_types,
	  .doc = "What a check does: a TCP connect, an HTTP request, a DNS query, an ICMP echo. "
		 "Required, unless the monitor is made of others by `all`, `any` or `at_least`." },
	{ .name = "all",
	  COMPOSITE_OF,
	  .later = COMPOSITE_FOR_NOW,
	  .doc = "A monitor made of others: passes when all of these pass." },
	{ .name = "any",
	  COMPOSITE_OF,
	  .later = COMPOSITE_FOR_NOW,
	  .doc = "A monitor made of others: passes when one of these passes." },
	{ .name = "at_least",
	  .type = KEY_STRUCT,
	  .of = at_least_keys,
	  .later = COMPOSITE_FOR_NOW,
	  .doc = "A monitor made of others: passes when `n` of `of` pass." },
	{ .name = "port",
	  .type = KEY_UINT,
	  MONITOR(port),
	  .min = 1,
	  .max = 65535,
	  .doc = "The port; without it that of the backend. Monitors of dnsd pools need it." },
	{ .name = "method",
	  .type = KEY_TEXT,
	  MONITOR(method),
	  .min = 1,
	  .max = 32,
	  .initial = "GET",
	  .doc = "The HTTP method." },
	{ .name = "path",
	  .type = KEY_TEXT,
	  MONITOR(path),
	  .min = 1,
	  .initial = "/",
	  .doc = "The HTTP path, with its query." },
	{ .name = "host",
	  .type = KEY_TEXT,
	  MONITOR(host),
	  .min = 1,
	  .max = 255,
	  .doc = "The Host header, and the name asked for in TLS; without it the address." },
	{ .name = "headers",
	  .type = KEY_MAP,
	  .names = KEY_TEXT,
	  .item = KEY_TEXT,
	  KEY_ENTRIES(struct config_monitor, headers, n_headers),
	  .value_at = offsetof(struct config_header, value),
	  .n_max = 64,
	  .doc = "HTTP headers of the request." },
	{ .name = "body",
	  .type = KEY_TEXT,
	  MONITOR(body),
	  .max = 65536,
	  .doc = "The body of the HTTP request." },
	{ .name = "expect",
	  .type = KEY_STRUCT,
	  .of = expect_keys,
	  .doc = "What of the answer passes." },
	{ .name = "query", .type = KEY_STRUCT, .of = query_keys, .doc = "The DNS query." },
	{ .name = "interval",
	  .type = KEY_DURATION,
	  MONITOR(interval_ms),
	  .min = 100,
	  .max = 3600000,
	  .initial = "1s",
	  .doc = "The time from the start of one check to the start of the next." },
	{ .name = "timeout",
	  .type = KEY_DURATION,
	  MONITOR(timeout_ms),
	  .min = 10,
	  .max = 3600000,
	  .initial = "500ms",
	  .doc = "A check without a result after this time has failed; at most `interval`." },
	{ .name = "rise",
	  .type = KEY_UINT,
	  MONITOR(rise),
	  .min = 1,
	  .max = 1000,
	  .initial = "2",
	  .doc = "How many checks in a row must pass before the target is up." },
	{ .name = "fall",
	  .type = KEY_UINT,
	  MONITOR(fall),
	  .min = 1,
	  .max = 1000,
	  .initial = "3",
	  .doc = "How many checks in a row must fail before the target is down." },
	KEYS_END,
};

const struct key keys_tls[] = {
	{ .name = "certificate",
	  .type = KEY_PATH,
	  TLS(certificate),
	  .required = true,
	  .doc = "This node's certificate, then those between it and the CA." },
	{ .name = "key", .type = KEY_PATH, TLS(key), .required = true, .doc = "Its private key." },
	{ .name = "ca", .type = KEY_PATH, TLS(ca), .required = true, .doc = "The fleet's CA." },
	KEYS_END,
};
