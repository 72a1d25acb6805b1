/* SPDX-License-Identifier: Apache-2.0 */
/* keys_dnsd: the keys of dnsd.yaml; those that steer are in keys_steering.c. */
#include "schema/config/check.h"
#include "schema/config/dnsd_config.h"
#include "schema/config/keys.h"
#include "schema/config/plan.h"

#define ROOT(member)   KEY_FIELD(struct dnsd_config, member)
#define ZONE(member)   KEY_FIELD(struct config_zone, member)
#define ACCESS(member) KEY_FIELD(struct config_access, member)

#define MS_PER_DAY 86400000ull

/* ---- listen, state, geo ---------------------------------------------------------------------- */

static const struct key_word auto_word[] = { { "auto", 0 }, { NULL } };

static const struct key xdp_keys[] = {
	{ .name = "interface",
	  .type = KEY_TEXT,
	  .min = 1,
	  .max = 15, /* IFNAMSIZ without its zero */
	  .required = true,
	  .doc = "The network interface." },
	{ .name = "queues",
	  .type = KEY_UINT,
	  .words = auto_word,
	  .min = 1,
	  .max = 1024,
	  .initial = "auto",
	  .doc = "How many of its receive queues are served; auto = all." },
	KEYS_END,
};

static const struct key listen_keys[] = {
	{ .name = "dns",
	  .type = KEY_LIST,
	  .item = KEY_ENDPOINT,
	  KEY_ENTRIES(struct dnsd_config, listen.dns, listen.n_dns),
	  .n_min = 1,
	  .n_max = 64,
	  .required = true,
	  .restart = true,
	  .doc = "Where DNS is answered, by UDP and TCP." },
	{ .name = "dot",
	  .type = KEY_LIST,
	  .item = KEY_ENDPOINT,
	  .n_max = 64,
	  .later = "",
	  .doc = "Where DNS over TLS is answered; leave out for none." },
	{ .name = "control",
	  .type = KEY_ENDPOINT,
	  ROOT(listen.control),
	  .restart = true,
	  .doc = "Where regiond, proberd and other dnsds connect, by mutual TLS." },
	{ .name = "api",
	  .type = KEY_ENDPOINT,
	  ROOT(listen.api),
	  .restart = true,
	  .doc = "The admin API by mutual TLS; leave out for none." },
	{ .name = "http",
	  .type = KEY_ENDPOINT,
	  ROOT(listen.http),
	  .restart = true,
	  .doc = "Where `/metrics`, `/healthz` and `/readyz` are served, read "
		 "only." },
	{ .name = "admin",
	  .type = KEY_PATH,
	  ROOT(listen.admin),
	  .max = KEYS_ADMIN_MAX,
	  .restart = true,
	  .initial = "/run/fairlead/dnsd.sock",
	  .doc = KEYS_DOC_ADMIN },
	{ .name = "xdp",
	  .type = KEY_LIST,
	  .item = KEY_STRUCT,
	  .of = xdp_keys,
	  .n_max = 16,
	  .later = "",
	  .doc = "Interfaces served by AF_XDP; leave out for sockets only." },
	KEYS_END,
};

static const struct key backup_keys[] = {
	{ .name = "directory",
	  .type = KEY_PATH,
	  ROOT(state.backup_directory),
	  .required = true,
	  .doc = "Where copies of the state database are kept." },
	{ .name = "every",
	  .type = KEY_DURATION,
	  ROOT(state.backup_every_ms),
	  .min = 60000,
	  .max = 7 * MS_PER_DAY,
	  .initial = "15m",
	  .doc = "The time from one copy to the next." },
	{ .name = "keep",
	  .type = KEY_UINT,
	  ROOT(state.backup_keep),
	  .min = 1,
	  .max = 10000,
	  .initial = "96",
	  .doc = "How many copies are kept; the oldest are removed." },
	KEYS_END,
};

static const struct key history_keys[] = {
	{ .name = "keep",
	  .type = KEY_DURATION,
	  ROOT(state.history_keep_ms),
	  .min = MS_PER_DAY,
	  .max = 36500 * MS_PER_DAY,
	  .initial = "400d",
	  .doc = "How long an event or an audit entry is kept." },
	{ .name = "size",
	  .type = KEY_SIZE,
	  ROOT(state.history_size_bytes),
	  .min = 1ull << 20,
	  .max = 1ull << 40,
	  .initial = "1GiB",
	  .doc = "How much of the state database may be in use; beyond it the oldest events and "
		 "audit entries go. The file does not shrink: its room is used again." },
	KEYS_END,
};

