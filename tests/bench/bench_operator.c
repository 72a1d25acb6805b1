/* SPDX-License-Identifier: Apache-2.0 */
/* bench_operator: how long the control thread stands still for what an operator asks in a large
 * world: a dry run, a drain, the documents. The whole control thread, without the network: requests
 * go straight to api_handle(), and the replies of core/http are replaced (-Wl,--wrap).
 *
 *   bench_operator [SERVICES [REGIONS [CLASSES [POOLS]]]]      1000 50 8000 330
 */
#include "core/log.h"
#include "dnsd/control/control.h"
#include "schema/config/config.h"

#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

const char *__wrap_http_query(const struct http_request *req, const char *key);
void __wrap_http_by(const struct http_request *req, char out[HTTP_BY_MAX]);
void __wrap_http_reply_json(struct http_reply *reply, int status, json_t *doc);
void __wrap_http_reply_text(struct http_reply *reply, int status, const char *content_type,
			    const char *text, size_t len);
void __wrap_http_reply_error(struct http_reply *reply, enum err_code code, const char *message);

static unsigned services = 1000, regions = 50, classes = 8000, pools = 330;
static char dir[64];
static const struct rooms *rooms;
static unsigned answered;

const char *__wrap_http_query(const struct http_request *req, const char *key)
{
	return NULL;
}

void __wrap_http_by(const struct http_request *req, char out[HTTP_BY_MAX])
{
	snprintf(out, HTTP_BY_MAX, "bench");
}

void __wrap_http_reply_json(struct http_reply *reply, int status, json_t *doc)
{
	char *text = json_dumps(doc, JSON_COMPACT); /* as core/http does */

	free(text);
	json_decref(doc);
	answered++;
}

void __wrap_http_reply_text(struct http_reply *reply, int status, const char *content_type,
			    const char *text, size_t len)
{
	answered++;
}

void __wrap_http_reply_error(struct http_reply *reply, enum err_code code, const char *message)
{
	fprintf(stderr, "%s\n", message);
	exit(1);
}

