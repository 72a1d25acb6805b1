/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_admin: any method, path, query and body to the admin API of a whole control thread: answered
 * once, with a document or an error, and the answers to clients stay within what is configured.
 *
 *   input: METHOD PATH[?QUERY] NEWLINE BODY
 */
#include "core/log.h"
#include "dnsd/answer/answer.h"
#include "dnsd/control/control.h"
#include "schema/config/config.h"

#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__wrap_http_query(const struct http_request *req, const char *key);
void __wrap_http_by(const struct http_request *req, char out[HTTP_BY_MAX]);
void __wrap_http_reply_json(struct http_reply *reply, int status, json_t *doc);
void __wrap_http_reply_text(struct http_reply *reply, int status, const char *content_type,
			    const char *text, size_t len);
void __wrap_http_reply_error(struct http_reply *reply, enum err_code code, const char *message);
void __wrap_http_stream_start(struct http_reply *reply, int status, const char *content_type,
			      const struct http_stream_fns *fns, void *ctx);
enum err_code __wrap_http_stream_write(struct http_reply *reply, const void *bytes, size_t len);
void __wrap_http_stream_end(struct http_reply *reply, bool whole);

#define MUST(claim)              \
	do {                     \
		if (!(claim))    \
			abort(); \
	} while (0)

static const char zone[] = "$TTL 300\n@ SOA ns1 host 7 3600 600 86400 60\n@ NS ns1\n"
			   "ns1 A 192.0.2.1\n";
static const char steering[] =
	"regions: {eu: {at: [50, 8], country: DE}, us: {at: [39, -77]}}\n"
	"topology: [{client: {prefix: 10.0.0.0/9}, prefer: [eu]}]\n"
	"pools: {p: {members: [{region: eu, addresses: [192.0.2.10]},"
	" {region: us, addresses: [192.0.2.20]}]}}\n"
	"services: {chat.example.com: {pool: p}, \"*.apps.example.com\": {pool: p}}\n";

static char dir[64];
static struct control *control;
static const struct rooms *rooms; /* of control */
static struct clock_hand hand;
static unsigned answered;

/* ---- core/http, without a network ---- */

void __wrap_http_by(const struct http_request *req, char out[HTTP_BY_MAX])
{
	snprintf(out, HTTP_BY_MAX, "%s", req->peer->who);
}

const char *__wrap_http_query(const struct http_request *req, const char *key)
{
	static char values[8][64];
	static unsigned next;
	size_t len = strlen(key);

	for (const char *at = req->query; at && *at; at += strcspn(at, "&"), at += *at == '&') {
		if (strncmp(at, key, len) != 0 || at[len] != '=')
			continue;
		next = (next + 1) % 8;
		snprintf(values[next], sizeof(values[next]), "%.*s",
			 (int)strcspn(at + len + 1, "&"), at + len + 1);
		return values[next];
	}
	return NULL;
}

void __wrap_http_reply_json(struct http_reply *reply, int status, json_t *doc)
{
	MUST(doc && status == 200);
	answered++;
	json_decref(doc);
}

void __wrap_http_reply_text(struct http_reply *reply, int status, const char *content_type,
			    const char *text, size_t len)
{
	answered++;
}

void __wrap_http_reply_error(struct http_reply *reply, enum err_code code, const char *message)
{
	MUST(code != ERR_OK && message[0]);
	answered++;
}

/* What is streamed is not read: it ends at its first piece. */
void __wrap_http_stream_start(struct http_reply *reply, int status, const char *content_type,
			      const struct http_stream_fns *fns, void *ctx)
{
}

enum err_code __wrap_http_stream_write(struct http_reply *reply, const void *bytes, size_t len)
{
	return ERR_REFUSED;
}

void __wrap_http_stream_end(struct http_reply *reply, bool whole)
{
	answered++;
}

/* ---- the world ---- */

static const char *path_of(const char *file)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	return path;
}

static void write_file(const char *file, const char *text)
{
	FILE *f = fopen(path_of(file), "w");

	MUST(f && fputs(text, f) >= 0);
	fclose(f);
}

