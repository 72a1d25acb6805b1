/* SPDX-License-Identifier: Apache-2.0 */
/* control_world: a whole control thread in a test: its state in a directory, a hand-wound clock,
 * regions and proberds by fleet_world.h, and requests that go straight to api_handle(): the
 * functions of core/http that it calls are replaced (-Wl,--wrap). The loop runs in steps. */
#ifndef FAIRLEAD_TESTS_DNSD_CONTROL_WORLD_H
#define FAIRLEAD_TESTS_DNSD_CONTROL_WORLD_H

#include "dnsd/answer/answer.h"
#include "dnsd/control/control.h"
#include "schema/config/config.h"
#include "tests/unit/dnsd/fleet_world.h"

#include <poll.h>

/* What a test holds in place of a struct http_reply. */
struct said_reply {
	bool is_answered;
	enum err_code code;
	json_t *doc;
	char text[4096];
	const struct http_stream_fns *stream; /* a reply in pieces, and how much of it came */
	void *stream_ctx;
	size_t streamed;
	char start[16]; /* its first bytes */
	bool is_whole;
};

static struct control *control;
static const struct rooms *rooms; /* of control */
static struct said_reply last;

const char *__wrap_http_query(const struct http_request *req, const char *key);
void __wrap_http_by(const struct http_request *req, char out[HTTP_BY_MAX]);
void __wrap_http_reply_json(struct http_reply *reply, int status, json_t *doc);
void __wrap_http_reply_text(struct http_reply *reply, int status, const char *content_type,
			    const char *text, size_t len);
void __wrap_http_reply_error(struct http_reply *reply, enum err_code code, const char *message);

/* Nobody came by sudo. */
void __wrap_http_by(const struct http_request *req, char out[HTTP_BY_MAX])
{
	snprintf(out, HTTP_BY_MAX, "%s", req->peer->who);
}

void __wrap_http_stream_start(struct http_reply *reply, int status, const char *content_type,
			      const struct http_stream_fns *fns, void *ctx);
enum err_code __wrap_http_stream_write(struct http_reply *reply, const void *bytes, size_t len);
void __wrap_http_stream_end(struct http_reply *reply, bool whole);

/* req->query is "key=value&key=value"; there is nothing to decode. */
const char *__wrap_http_query(const struct http_request *req, const char *key)
{
	static char values[4][256];
	static unsigned next;
	size_t len = strlen(key);

	for (const char *at = req->query; at && *at; at += strcspn(at, "&"), at += *at == '&') {
		if (strncmp(at, key, len) != 0 || at[len] != '=')
			continue;
		next = (next + 1) % 4;
		snprintf(values[next], sizeof(values[next]), "%.*s",
			 (int)strcspn(at + len + 1, "&"), at + len + 1);
		return values[next];
	}
	return NULL;
}

void __wrap_http_reply_json(struct http_reply *reply, int status, json_t *doc)
{
	struct said_reply *said = (struct said_reply *)reply;

	assert_false(said->is_answered);
	assert_non_null(doc); /* else something in it was no UTF-8 */
	said->is_answered = true;
	said->doc = doc;
}

void __wrap_http_reply_text(struct http_reply *reply, int status, const char *content_type,
			    const char *text, size_t len)
{
	struct said_reply *said = (struct said_reply *)reply;

	assert_false(said->is_answered);
	said->is_answered = true;
	said->code = status == 200 ? ERR_OK : ERR_AGAIN;
	snprintf(said->text, sizeof(said->text), "%.*s", (int)len, text);
}

void __wrap_http_reply_error(struct http_reply *reply, enum err_code code, const char *message)
{
	struct said_reply *said = (struct said_reply *)reply;

	assert_false(said->is_answered);
	said->is_answered = true;
	said->code = code;
	snprintf(said->text, sizeof(said->text), "%s", message);
}

void __wrap_http_stream_start(struct http_reply *reply, int status, const char *content_type,
			      const struct http_stream_fns *fns, void *ctx)
{
	struct said_reply *said = (struct said_reply *)reply;

	assert_null(said->stream);
	said->stream = fns;
	said->stream_ctx = ctx;
}

enum err_code __wrap_http_stream_write(struct http_reply *reply, const void *bytes, size_t len)
{
	struct said_reply *said = (struct said_reply *)reply;

	if (!said->streamed)
		memcpy(said->start, bytes, len < sizeof(said->start) ? len : sizeof(said->start));
	said->streamed += len;
	return ERR_OK;
}

void __wrap_http_stream_end(struct http_reply *reply, bool whole)
{
	struct said_reply *said = (struct said_reply *)reply;

	said->is_answered = true;
	said->is_whole = whole;
}

/* ---- the world ---- */

#define CONTROL_POOLS                                                 \
	"pools:\n"                                                    \
	"  p:\n    method: geo\n    monitor: m\n    members:\n"       \
	"      - {region: eu, addresses: [192.0.2.10]}\n"             \
	"      - {region: us, addresses: [192.0.2.20, 192.0.2.21]}\n" \
	"      - {region: ap, addresses: [192.0.2.30], tier: 1}\n"    \
	"  o:\n    method: order\n    members:\n"                     \
	"      - {region: eu, addresses: [192.0.2.11]}\n"             \
	"      - {region: us, addresses: [192.0.2.22]}\n"             \
	"      - {region: ap, addresses: [192.0.2.31]}\n"             \
	"  even:\n    method: weighted\n    members:\n"               \
	"      - {region: eu, addresses: [192.0.2.12]}\n"             \
	"      - {region: us, addresses: [192.0.2.23], weight: 300}\n"
