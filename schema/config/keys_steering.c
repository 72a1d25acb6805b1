/* SPDX-License-Identifier: Apache-2.0 */
/* keys_steering: the keys of dnsd.yaml that say how clients are steered: regions, pools, services,
 * topology. */
#include "schema/config/check.h"
#include "schema/config/custom_dnsd.h"
#include "schema/config/dnsd_config.h"
#include "schema/config/keys.h"

#define REGION(member)	 KEY_FIELD(struct config_region, member)
#define MEMBER(member)	 KEY_FIELD(struct config_member, member)
#define POOL(member)	 KEY_FIELD(struct config_pool, member)
#define SERVICE(member)	 KEY_FIELD(struct config_service, member)
#define TOPOLOGY(member) KEY_FIELD(struct config_topology, member)

#define MS_PER_DAY 86400000ull

/* ---- regions, pools -------------------------------------------------------------------------- */

const struct key keys_region[] = {
	{ .name = "at",
	  .type = KEY_PLACE,
	  REGION(lat_e4),
	  KEY_PRESENCE(struct config_region, has_place),
	  .doc = "Where the region is, as latitude and longitude in degrees. Without it the region "
		 "counts as far from every client." },
	{ .name = "country",
	  .type = KEY_COUNTRY,
	  REGION(country),
	  .doc = "The country that the region is in." },
	KEYS_END,
};

static const struct key member_keys[] = {
	{ .name = "region",
	  .type = KEY_REFERENCE,
	  .refers_to = "regions",
	  MEMBER(region),
	  .required = true,
	  .doc = "The region. One that stands here several times has several weighted sets of "
		 "addresses." },
	{ .name = "addresses",
	  .type = KEY_LIST,
	  .item = KEY_ADDRESS,
	  KEY_ENTRIES(struct config_member, addresses, n_addresses),
	  .n_min = 1,
	  .n_max = 64,
	  .required = true,
	  .doc = "What is answered for it, both families together." },
	{ .name = "weight",
	  .type = KEY_UINT,
	  MEMBER(weight),
	  .max = 1000000,
	  .initial = "100",
	  .doc = "Its share where weights decide; 0 = only when nothing else is left." },
	{ .name = "tier",
	  .type = KEY_UINT,
	  MEMBER(tier),
	  .max = 15,
	  .initial = "0",
	  .doc = "A higher tier serves only when no lower one can." },
	{ .name = "capacity",
	  .type = KEY_UINT,
	  MEMBER(capacity),
	  .initial = "0",
	  .later = "it is shown, and steers nobody",
	  .doc = "What it can carry, in the pool's unit, until it reports itself; 0 = not "
		 "limited." },
	{ .name = "monitor",
	  .type = KEY_REFERENCE,
	  .refers_to = "monitors",
	  MEMBER(monitor),
	  .later = "the pool's monitor checks this member too",
	  .doc = "What checks this member, instead of the pool's monitor; it needs a `port`." },
	KEYS_END,
};

#define GEO_FOR_NOW "it acts as `geo`"
static const struct key_word methods[] = {
	{ "assign", METHOD_ASSIGN, GEO_FOR_NOW },
	{ "latency", METHOD_LATENCY, GEO_FOR_NOW },
	{ "geo", METHOD_GEO },
	{ "weighted", METHOD_WEIGHTED },
	{ "order", METHOD_ORDER },
	{ NULL },
};
static const struct key_word units[] = {
	{ "requests", UNIT_REQUESTS },
	{ "tokens", UNIT_TOKENS },
	{ "connections", UNIT_CONNECTIONS },
	{ NULL },
};

const struct key keys_pool[] = {
	{ .name = "method",
	  .type = KEY_ENUM,
	  POOL(method),
	  .words = methods,
	  .initial = "assign",
	  .doc = "How a member is chosen: by latency and free capacity, by latency, by distance, "
		 "by weight, or as they stand." },
	{ .name = "alternate",
	  .type = KEY_ENUM,
	  POOL(alternate),
	  .words = methods,
	  .initial = "geo",
	  .later = "no method in effect runs out of candidates before `last_resort`",
	  .doc = "The method when `method` has no candidate." },
	{ .name = "last_resort",
	  .type = KEY_CUSTOM,
	  .read = custom_read_last_resort,
	  .show = custom_show_last_resort,
	  .shape = "`all`, `none` or a list of addresses",
	  .schema = "{\"oneOf\":[{\"enum\":[\"all\",\"none\"]},{\"type\":\"array\","
		    "\"items\":{\"type\":\"string\"},\"minItems\":1}]}",
	  .has_field = true,
	  .initial = NULL,
	  .doc = "What is answered when no member is left: all of them (the default), SERVFAIL, or "
		 "these addresses." },
	{ .name = "monitor",
	  .type = KEY_REFERENCE,
	  .refers_to = "monitors",
	  POOL(monitor),
	  .doc = "What proberd and peer regions check; it needs a `port`." },
	{ .name = "unit",
	  .type = KEY_ENUM,
	  POOL(unit),
	  .words = units,
	  .initial = "requests",
	  .later = "",
	  .doc = "What capacity counts." },
	{ .name = "target_fill",
	  .type = KEY_SHARE,
	  POOL(target_fill_ppm),
	  .min = 10000,
	  .max = 1000000,
	  .initial = "80%",
	  .later = "",
	  .doc = "A region is filled to here first, then to 90 %, to 100 %, then load is shed." },
	{ .name = "stickiness",
	  .type = KEY_DURATION,
	  POOL(stickiness_ms),
	  .max = 10000,
	  .initial = "20ms",
	  .later = "",
	  .doc = "What moving a client must at least gain." },
	{ .name = "members",
	  .type = KEY_LIST,
	  .item = KEY_STRUCT,
	  .of = member_keys,
	  KEY_ENTRIES(struct config_pool, members, n_members),
	  KEY_POS(struct config_member),
	  .n_min = 1,
	  .n_max = CONFIG_MEMBERS_MAX,
	  .required = true,
	  .doc = "The regions that can answer." },
	KEYS_END,
};

