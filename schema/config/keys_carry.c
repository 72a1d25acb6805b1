/* SPDX-License-Identifier: Apache-2.0 */
/* keys_carry: the keys of one service of regiond.yaml: where traffic arrives and where it goes. */
#include "schema/config/check.h"
#include "schema/config/keys.h"
#include "schema/config/regiond_config.h"

#define SERVICE(member) KEY_FIELD(struct config_region_service, member)

#define MS_PER_HOUR 3600000ull
#define MIB	    (1ull << 20)

const struct key keys_site_tls[] = {
	{ .name = "certificate",
	  .type = KEY_PATH,
	  .required = true,
	  .doc = "The site's certificate and those between it and its CA, as PEM." },
	{ .name = "key", .type = KEY_PATH, .required = true, .doc = "Its private key." },
	{ .name = "client_ca",
	  .type = KEY_PATH,
	  .doc = "A CA whose certificates clients must present; leave out for none." },
	KEYS_END,
};

static const struct key affinity_keys[] = {
	{ .name = "cookie",
	  .type = KEY_TEXT,
	  .min = 1,
	  .max = 255,
	  .doc = "By a cookie of this name, which is set." },
	{ .name = "source", .type = KEY_BOOL, .doc = "By the client's address." },
	{ .name = "header",
	  .type = KEY_TEXT,
	  .min = 1,
	  .max = 255,
	  .doc = "By the value of this header." },
	KEYS_END,
};

static const struct key retries_keys[] = {
	{ .name = "attempts",
	  .type = KEY_UINT,
	  .max = 10,
	  .initial = "1",
	  .doc = "How often a request is tried again, before its first byte." },
	{ .name = "budget",
	  .type = KEY_SHARE,
	  .initial = "10%",
	  .doc = "Retries are at most this share of requests." },
	KEYS_END,
};

static const struct key limits_keys[] = {
	{ .name = "header",
	  .type = KEY_SIZE,
	  .min = 1024,
	  .max = MIB,
	  .initial = "32KiB",
	  .later = "",
	  .doc = "Bytes of a request's head." },
	{ .name = "fields",
	  .type = KEY_UINT,
	  .min = 1,
	  .max = 10000,
	  .initial = "100",
	  .later = "",
	  .doc = "Header fields of a request." },
	{ .name = "body",
	  .type = KEY_SIZE,
	  .max = MIB << 20,
	  .initial = "64MiB",
	  .later = "",
	  .doc = "Bytes of a request's body." },
	{ .name = "idle",
	  .type = KEY_DURATION,
	  SERVICE(idle_ms),
	  .min = 100,
	  .max = 24 * MS_PER_HOUR,
	  .initial = "60s",
	  .doc = "A connection on which nothing moves for this long is closed. One whose other end "
		 "answers and has not got all yet is kept: a slow reader is not idle." },
	{ .name = "connect",
	  .type = KEY_DURATION,
	  SERVICE(connect_ms),
	  .min = 10,
	  .max = 60000,
	  .initial = "2s",
	  .doc = "How long a connect to a backend may take." },
	{ .name = "first_byte",
	  .type = KEY_DURATION,
	  .min = 10,
	  .max = 24 * MS_PER_HOUR,
	  .initial = "10m",
	  .later = "",
	  .doc = "How long a backend may take until the first byte of its answer." },
	KEYS_END,
};

static const struct key match_keys[] = {
	{ .name = "host", .type = KEY_DNS_NAME, .doc = "The Host header." },
	{ .name = "path",
	  .type = KEY_TEXT,
	  .min = 1,
	  .doc = "The path, or what stands before its next `/`." },
	{ .name = "method", .type = KEY_TEXT, .min = 1, .max = 32, .doc = "The HTTP method." },
	{ .name = "headers",
	  .type = KEY_MAP,
	  .names = KEY_TEXT,
	  .item = KEY_TEXT,
	  .n_max = 16,
	  .doc = "Headers and their values." },
	{ .name = "model",
	  .type = KEY_TEXT,
	  .min = 1,
	  .max = 255,
	  .doc = "`model` in the JSON body." },
	KEYS_END,
};

