/* SPDX-License-Identifier: Apache-2.0 */
/* bench_failover: one region is lost in all services: how long until the last answer has moved, and
 * until all of it is on disk. The whole control thread, without the network: the region's frames go
 * straight to fleet's handler, and core/link is replaced (-Wl,--wrap).
 *
 *   bench_failover [SERVICES [REGIONS [OVERRIDES]]]      1000 50 100
 */
#include "core/log.h"
#include "dnsd/control/control.h"
#include "dnsd/fleet/session.h"
#include "schema/config/config.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const struct identity peer = { IDENTITY_REGIOND, "bench", "r0", "n0" };
static unsigned services = 1000, regions = 50, overrides = 100;
static char dir[64];
static const struct rooms *rooms;

enum err_code __wrap_link_send(struct link *link, const void *bytes, size_t len);
void __wrap_link_close(struct link *link, const char *reason);
void __wrap_link_drain(struct link *link, uint64_t ms, loop_fn done, void *arg);
const struct identity *__wrap_link_peer(const struct link *link);
const char *__wrap_link_address(const struct link *link);

enum err_code __wrap_link_send(struct link *link, const void *bytes, size_t len)
{
	return ERR_OK;
}

void __wrap_link_close(struct link *link, const char *reason)
{
	fprintf(stderr, "closed: %s\n", reason);
	exit(1);
}

void __wrap_link_drain(struct link *link, uint64_t ms, loop_fn done, void *arg)
{
	__wrap_link_close(link, "drained");
}

const struct identity *__wrap_link_peer(const struct link *link)
{
	return &peer;
}

static void *link_ctx; /* the one that fleet gave it */

void __wrap_link_set_ctx(struct link *link, void *ctx);
void __wrap_link_set_ctx(struct link *link, void *ctx)
{
	link_ctx = ctx;
}

const char *__wrap_link_address(const struct link *link)
{
	return "127.0.0.1:1";
}

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void say(const char *what, double since_ms)
{
	printf("%-44s %9.3f ms\n", what, now_ms() - since_ms);
}

static void must(enum err_code rc, const struct err *e)
{
	if (rc == ERR_OK)
		return;
	fprintf(stderr, "%s\n", e->text);
	exit(1);
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
		   "fleet: bench\nnode: ns1\nlisten: {dns: [\"127.0.0.1:26999\"], admin: %s/s}\n"
		   "state: {path: %s/state.db}\nzones: [{name: example.com, file: %s/zone}]\n"
		   "regions:\n",
		   dir, dir, dir);
	for (unsigned i = 0; i < regions; i++)
		buf_printf(&yaml, "  r%u: {at: [%d, %d]}\n", i, (int)(i * 37 % 140) - 70,
			   (int)(i * 101 % 359) - 179);
	buf_add_str(&yaml, "pools:\n  p:\n    members:\n");
	for (unsigned i = 0; i < regions; i++)
		buf_printf(&yaml, "      - {region: r%u, addresses: [192.0.2.%u]}\n", i, i);
	buf_add_str(&yaml, "services:\n");
	for (unsigned i = 0; i < services; i++)
		buf_printf(&yaml, "  s%u.example.com: {pool: p, failback: %s}\n", i,
			   i % 2 ? "auto" : "manual");
	write_file("dnsd.yaml", buf_text(&yaml));
	buf_fini(&yaml);
	config_report_init(&report);
	if (config_dnsd_load(path_of("dnsd.yaml"), &config, &report) != ERR_OK) {
		fputs(buf_text(&report.errors), stderr);
		exit(1);
	}
	config_report_fini(&report);
	must(control_new(&c, config, NULL, &e), &e);
	return c;
}

static void force_some(void)
{
	const struct store_actor actor = { "bench", "itself", "", "dial", "{}" };
	char service[64], region[16];
	struct err e;

	for (unsigned i = 0; i < overrides; i++) {
		struct store_override o = { .kind = STORE_DIAL,
					    .service = service,
					    .region = region,
					    .value = 500000,
					    .by = "bench" };

		snprintf(service, sizeof(service), "s%u.example.com", i % services);
		snprintf(region, sizeof(region), "r%u", 1 + i % (regions - 1));
		must(store_override_put(rooms->store, &o, &actor, NULL, &e), &e);
	}
	must(overrides_load(rooms->overrides, &e), &e);
}