static void stop(void)
{
	struct dirent *entry;
	DIR *list;

	control_free(control);
	list = opendir(dir);
	while (list && (entry = readdir(list)))
		unlink(path_of(entry->d_name));
	if (list)
		closedir(list);
	rmdir(dir);
}

/* With the first port of ours that is free. */
static enum err_code open_at(unsigned port)
{
	struct config_report report;
	struct dnsd_config *config;
	struct buf yaml = BUF_INIT;

	buf_printf(&yaml,
		   "fleet: f\nnode: n\nlisten: {dns: [\"127.0.0.1:%u\"], admin: %s/s}\n"
		   "state: {path: %s/state.db}\nzones: [{name: example.com, file: %s/zone}]\n%s",
		   port, dir, dir, dir, steering);
	write_file("dnsd.yaml", buf_text(&yaml));
	buf_fini(&yaml);
	config_report_init(&report);
	MUST(config_dnsd_load(path_of("dnsd.yaml"), &config, &report) == ERR_OK);
	config_report_fini(&report);
	return control_new_at(&control, config, &hand.clock, NULL);
}

static void start(void)
{
	unsigned port = 26900 + (unsigned)getpid() % 90;

	/* In memory where there is such a place: every change waits for its disk. */
	snprintf(dir, sizeof(dir), "%s/fairlead-fuzz-XXXXXX",
		 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	MUST(mkdtemp(dir));
	log_set_level(LOG_ERROR);
	clock_hand_init(&hand, 1000000, 1767323045678);
	write_file("zone", zone);
	while (open_at(port) != ERR_OK)
		MUST(++port < 27000);
	rooms = control_rooms(control);
	atexit(stop);
}

/* ---- one request ---- */

struct parts {
	char method[8], path[256], *query;
	const uint8_t *body;
	size_t len;
};

static void split(const uint8_t *data, size_t size, struct parts *p)
{
	const uint8_t *end = memchr(data, '\n', size);
	size_t line = end ? (size_t)(end - data) : size, space = 0;

	memset(p, 0, sizeof(*p));
	while (space < line && data[space] != ' ')
		space++;
	snprintf(p->method, sizeof(p->method), "%.*s", (int)space, (const char *)data);
	if (space < line)
		snprintf(p->path, sizeof(p->path), "%.*s", (int)(line - space - 1),
			 (const char *)data + space + 1);
	p->query = strchr(p->path, '?');
	if (p->query)
		*p->query++ = 0;
	if (end) {
		p->body = end + 1;
		p->len = size - line - 1;
	}
}

/* Two clients still get what is configured. */
static void check_answers(void)
{
	const struct addr clients[] = { { .family = 4, .bytes = { 10, 0, 0, 1 } },
					{ .family = 4, .bytes = { 192, 0, 2, 1 } } };
	const struct snapshot *snap = rooms_snapshot(rooms);

	for (uint32_t s = 0; s < snap->n_services; s++)
		for (int i = 0; i < 2; i++) {
			struct answer_choice choice;

			answer_choose(snap, &snap->services[s], &clients[i], SNAPSHOT_TYPES,
				      &choice);
			MUST(choice.member >= 0 && choice.member < 2);
		}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct http_peer peer = { "uid:0", "unix" };
	struct http_request req = { .peer = &peer };
	struct parts p;

	if (!control)
		start();
	split(data, size, &p);
	req.method = p.method;
	req.path = p.path;
	req.query = p.query;
	req.body = p.body;
	req.len = p.len;
	answered = 0;
	api_handle(control_api(control), &req, (struct http_reply *)&answered);
	for (int i = 0; i < 10000 && !answered; i++) { /* a build runs */
		loop_run_once(rooms->loop);
		poll(NULL, 0, 1);
	}
	MUST(answered == 1);
	check_answers();
	clock_hand_advance_ms(&hand, 1000);
	ops_expire(control_ops(control));
	return 0;
}