static const struct key split_keys[] = {
	{ .name = "pool",
	  .type = KEY_REFERENCE,
	  .refers_to = "pools",
	  .required = true,
	  .doc = "Where to." },
	{ .name = "share",
	  .type = KEY_SHARE,
	  .required = true,
	  .doc = "How much of the route's requests." },
	KEYS_END,
};

static const struct key ramp_keys[] = {
	{ .name = "step",
	  .type = KEY_SHARE,
	  .required = true,
	  .doc = "How much the last pool of the split gains at a time." },
	{ .name = "every",
	  .type = KEY_DURATION,
	  .min = 1000,
	  .max = 24 * MS_PER_HOUR,
	  .required = true,
	  .doc = "How long until the next step." },
	{ .name = "to", .type = KEY_SHARE, .initial = "100%", .doc = "The share it ends at." },
	KEYS_END,
};

static const struct key_word redirect_statuses[] = {
	{ "301", 301 }, { "302", 302 }, { "303", 303 }, { "307", 307 }, { "308", 308 }, { NULL },
};
static const struct key redirect_keys[] = {
	{ .name = "to",
	  .type = KEY_TEXT,
	  .min = 1,
	  .max = 2048,
	  .required = true,
	  .doc = "The URL; path and query of the request follow when it has no path." },
	{ .name = "status",
	  .type = KEY_ENUM,
	  .words = redirect_statuses,
	  .initial = "308",
	  .doc = "The HTTP status." },
	KEYS_END,
};

static const struct key rewrite_keys[] = {
	{ .name = "prefix",
	  .type = KEY_TEXT,
	  .min = 1,
	  .max = 1024,
	  .doc = "What stands for the matched path." },
	{ .name = "host", .type = KEY_DNS_NAME, .doc = "What stands for the Host header." },
	KEYS_END,
};

static const struct key rollback_keys[] = {
	{ .name = "error_rate",
	  .type = KEY_SHARE,
	  .required = true,
	  .doc = "With more errors than this in the last pool, all goes to the first again." },
	{ .name = "over",
	  .type = KEY_DURATION,
	  .min = 1000,
	  .max = MS_PER_HOUR,
	  .initial = "1m",
	  .doc = "Over how long errors are counted." },
	KEYS_END,
};

static const struct key route_keys[] = {
	{ .name = "match",
	  .type = KEY_STRUCT,
	  .of = match_keys,
	  .later = "all goes to the route that takes the rest",
	  .check = check_match,
	  .doc = "What the route is for; all that is said must hold. Without it it takes the "
		 "rest." },
	{ .name = "pool",
	  .type = KEY_REFERENCE,
	  .refers_to = "pools",
	  .doc = "Where to; this, `split` or `redirect`." },
	{ .name = "split",
	  .type = KEY_LIST,
	  .item = KEY_STRUCT,
	  .of = split_keys,
	  .n_min = 1,
	  .n_max = 16,
	  .later = "the first pool takes all",
	  .doc = "Where to, in shares that make 100 %." },
	{ .name = "ramp",
	  .type = KEY_STRUCT,
	  .of = ramp_keys,
	  .later = "",
	  .doc = "How a split moves by itself." },
	{ .name = "redirect",
	  .type = KEY_STRUCT,
	  .of = redirect_keys,
	  .later = "where it takes the rest, the first of the pools takes it",
	  .doc = "Requests are answered with a redirect; instead of `pool` and `split`." },
	{ .name = "rewrite",
	  .type = KEY_STRUCT,
	  .of = rewrite_keys,
	  .check = check_rewrite,
	  .later = "",
	  .doc = "What is changed in a request before it goes to the pool." },
	{ .name = "rollback",
	  .type = KEY_STRUCT,
	  .of = rollback_keys,
	  .later = "",
	  .doc = "When a split is given up." },
	KEYS_END,
};