/* ---- services, topology, access -------------------------------------------------------------- */

static const struct key_word modes[] = {
	{ "active-active", MODE_ACTIVE_ACTIVE },
	{ "active-standby", MODE_ACTIVE_STANDBY },
	{ "exclusive", MODE_EXCLUSIVE, "it acts as `active-standby`, without a fence by epoch" },
	{ NULL },
};
static const struct key_word auto_or_manual[] = { { "auto", true }, { "manual", false }, { NULL } };

static const struct key_word next_or_none[] = {
	{ "next", true },
	{ "none", false },
	{ NULL },
};

static const struct key https_keys[] = {
	{ .name = "alpn",
	  .type = KEY_LIST,
	  .item = KEY_TEXT,
	  .min = 1,
	  .max = 255,
	  KEY_ENTRIES(struct config_service, https_alpn, n_https_alpn),
	  .n_min = 1,
	  .n_max = 16,
	  .doc = "Protocols that the service speaks, such as `h2`, `http/1.1`." },
	KEYS_END,
};

const struct key keys_service[] = {
	{ .name = "pool",
	  .type = KEY_REFERENCE,
	  .refers_to = "pools",
	  SERVICE(pool),
	  .required = true,
	  .doc = "The pool that answers for it." },
	{ .name = "mode",
	  .type = KEY_ENUM,
	  SERVICE(mode),
	  .words = modes,
	  .initial = "active-active",
	  .doc = "All regions at once, tiers in order, or exactly one at a time." },
	{ .name = "failback",
	  .type = KEY_ENUM,
	  SERVICE(failback_auto),
	  .words = auto_or_manual,
	  .doc = "Whether a region that returns is used again by itself; `manual` unless "
		 "active-active." },
	{ .name = "hold_down",
	  .type = KEY_DURATION,
	  SERVICE(hold_down_ms),
	  .max = MS_PER_DAY,
	  .initial = "20s",
	  .doc = "How long a member that was down stays out after it is up again; it doubles while "
		 "the member flaps." },
	{ .name = "takeover",
	  .type = KEY_ENUM,
	  SERVICE(takeover_auto),
	  .words = auto_or_manual,
	  .initial = "auto",
	  .later = "",
	  .doc = "Of an exclusive service: what happens when the active region is lost." },
	{ .name = "ttl",
	  .type = KEY_DURATION,
	  SERVICE(ttl_s),
	  .in_seconds = true,
	  .min = 5000,
	  .max = 7 * MS_PER_DAY,
	  .initial = "30s",
	  .doc = "How long resolvers keep an answer." },
	{ .name = "answers",
	  .type = KEY_UINT,
	  SERVICE(answers),
	  .min = 1,
	  .max = 64,
	  .initial = "2",
	  .doc = "How many addresses one answer has at most." },
	{ .name = "family_fallback",
	  .type = KEY_ENUM,
	  SERVICE(family_next),
	  .words = next_or_none,
	  .initial = "none",
	  .doc = "What is answered when the chosen region has no address of the family asked for: "
		 "`next` = the next region that has one, `none` = no data." },
	{ .name = "https",
	  .type = KEY_STRUCT,
	  .of = https_keys,
	  KEY_PRESENCE(struct config_service, has_https),
	  .later = "there is no HTTPS record",
	  .doc = "An HTTPS record (RFC 9460) whose hints are the steered addresses; leave out for "
		 "none." },
	{ .name = "fence",
	  .type = KEY_CUSTOM,
	  .read = custom_read_fence,
	  .show = custom_show_fence,
	  .shape = "a mapping of places to lists of regions",
	  .schema = "{\"type\":\"object\",\"propertyNames\":{\"pattern\":\"^[A-Z]{2}$\"},"
		    "\"additionalProperties\":{\"type\":\"array\",\"items\":{\"type\":\"string\"},"
		    "\"minItems\":1}}",
	  .has_field = true,
	  .doc = "Clients of a place never leave these regions. A place is a country, or a "
		 "continent (AF AN AS EU NA OC SA, also where a country has the same two letters); "
		 "a country goes before its continent." },
	KEYS_END,
};

static const struct key client_keys[] = {
	{ .name = "prefix",
	  .type = KEY_PREFIX,
	  TOPOLOGY(prefix),
	  .doc = "Clients with these addresses." },
	{ .name = "country", .type = KEY_COUNTRY, TOPOLOGY(place), .doc = "Clients of a country." },
	{ .name = "continent",
	  .type = KEY_CONTINENT,
	  TOPOLOGY(place),
	  .doc = "Clients of a continent." },
	{ .name = "asn",
	  .type = KEY_UINT,
	  TOPOLOGY(asn),
	  .min = 1,
	  .max = UINT32_MAX,
	  .doc = "Clients of a network, by its number." },
	KEYS_END,
};

const struct key keys_topology[] = {
	{ .name = "client",
	  .type = KEY_STRUCT,
	  .of = client_keys,
	  .required = true,
	  .check = check_client,
	  .show = custom_show_client,
	  .doc = "Whom the rule is for: one of its keys, or `{}` for everyone." },
	{ .name = "prefer",
	  .type = KEY_LIST,
	  .item = KEY_REFERENCE,
	  .refers_to = "regions",
	  KEY_ENTRIES(struct config_topology, prefer, n_prefer),
	  .n_min = 1,
	  .n_max = 64,
	  .required = true,
	  .doc = "Regions in order; the rest follow by the pool's method." },
	KEYS_END,
};
