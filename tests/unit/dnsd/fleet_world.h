/* SPDX-License-Identifier: Apache-2.0 */
/* fleet_world: a fleet with a hand-wound clock and links that are not there: the five functions of
 * core/link that fleet calls are replaced (-Wl,--wrap), and frames go straight to its handler. */
#ifndef FAIRLEAD_TESTS_DNSD_FLEET_WORLD_H
#define FAIRLEAD_TESTS_DNSD_FLEET_WORLD_H

#include "dnsd/fleet/fleet.h"
#include "dnsd/fleet/session.h"
#include "tests/unit/dnsd/world.h"

/* What a test holds in place of a struct link. */
struct line {
	struct identity peer;
	void *ctx;
	char address[64];
	bool is_closed;
	char reason[256];
	struct buf sent; /* the last frame */
	unsigned n_sent;
	uint64_t seq;
};

static struct world w;
static struct loop *loop;
static struct clock_hand hand;
static struct fleet *fleet;
static struct buf changes; /* "chat eu unknown>up first heard\n" */

enum err_code __wrap_link_send(struct link *link, const void *bytes, size_t len);
void __wrap_link_close(struct link *link, const char *reason);
void __wrap_link_drain(struct link *link, uint64_t ms, loop_fn done, void *arg);
const struct identity *__wrap_link_peer(const struct link *link);
void __wrap_link_set_ctx(struct link *link, void *ctx);
const char *__wrap_link_address(const struct link *link);

enum err_code __wrap_link_send(struct link *link, const void *bytes, size_t len)
{
	struct line *line = (struct line *)link;

	buf_clear(&line->sent);
	buf_add(&line->sent, bytes, len);
	line->n_sent++;
	return ERR_OK;
}

void __wrap_link_close(struct link *link, const char *reason)
{
	struct line *line = (struct line *)link;

	line->is_closed = true;
	snprintf(line->reason, sizeof(line->reason), "%s", reason);
}

/* What is refused is drained after a goodbye with the reason. */
void __wrap_link_drain(struct link *link, uint64_t ms, loop_fn done, void *arg)
{
	struct line *line = (struct line *)link;
	wire_message *m;

	assert_int_equal(wire_unpack(line->sent.data, line->sent.len, &m, NULL), ERR_OK);
	assert_int_equal(m->body_case, FAIRLEAD__WIRE__MESSAGE__BODY_GOODBYE);
	line->is_closed = true;
	snprintf(line->reason, sizeof(line->reason), "%s", m->goodbye->reason);
	wire_free(m);
}

const struct identity *__wrap_link_peer(const struct link *link)
{
	return &((const struct line *)link)->peer;
}

void __wrap_link_set_ctx(struct link *link, void *ctx)
{
	((struct line *)link)->ctx = ctx;
}

const char *__wrap_link_address(const struct link *link)
{
	return ((const struct line *)link)->address;
}

static inline void on_change(void *ctx, const struct fleet_change *x)
{
	const struct config_service *s = &w.config->services[x->service];
	const struct config_pool *pool = &w.config->pools[s->pool];

	buf_printf(&changes, "%.*s %s %s>%s%s%s\n", (int)strcspn(s->name, "."), s->name,
		   w.config->regions[pool->members[x->member].region].name,
		   verdict_health_name(x->from), verdict_health_name(x->to),
		   x->reason[0] ? ": " : "", x->reason);
}

static inline void on_addresses(void *ctx, uint32_t service, uint32_t member, uint64_t up)
{
	const struct config_service *s = &w.config->services[service];
	const struct config_pool *pool = &w.config->pools[s->pool];

	buf_printf(&changes, "%.*s %s addresses %llx\n", (int)strcspn(s->name, "."), s->name,
		   w.config->regions[pool->members[member].region].name, (unsigned long long)up);
}

static inline void changes_are(const char *wanted)
{
	assert_string_equal(buf_text(&changes), wanted);
	buf_clear(&changes);
}

#define FLEET_MONITORS \
	"monitors:\n  m: {type: tcp, port: 80, interval: 1s, timeout: 500ms, rise: 2, fall: 2}\n"