static const struct key spill_keys[] = {
	{ .name = "to",
	  .type = KEY_LIST,
	  .item = KEY_NAME,
	  .n_min = 1,
	  .n_max = 64,
	  .required = true,
	  .doc = "Peer regions, in order." },
	{ .name = "when",
	  .type = KEY_SHARE,
	  .initial = "95%",
	  .doc = "How full this region is before traffic is handed over." },
	KEYS_END,
};

static const struct key_word proxy_versions[] = {
	{ "none", 0 },
	{ "v1", 1 },
	{ "v2", 2 },
	{ NULL },
};
static const struct key proxy_keys[] = {
	{ .name = "in",
	  .type = KEY_BOOL,
	  .initial = "false",
	  .doc = "Clients send the PROXY protocol." },
	{ .name = "out",
	  .type = KEY_ENUM,
	  .words = proxy_versions,
	  .initial = "none",
	  .doc = "The version that backends are sent." },
	KEYS_END,
};

static const struct key_word protocols[] = {
	{ "tcp", PROTOCOL_TCP },
	{ "http", PROTOCOL_HTTP, "it acts as `tcp`" },
	{ NULL },
};

const struct key keys_region_service[] = {
	{ .name = "listen",
	  .type = KEY_LIST,
	  .item = KEY_ENDPOINT,
	  KEY_ENTRIES(struct config_region_service, listen, n_listen),
	  .n_min = 1,
	  .n_max = 64,
	  .required = true,
	  .doc = "Where its traffic arrives." },
	{ .name = "protocol",
	  .type = KEY_ENUM,
	  SERVICE(protocol),
	  .words = protocols,
	  .initial = "tcp",
	  .doc = "`http` is 1.1 and 2 (by ALPN, or by prior knowledge where plain) and "
		 "WebSocket." },
	{ .name = "tls",
	  .type = KEY_CUSTOM,
	  .read = check_site_tls,
	  .shape = "`{certificate, key, client_ca}`, or a list of them",
	  .schema = "{\"oneOf\":[{\"type\":\"object\"},{\"type\":\"array\",\"items\":{\"type\":"
		    "\"object\"},\"minItems\":1}]}",
	  .later = "connections are passed on as they are",
	  .doc = "TLS ends here, with this certificate and its chain as PEM (`certificate`), its "
		 "private key (`key`), and, for mutual TLS, the CA of the clients (`client_ca`). "
		 "Of a "
		 "list the server name chooses, and the first is for clients that send none. Leave "
		 "out "
		 "for plain." },
	{ .name = "affinity",
	  .type = KEY_STRUCT,
	  .of = affinity_keys,
	  .check = check_affinity,
	  .later = "",
	  .doc = "A client stays with its backend: one of these keys." },
	{ .name = "retries",
	  .type = KEY_STRUCT,
	  .of = retries_keys,
	  .later = "",
	  .doc = "When a backend fails before its first byte." },
	{ .name = "limits", .type = KEY_STRUCT, .of = limits_keys, .doc = "Bounds of one client." },
	{ .name = "request_id",
	  .type = KEY_TEXT,
	  .min = 1,
	  .max = 255,
	  .later = "",
	  .doc = "The header of a request's id: kept when sane, made when missing." },
	{ .name = "routes",
	  .type = KEY_LIST,
	  .item = KEY_STRUCT,
	  .of = route_keys,
	  .check = check_route,
	  .n_min = 1,
	  .n_max = 256,
	  .required = true,
	  .doc = "Where requests go; the first that matches holds, and the last takes the rest." },
	{ .name = "spill",
	  .type = KEY_STRUCT,
	  .of = spill_keys,
	  .later = "",
	  .doc = "Peer regions that take over in-path when this one is full." },
	{ .name = "proxy_protocol",
	  .type = KEY_STRUCT,
	  .of = proxy_keys,
	  .later = "",
	  .doc = "The PROXY protocol on either side." },
	KEYS_END,
};