#define STANDALONE_FOR_NOW "it runs as `standalone`"
static const struct key_word cluster_modes[] = {
	{ "standalone", 0 },
	{ "primary", 1, STANDALONE_FOR_NOW },
	{ "secondary", 2, STANDALONE_FOR_NOW },
	{ "etcd", 3, STANDALONE_FOR_NOW },
	{ NULL },
};

static const struct key cluster_keys[] = {
	{ .name = "mode",
	  .type = KEY_ENUM,
	  .words = cluster_modes,
	  .required = true,
	  .doc = "How several name servers agree on their state." },
	{ .name = "of",
	  .type = KEY_HOST_PORT,
	  .doc = "The primary's `listen.control`, of a secondary." },
	{ .name = "endpoints",
	  .type = KEY_LIST,
	  .item = KEY_TEXT,
	  .n_min = 1,
	  .n_max = 16,
	  .doc = "URLs of etcd." },
	{ .name = "prefix",
	  .type = KEY_TEXT,
	  .min = 1,
	  .max = 255,
	  .doc = "Before every key in etcd." },
	KEYS_END,
};

static const struct key state_keys[] = {
	{ .name = "path",
	  .type = KEY_PATH,
	  ROOT(state.path),
	  .restart = true,
	  .initial = "/var/lib/fairlead/dnsd.db",
	  .doc = "The state database: overrides, failovers, epochs, audit." },
	{ .name = "backup",
	  .type = KEY_STRUCT,
	  .of = backup_keys,
	  .doc = "Copies of it, made while it runs; leave out for none." },
	{ .name = "history",
	  .type = KEY_STRUCT,
	  .of = history_keys,
	  .doc = "How much of events and audit is kept; without it 400 days and 1 GiB. What is "
		 "older or more leaves within an hour, oldest first, and an audit row says up to "
		 "where. The chain of hashes stays verifiable over the cut." },
	{ .name = "cluster",
	  .type = KEY_STRUCT,
	  .of = cluster_keys,
	  .check = check_cluster,
	  .doc = "How several name servers share their state." },
	KEYS_END,
};

static const struct key geo_keys[] = {
	{ .name = "databases",
	  .type = KEY_LIST,
	  .item = KEY_PATH,
	  KEY_ENTRIES(struct dnsd_config, geo.databases, geo.n_databases),
	  .n_max = 16,
	  .required = true,
	  .doc = "MMDB files, nested like MaxMind's or flat. A file renamed into place is live "
		 "within 3 s." },
	KEYS_END,
};

/* ---- zones ----------------------------------------------------------------------------------- */

static const struct key dnssec_keys[] = {
	{ .name = "keys",
	  .type = KEY_PATH,
	  .required = true,
	  .doc = "The directory of the zone's keys." },
	KEYS_END,
};

static const struct key allow_keys[] = {
	{ .name = "tsig",
	  .type = KEY_REFERENCE,
	  .refers_to = "tsig",
	  .doc = "Requests that are signed with this key." },
	{ .name = "prefix", .type = KEY_PREFIX, .doc = "Requests from these addresses." },
	KEYS_END,
};

static const struct key transfer_keys[] = {
	{ .name = "allow",
	  .type = KEY_LIST,
	  .item = KEY_STRUCT,
	  .of = allow_keys,
	  .n_max = 64,
	  .check = check_transfer_allow,
	  .doc = "Who may have the zone; with both keys in one entry, both must hold." },
	{ .name = "notify",
	  .type = KEY_LIST,
	  .item = KEY_ADDRESS,
	  .n_max = 64,
	  .doc = "Servers that are sent a NOTIFY when the zone changes." },
	KEYS_END,
};

static const struct key zone_keys[] = {
	{ .name = "name",
	  .type = KEY_DNS_NAME,
	  ZONE(name),
	  .any_star = true,
	  .required = true,
	  .doc = "The zone's apex; `.` is the root." },
	{ .name = "file",
	  .type = KEY_PATH,
	  ZONE(file),
	  .required = true,
	  .doc = "Its master file (RFC 1035)." },
	{ .name = "dnssec",
	  .type = KEY_STRUCT,
	  .of = dnssec_keys,
	  .later = "the zone is served unsigned",
	  .doc = "DNSSEC; leave out for an unsigned zone." },
	{ .name = "transfer",
	  .type = KEY_STRUCT,
	  .of = transfer_keys,
	  .later = "transfers are refused",
	  .doc = "Who may transfer it, and who is told of changes." },
	KEYS_END,
};