/* ---- what the region says ---- */

static void say_frame(const wire_message *m)
{
	static int link;
	struct buf out = BUF_INIT;
	struct err e;

	must(wire_pack(m, &out, &e), &e);
	fleet_session_handler.frame(link_ctx ? link_ctx : fleet_link_ctx(rooms->fleet),
				    (struct link *)(void *)&link, out.data, out.len);
	buf_fini(&out);
}

static void say_hello(void)
{
	Fairlead__Wire__Hello hello = FAIRLEAD__WIRE__HELLO__INIT;
	wire_message m = FAIRLEAD__WIRE__MESSAGE__INIT;

	hello.protocol = WIRE_PROTOCOL;
	hello.heartbeat_ms = 500;
	m.body_case = FAIRLEAD__WIRE__MESSAGE__BODY_HELLO;
	m.hello = &hello;
	say_frame(&m);
}

static void say_up(void)
{
	Fairlead__Wire__ServiceReport *one = calloc(services, sizeof(*one));
	Fairlead__Wire__ServiceReport **list = calloc(services, sizeof(*list));
	Fairlead__Wire__Report report = FAIRLEAD__WIRE__REPORT__INIT;
	wire_message m = FAIRLEAD__WIRE__MESSAGE__INIT;
	char(*name)[32] = calloc(services, sizeof(*name));

	for (unsigned i = 0; i < services; i++) {
		fairlead__wire__service_report__init(&one[i]);
		snprintf(name[i], sizeof(name[i]), "s%u.example.com", i);
		one[i].service = name[i];
		one[i].health = FAIRLEAD__WIRE__HEALTH__HEALTH_UP;
		list[i] = &one[i];
	}
	report.seq = 1;
	report.full = true;
	report.services = list;
	report.n_services = services;
	m.body_case = FAIRLEAD__WIRE__MESSAGE__BODY_REPORT;
	m.report = &report;
	say_frame(&m);
	free(one);
	free(list);
	free(name);
}

static void say_withdraw(void)
{
	Fairlead__Wire__Withdraw withdraw = FAIRLEAD__WIRE__WITHDRAW__INIT;
	wire_message m = FAIRLEAD__WIRE__MESSAGE__INIT;

	withdraw.reason = "SIGTERM";
	m.body_case = FAIRLEAD__WIRE__MESSAGE__BODY_WITHDRAW;
	m.withdraw = &withdraw;
	say_frame(&m);
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
	unsigned *size[] = { &services, &regions, &overrides };
	struct control *c;
	double start;
	unsigned out = 0;

	for (int i = 1; i < argc && i <= 3; i++)
		*size[i - 1] = (unsigned)strtoul(argv[i], NULL, 10);
	snprintf(dir, sizeof(dir), "/tmp/fairlead-bench-XXXXXX");
	if (services < 1 || regions < 2 || regions > CONFIG_MEMBERS_MAX || !mkdtemp(dir))
		return 2;
	log_set_level(LOG_ERROR);
	start = now_ms();
	c = open_control();
	rooms = control_rooms(c);
	say("start", start);
	force_some();
	say_hello();
	start = now_ms();
	say_up();
	say("a full report: every member is known", start);
	keep_flush(rooms->keep);
	start = now_ms();
	say_withdraw();
	say("one region lost: heard", start);
	start = now_ms();
	keep_flush(rooms->keep);
	say("it is on disk, held and told, answers moved", start);
	for (unsigned s = 0; s < services; s++)
		out += !(atomic_load(&rooms_snapshot(rooms)->lives[s].serve) & 1);
	printf("%u services of %u regions with %u overrides: %u have moved\n", services, regions,
	       overrides, out);
	control_free(c);
	clean();
	return out == services ? 0 : 1;
}