#define FLEET_POOLS                                                   \
	"pools:\n"                                                    \
	"  p:\n    monitor: m\n    members:\n"                        \
	"      - {region: eu, addresses: [192.0.2.10, 192.0.2.11]}\n" \
	"      - {region: us, addresses: [192.0.2.20]}\n"             \
	"  q:\n    monitor: m\n    members:\n"                        \
	"      - {region: eu, addresses: [192.0.2.12]}\n"             \
	"      - {region: us, addresses: [192.0.2.23, 192.0.2.24]}\n" \
	"  r: {members: [{region: us, addresses: [192.0.2.22]}]}\n"
#define FLEET_SERVICES                                    \
	"services:\n"                                     \
	"  chat.example.com: {pool: p, hold_down: 20s}\n" \
	"  mail.example.com: {pool: q, hold_down: 20s}\n"
enum { CHAT, MAIL };
enum { EU, US };
enum { EU_10, EU_11, US_20, EU_12, US_23, US_24, TARGETS };
#define FLEET_YAML WORLD_REGIONS FLEET_MONITORS FLEET_POOLS FLEET_SERVICES

static inline int make_fleet(void **state)
{
	static const struct fleet_handler handler = { .changed = on_change,
						      .addresses = on_addresses };

	world_init(&w, FLEET_YAML, WORLD_ZONE);
	assert_int_equal(loop_new(&loop, NULL), ERR_OK);
	clock_hand_init(&hand, 1000000000, 1767323045678);
	assert_int_equal(fleet_new(&fleet, loop, &hand.clock, &handler, NULL), ERR_OK);
	assert_int_equal(fleet_configure(fleet, w.config, &w.e), ERR_OK);
	buf_clear(&changes);
	return 0;
}

static inline int free_fleet(void **state)
{
	fleet_free(fleet);
	loop_free(loop);
	world_fini(&w);
	buf_fini(&changes);
	return 0;
}

#define WITH_FLEET(claim) cmocka_unit_test_setup_teardown(claim, make_fleet, free_fleet)

/* Time passes, and what waits for it happens. */
static inline void wait_ms(uint64_t ms)
{
	uint64_t step_ms = ms > 60000 ? 90 : 10; /* a timer is not late */

	for (; ms > 0; ms -= step_ms < ms ? step_ms : ms) {
		clock_hand_advance_ms(&hand, step_ms < ms ? step_ms : ms);
		fleet_tick(fleet);
	}
}

/* ---- peers ---- */

static inline struct line *line_of(enum identity_role role, const char *region, const char *name)
{
	struct line *line = calloc(1, sizeof(*line));

	assert_non_null(line);
	line->peer.role = role;
	snprintf(line->peer.fleet, sizeof(line->peer.fleet), "example");
	snprintf(line->peer.region, sizeof(line->peer.region), "%s", region);
	snprintf(line->peer.name, sizeof(line->peer.name), "%s", name);
	snprintf(line->address, sizeof(line->address), "127.0.0.1:4711");
	line->ctx = fleet_link_ctx(fleet);
	return line;
}

static inline void line_free(struct line *line)
{
	buf_fini(&line->sent);
	free(line);
}

static inline void say(struct line *line, const wire_message *m)
{
	struct buf out = BUF_INIT;
	struct err e;

	if (wire_pack(m, &out, &e) != ERR_OK)
		fail_msg("%s", e.text);
	fleet_session_handler.frame(line->ctx, (struct link *)line, out.data, out.len);
	buf_fini(&out);
}

static inline void say_hello_at(struct line *line, int32_t lat_e4, int32_t lon_e4)
{
	Fairlead__Wire__Hello hello = FAIRLEAD__WIRE__HELLO__INIT;
	wire_message m = FAIRLEAD__WIRE__MESSAGE__INIT;

	hello.protocol = WIRE_PROTOCOL;
	hello.software = "test 1";
	hello.heartbeat_ms = 500;
	hello.lat_e4 = lat_e4;
	hello.lon_e4 = lon_e4;
	m.body_case = FAIRLEAD__WIRE__MESSAGE__BODY_HELLO;
	m.hello = &hello;
	fleet_session_handler.up(line->ctx, (struct link *)line, &line->peer);
	say(line, &m);
}

static inline void say_hello(struct line *line)
{
	say_hello_at(line, 0, 0);
}

static inline void say_beat(struct line *line)
{
	Fairlead__Wire__Heartbeat beat = FAIRLEAD__WIRE__HEARTBEAT__INIT;
	wire_message m = FAIRLEAD__WIRE__MESSAGE__INIT;

	m.body_case = FAIRLEAD__WIRE__MESSAGE__BODY_HEARTBEAT;
	m.heartbeat = &beat;
	say(line, &m);
}