static const struct key_word tsig_algorithms[] = {
	{ "hmac-sha256", 0 },
	{ "hmac-sha384", 1 },
	{ "hmac-sha512", 2 },
	{ NULL },
};

static const struct key tsig_keys[] = {
	{ .name = "algorithm",
	  .type = KEY_ENUM,
	  .words = tsig_algorithms,
	  .required = true,
	  .doc = "The algorithm of the MAC." },
	{ .name = "secret_file",
	  .type = KEY_PATH,
	  .required = true,
	  .doc = "The secret: one line of base64." },
	KEYS_END,
};

/* ---- safety, access ----------------------------------------------------------------------------
 */

static const struct key safety_keys[] = {
	{ .name = "min_regions",
	  .type = KEY_UINT,
	  ROOT(safety.min_regions),
	  .max = 64,
	  .initial = "0",
	  .doc = "An operation that would leave a service fewer regions is refused; 0 = no rule." },
	{ .name = "headroom_after_loss",
	  .type = KEY_SHARE,
	  ROOT(safety.headroom_after_loss_ppm),
	  .initial = "0%",
	  .later = "",
	  .doc = "Free capacity that must be left after the loss of one region." },
	KEYS_END,
};

static const struct key_word roles[] = {
	{ "viewer", ACCESS_VIEWER },
	{ "operator", ACCESS_OPERATOR },
	{ "admin", ACCESS_ADMIN },
	{ NULL },
};

static const struct key access_keys[] = {
	{ .name = "who",
	  .type = KEY_TEXT,
	  ACCESS(who),
	  .min = 1,
	  .max = 255,
	  .required = true,
	  .doc = "A peer: a certificate's URI, `*` for any characters; on the socket `uid:N`, "
		 "`user:NAME` or `group:NAME` of this machine. Names are looked up when the file "
		 "is read." },
	{ .name = "role",
	  .type = KEY_ENUM,
	  ACCESS(role),
	  .words = roles,
	  .required = true,
	  .doc = "What they may do: `viewer` reads, `operator` changes overrides, `admin` "
		 "everything." },
	{ .name = "services",
	  .type = KEY_LIST,
	  .item = KEY_REFERENCE,
	  .refers_to = "services",
	  .n_min = 1,
	  .later = "the entry gives the role `viewer`",
	  .doc = "The services that the role is for; without it, all." },
	KEYS_END,
};

static const struct key_word reasons[] = {
	{ "optional", false },
	{ "required", true },
	{ NULL },
};
static const struct key audit_keys[] = {
	{ .name = "reason",
	  .type = KEY_ENUM,
	  ROOT(reason_required),
	  .words = reasons,
	  .initial = "optional",
	  .doc = "`required`: a change without a reason is refused." },
	KEYS_END,
};

/* ---- the file -------------------------------------------------------------------------------- */