static double ms_of(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double now_ms(void)
{
	return ms_of(CLOCK_MONOTONIC);
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

	if (!f || fputs(text, f) < 0 || fclose(f) != 0)
		exit(1);
}

static void add_pools(struct buf *out)
{
	buf_add_str(out, "pools:\n");
	for (unsigned p = 0; p < pools; p++) {
		buf_printf(out, "  p%u:\n    members:\n", p);
		for (unsigned i = 0; i < regions; i++)
			buf_printf(out,
				   "      - {region: r%u, addresses: [10.%u.%u.1], tier: %u}\n", i,
				   p % 256, i, (i * p + p / 16) % 16);
	}
}

static struct control *open_control(void)
{
	struct config_report report;
	struct dnsd_config *config;
	struct buf yaml = BUF_INIT;
	struct control *c;
	struct err e;

	write_file("zone", "$TTL 300\n@ SOA ns1 host 7 3600 600 86400 60\n@ NS ns1\nns1 A "
			   "192.0.2.1\n");
	buf_printf(&yaml,
		   "fleet: bench\nnode: ns1\nlisten: {dns: [\"127.0.0.1:26998\"], admin: %s/s}\n"
		   "state: {path: %s/state.db}\nzones: [{name: example.com, file: %s/zone}]\n"
		   "regions:\n",
		   dir, dir, dir);
	for (unsigned i = 0; i < regions; i++)
		buf_printf(&yaml, "  r%u: {at: [%d, %d]}\n", i, (int)(i * 37 % 140) - 70,
			   (int)(i * 101 % 359) - 179);
	buf_add_str(&yaml, "topology:\n");
	for (unsigned i = 0; i < classes; i++)
		buf_printf(&yaml, "  - {client: {prefix: %u.%u.0.0/16}, prefer: [r%u, r%u, r%u]}\n",
			   16 + i / 256, i % 256, i % regions, (i / regions + 1) % regions,
			   (i / regions / regions + 2) % regions);
	add_pools(&yaml);
	buf_add_str(&yaml, "services:\n");
	for (unsigned i = 0; i < services; i++)
		buf_printf(&yaml, "  s%u.example.com: {pool: p%u}\n", i, i % pools);
	write_file("dnsd.yaml", buf_text(&yaml));
	buf_fini(&yaml);
	config_report_init(&report);
	if (config_dnsd_load(path_of("dnsd.yaml"), &config, &report) != ERR_OK) {
		fprintf(stderr, "%.2000s\n", buf_text(&report.errors));
		exit(1);
	}
	config_report_fini(&report);
	if (control_new(&c, config, NULL, &e) != ERR_OK) {
		fprintf(stderr, "%s\n", e.text);
		exit(1);
	}
	return c;
}

/* ---- what is asked ---- */

/* How long the call took and how much of a processor, the longest turn of the loop until the
 * answer, and the answer. */
static void ask(struct control *c, const char *what, const char *method, const char *path,
		const char *body)
{
	static const struct http_peer peer = { .who = "uid:0", .from = "unix" };
	const struct http_request req = { .method = method,
					  .path = path,
					  .peer = &peer,
					  .body = (const uint8_t *)body,
					  .len = strlen(body) };
	double start = now_ms(), cpu = ms_of(CLOCK_THREAD_CPUTIME_ID), call, turn = 0;

	answered = 0;
	api_handle(control_api(c), &req, (struct http_reply *)(void *)&answered);
	call = now_ms() - start;
	cpu = ms_of(CLOCK_THREAD_CPUTIME_ID) - cpu;
	while (!answered) {
		double before = now_ms();

		loop_run_once(rooms->loop);
		if (now_ms() - before > turn)
			turn = now_ms() - before;
		poll(NULL, 0, 1);
	}
	printf("%-20s %9.3f ms call, %9.3f ms of a cpu; %9.3f ms turn %9.3f ms answer\n", what,
	       call, cpu, turn, now_ms() - start);
}

static void clean(void)
{
	DIR *list = opendir(dir);
	struct dirent *entry;

	while (list && (entry = readdir(list)))
		unlink(path_of(entry->d_name));
	if (list)
		closedir(list);
	rmdir(dir);
}

int main(int argc, char **argv)
{
	unsigned *size[] = { &services, &regions, &classes, &pools };
	struct control *c;

	for (int i = 1; i < argc && i <= 4; i++)
		*size[i - 1] = (unsigned)strtoul(argv[i], NULL, 10);
	snprintf(dir, sizeof(dir), "/tmp/fairlead-bench-XXXXXX");
	if (!services || !pools || regions < 2 || regions > CONFIG_MEMBERS_MAX || !mkdtemp(dir))
		return 2;
	log_set_level(LOG_ERROR);
	c = open_control();
	rooms = control_rooms(c);
	printf("%u services of %u pools, %u regions, %u classes\n", services, pools, regions,
	       client_map_class_count(rooms_snapshot(rooms)->clients));
	ask(c, "drain --dry-run", "POST", "/v1/drain", "{\"region\":\"r1\",\"dry_run\":true}");
	ask(c, "drain", "POST", "/v1/drain", "{\"region\":\"r1\"}");
	ask(c, "undrain", "POST", "/v1/undrain", "{\"region\":\"r1\"}");
	ask(c, "failover", "POST", "/v1/failover",
	    "{\"service\":\"s1.example.com\",\"to\":\"r2\"}");
	ask(c, "dial", "POST", "/v1/dial", "{\"region\":\"r1\",\"share_ppm\":500000}");
	ask(c, "status", "GET", "/v1/status", "");
	ask(c, "services", "GET", "/v1/services", "");
	ask(c, "regions", "GET", "/v1/regions", "");
	control_free(c);
	clean();
	return 0;
}