/* One service of a report; the next sequence number is taken when `seq` is 0. */
static inline void say_report(struct line *line, uint64_t seq, bool full, const char *service,
			      Fairlead__Wire__Health health, const char *reason)
{
	Fairlead__Wire__ServiceReport one = FAIRLEAD__WIRE__SERVICE_REPORT__INIT, *list = &one;
	Fairlead__Wire__Report report = FAIRLEAD__WIRE__REPORT__INIT;
	wire_message m = FAIRLEAD__WIRE__MESSAGE__INIT;

	one.service = (char *)service;
	one.health = health;
	one.reason = (char *)reason;
	one.unit = "requests";
	one.capacity = 100;
	one.used = 40;
	report.seq = seq ? seq : ++line->seq;
	report.full = full;
	report.services = &list;
	report.n_services = service ? 1 : 0;
	m.body_case = FAIRLEAD__WIRE__MESSAGE__BODY_REPORT;
	m.report = &report;
	say(line, &m);
}

static inline void say_up(struct line *line, const char *service)
{
	say_report(line, 0, line->seq == 0, service, FAIRLEAD__WIRE__HEALTH__HEALTH_UP, "");
}

static inline void say_withdraw(struct line *line, const char *reason)
{
	Fairlead__Wire__Withdraw withdraw = FAIRLEAD__WIRE__WITHDRAW__INIT;
	wire_message m = FAIRLEAD__WIRE__MESSAGE__INIT;

	withdraw.reason = (char *)reason;
	m.body_case = FAIRLEAD__WIRE__MESSAGE__BODY_WITHDRAW;
	m.withdraw = &withdraw;
	say(line, &m);
}

/* `seen` has a letter a target: p passes, f fails and it is proven, b fails and is not, u unknown,
 * - not said. */
static inline void say_seen(struct line *line, uint64_t revision, bool full, const char *seen)
{
	Fairlead__Wire__Verdict one[64], *list[64];
	Fairlead__Wire__Verdicts verdicts = FAIRLEAD__WIRE__VERDICTS__INIT;
	wire_message m = FAIRLEAD__WIRE__MESSAGE__INIT;

	for (uint32_t i = 0; seen[i]; i++) {
		Fairlead__Wire__Verdict *v = &one[verdicts.n_verdicts];

		if (seen[i] == '-')
			continue;
		fairlead__wire__verdict__init(v);
		v->target = i;
		v->known = seen[i] != 'u';
		v->pass = seen[i] == 'p';
		v->proven = seen[i] == 'f';
		v->reason = seen[i] == 'f' || seen[i] == 'b' ? "timeout" : "";
		list[verdicts.n_verdicts++] = v;
	}
	verdicts.revision = revision;
	verdicts.full = full;
	verdicts.verdicts = list;
	m.body_case = FAIRLEAD__WIRE__MESSAGE__BODY_VERDICTS;
	m.verdicts = &verdicts;
	say(line, &m);
}

static inline void hang_up(struct line *line)
{
	fleet_session_handler.down(line->ctx, (struct link *)line, "the cable was cut");
}

/* A regiond that has said that all is well, or a proberd that has its plan. */
static inline struct line *linked_node(const char *region, const char *name)
{
	struct line *line = line_of(IDENTITY_REGIOND, region, name);

	say_hello(line);
	say_up(line, "chat.example.com");
	return line;
}

static inline struct line *linked_prober(const char *name, int32_t lat_e4, int32_t lon_e4)
{
	struct line *line = line_of(IDENTITY_PROBER, "", name);

	say_hello_at(line, lat_e4, lon_e4);
	return line;
}

static inline enum verdict_health health(uint32_t service, uint32_t member)
{
	return fleet_health(fleet, service, member);
}

/* Until somebody's beats have gone on for so long. */
static inline void beat_for_ms(uint64_t ms, struct line **lines, size_t n)
{
	for (uint64_t gone = 0; gone < ms; gone += 500) {
		wait_ms(490);
		clock_hand_advance_ms(&hand, 10);
		for (size_t i = 0; i < n; i++)
			say_beat(lines[i]);
		fleet_tick(fleet);
	}
}

#endif