#define CONTROL_SERVICES                                         \
	"services:\n"                                            \
	"  chat.example.com: {pool: p, answers: 8}\n"            \
	"  stand.example.com: {pool: o, mode: active-standby}\n" \
	"  even.example.com: {pool: even}\n"
#define CONTROL_YAML WORLD_REGIONS FLEET_MONITORS CONTROL_POOLS CONTROL_SERVICES
enum { S_CHAT, S_STAND, S_EVEN };
#define BIT(member) (UINT64_C(1) << (member))

static inline void control_write(const char *yaml)
{
	struct buf text = BUF_INIT;

	world_head(&w, yaml, &text);
	world_write(&w, "dnsd.yaml", buf_text(&text));
	buf_fini(&text);
}

static inline struct dnsd_config *control_read(void)
{
	struct config_report report;
	struct dnsd_config *config = NULL;
	char path[PATH_MAX];

	config_report_init(&report);
	if (config_dnsd_load(world_path(&w, "dnsd.yaml", path), &config, &report) != ERR_OK)
		fail_msg("%s", buf_text(&report.errors));
	config_report_fini(&report);
	return config;
}

/* Opens it with what is in the directory; as a restart does. */
static inline void control_open(void)
{
	enum err_code rc = ERR_IO;
	struct err e = { "" };

	for (int tries = 0; tries < 50 && rc != ERR_OK; tries++) {
		rc = control_new_at(&control, control_read(), &hand.clock, &e);
		if (rc != ERR_OK)
			w.port++;
		if (rc != ERR_OK && w.yaml)
			control_write(w.yaml);
	}
	if (rc != ERR_OK)
		fail_msg("%s", e.text);
	rooms = control_rooms(control);
	fleet = rooms->fleet;
}

static inline void control_close(void)
{
	control_free(control);
	control = NULL;
	rooms = NULL;
	fleet = NULL;
}

static inline void control_begin(const char *yaml)
{
	world_prepare(&w, WORLD_ZONE);
	w.port = (uint16_t)(26000 + getpid() % 900);
	w.yaml = yaml;
	clock_hand_init(&hand, 1000000000, 1767323045678);
	control_write(yaml);
	control_open();
}

static inline int make_control(void **state)
{
	memset(&last, 0, sizeof(last));
	control_begin(CONTROL_YAML);
	return 0;
}

static inline int free_control(void **state)
{
	control_close();
	json_decref(last.doc);
	world_fini(&w);
	return 0;
}

#define WITH_CONTROL(claim) cmocka_unit_test_setup_teardown(claim, make_control, free_control)

/* ---- asking ---- */

/* The answer is in `last` when this returns. */
static inline enum err_code ask_peer(const struct http_peer *peer, const char *method,
				     const char *path, const char *query, const char *body)
{
	struct http_request req = { .method = method,
				    .path = path,
				    .body = (const uint8_t *)body,
				    .len = body ? strlen(body) : 0,
				    .peer = peer,
				    .query = query };

	json_decref(last.doc);
	memset(&last, 0, sizeof(last));
	api_handle(control_api(control), &req, (struct http_reply *)&last);
	for (int i = 0; i < 10000 && !last.is_answered; i++) { /* a build runs */
		loop_run_once(rooms->loop);
		if (last.stream && !last.is_answered)
			last.stream->ready(last.stream_ctx);
		poll(NULL, 0, 1);
	}
	assert_true(last.is_answered);
	return last.code;
}

static inline enum err_code ask_as(const char *who, const char *method, const char *path,
				   const char *query, const char *body)
{
	struct http_peer peer = { .from = "unix" };

	snprintf(peer.who, sizeof(peer.who), "%s", who);
	return ask_peer(&peer, method, path, query, body);
}

static inline enum err_code post(const char *verb, const char *body)
{
	char path[64];

	snprintf(path, sizeof(path), "/v1/%s", verb);
	return ask_as("uid:0", "POST", path, NULL, body);
}

static inline json_t *get(const char *path, const char *query)
{
	if (ask_as("uid:0", "GET", path, query, NULL) != ERR_OK)
		fail_msg("%s?%s: %s", path, query ? query : "", last.text);
	return last.doc;
}

/* ---- looking ---- */

static inline const struct snapshot_service *service_now(uint32_t service)
{
	return &rooms_snapshot(rooms)->services[service];
}

static inline uint64_t serving(uint32_t service)
{
	return atomic_load(&service_now(service)->live->serve);
}

static inline uint64_t forced_to(uint32_t service)
{
	return atomic_load(&service_now(service)->live->forced);
}

static inline int member_for(uint32_t service, const char *client)
{
	struct answer_choice choice;
	struct addr a = world_addr(client);

	answer_choose(rooms_snapshot(rooms), service_now(service), &a, SNAPSHOT_TYPES, &choice);
	return choice.member;
}

/* What a region says of two services; then what waited for the loop is written down. */
static inline void region_says(struct line *node, Fairlead__Wire__Health health)
{
	say_report(node, 0, node->seq == 0, "chat.example.com", health, "");
	say_report(node, 0, false, "stand.example.com", health, "");
	keep_flush(rooms->keep);
}

static inline struct line *region_up(const char *region)
{
	struct line *node = line_of(IDENTITY_REGIOND, region, region);

	say_hello(node);
	region_says(node, FAIRLEAD__WIRE__HEALTH__HEALTH_UP);
	return node;
}

#endif