const struct key keys_dnsd[] = {
	{ .name = "fleet",
	  .type = KEY_NAME,
	  ROOT(fleet),
	  .required = true,
	  .restart = true,
	  .doc = KEYS_DOC_FLEET },
	{ .name = "node",
	  .type = KEY_NAME,
	  ROOT(node),
	  .required = true,
	  .restart = true,
	  .doc = "This name server; unique in the fleet." },
	{ .name = "listen",
	  .type = KEY_STRUCT,
	  .of = listen_keys,
	  .required = true,
	  .doc = "The addresses and sockets that it listens on." },
	{ .name = "workers",
	  .type = KEY_UINT,
	  ROOT(workers),
	  .words = auto_word,
	  .min = 1,
	  .max = 1024,
	  .restart = true,
	  .initial = "auto",
	  .doc = "DNS threads; auto = one a core." },
	{ .name = "tls",
	  .type = KEY_STRUCT,
	  .of = keys_tls,
	  .check = check_tls,
	  ROOT(tls),
	  KEY_POS(struct config_tls),
	  KEY_PRESENCE(struct dnsd_config, has_tls),
	  .doc = KEYS_DOC_TLS " `listen.control` and `listen.api` need it." },
	{ .name = "state",
	  .type = KEY_STRUCT,
	  .of = state_keys,
	  .check = check_state,
	  .doc = "What is kept over a restart." },
	{ .name = "geo",
	  .type = KEY_STRUCT,
	  .of = geo_keys,
	  .check = check_geo,
	  .doc = "The databases that say where clients are. Without them, clients are not told "
		 "apart by place." },
	{ .name = "zones",
	  .type = KEY_LIST,
	  .item = KEY_STRUCT,
	  .of = zone_keys,
	  KEY_ENTRIES(struct dnsd_config, zones, n_zones),
	  KEY_POS(struct config_zone),
	  .n_max = 65536,
	  .doc = "The zones it answers for." },
	{ .name = "tsig",
	  .type = KEY_MAP,
	  .names = KEY_DNS_NAME,
	  .item = KEY_STRUCT,
	  .of = tsig_keys,
	  .later = "",
	  .doc = "Keys of transfers, by name." },
	{ .name = "regions",
	  .type = KEY_MAP,
	  .names = KEY_NAME,
	  .item = KEY_STRUCT,
	  .of = keys_region,
	  KEY_ENTRIES(struct dnsd_config, regions, n_regions),
	  KEY_POS(struct config_region),
	  .n_max = 4096,
	  .doc = "Data centres, by name." },
	{ .name = "monitors",
	  .type = KEY_MAP,
	  .names = KEY_NAME,
	  .item = KEY_STRUCT,
	  .of = keys_monitor,
	  KEY_ENTRIES(struct dnsd_config, monitors, n_monitors),
	  KEY_POS(struct config_monitor),
	  .n_max = 1024,
	  .check = check_monitor,
	  .doc = KEYS_DOC_MONITORS },
	{ .name = "pools",
	  .type = KEY_MAP,
	  .names = KEY_NAME,
	  .item = KEY_STRUCT,
	  .of = keys_pool,
	  KEY_ENTRIES(struct dnsd_config, pools, n_pools),
	  KEY_POS(struct config_pool),
	  .n_max = 4096,
	  .check = check_dnsd_pool,
	  .doc = "Sets of members with one policy, by name." },
	{ .name = "services",
	  .type = KEY_MAP,
	  .names = KEY_DNS_NAME,
	  .item = KEY_STRUCT,
	  .of = keys_service,
	  KEY_ENTRIES(struct dnsd_config, services, n_services),
	  KEY_POS(struct config_service),
	  .n_max = 4096,
	  .check = check_dnsd_service,
	  .doc = "DNS names that are steered; each is in one of the zones. The first label may be "
		 "`*`." },
	{ .name = "topology",
	  .type = KEY_LIST,
	  .item = KEY_STRUCT,
	  .of = keys_topology,
	  KEY_ENTRIES(struct dnsd_config, topology, n_topology),
	  KEY_POS(struct config_topology),
	  .doc = "Preferences by client; the first rule that matches holds." },
	{ .name = "plans",
	  .type = KEY_MAP,
	  .names = KEY_NAME,
	  .item = KEY_CUSTOM,
	  .read = plan_read,
	  .shape =
		  "a list of steps, each with one key: `dial: {region, share}`, `drain: {region}`, "
		  "`failover: {service, to}`, `wait: DURATION`, `until: {empty: REGION, within}`, "
		  "`approve: TEXT`",
	  .schema = PLAN_SCHEMA,
	  .n_max = 256,
	  .later = "",
	  .doc = "Failover plans: what `fairlead plan run NAME` does, step by step." },
	{ .name = "safety",
	  .type = KEY_STRUCT,
	  .of = safety_keys,
	  .doc = "Operations that are refused unless they are forced." },
	{ .name = "audit",
	  .type = KEY_STRUCT,
	  .of = audit_keys,
	  .doc = "What is written down of operators' changes." },
	{ .name = "access",
	  .type = KEY_LIST,
	  .item = KEY_STRUCT,
	  .of = access_keys,
	  KEY_ENTRIES(struct dnsd_config, access, n_access),
	  KEY_POS(struct config_access),
	  .check = check_access,
	  .doc = "Who may do what on the admin API." },
	KEYS_INCLUDE,
	KEYS_END,
};
