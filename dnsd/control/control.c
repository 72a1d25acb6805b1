/* SPDX-License-Identifier: Apache-2.0 */
/* control: the life of the control thread: start, timers, signals, stop. */
#include "dnsd/control/control.h"

#include "core/daemon.h"
#include "core/file.h"
#include "core/log.h"
#include "core/rcu.h"
#include "dnsd/reload/certificate.h"
#include "schema/config/config.h"
#include "schema/config/named.h"
#include "schema/sql/store_stand_in.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Builds, their copies, backups, pages of the history, its verification, the check of the state
 * file, dry runs. */
#define JOBS 7
/* How long the end waits for them: a file on a dead server may keep one for ever. */
#define JOBS_END_MS 2000

struct control {
	struct rooms rooms;
	struct dnsd_config *first_config; /* until reload takes it */
	struct tls *tls;
	struct traffic *traffic;
	struct refusals *refusals;
	struct ops *ops;
	struct api api;
	struct public *public;
	struct http_server *admin_server, *api_server, *pages_server;
	struct history *history;
	struct verify *verify;
	struct loop_timer *second;
	uint64_t seconds;
	struct handover *sockets; /* from the process before, until this one serves */
	struct handover_offer *offer;
	int successor; /* the process that has asked for the sockets; -1 = none */
};

static const struct dnsd_config *config_of(const struct control *c)
{
	return c->first_config ? c->first_config : rooms_config(&c->rooms);
}

/* ---- start ---- */

static void on_changed(void *control, const struct fleet_change *change)
{
	struct control *c = control;

	keep_changed(c->rooms.keep, change);
}

static void on_eased(void *control, uint32_t service, uint32_t member)
{
	struct control *c = control;

	keep_eased(c->rooms.keep, service, member);
}

static void on_addresses(void *control, uint32_t service, uint32_t member, uint64_t up)
{
	struct control *c = control;

	keep_addresses(c->rooms.keep, service, member);
}

/* After a restart it is known whom to wait for. */
static void on_met(void *control, bool is_prober, const char *region, const char *name)
{
	struct control *c = control;
	int64_t now_ms = clock_wall_ms(c->rooms.clock);
	const struct store_node node = { .is_prober = is_prober,
					 .region = (char *)region,
					 .name = (char *)name,
					 .first_ms = now_ms,
					 .last_ms = now_ms };
	struct err e;

	if (store_node_put(c->rooms.store, &node, 1, &e) != ERR_OK)
		log_error("dnsd/control", "node %s is not on disk: %s", name, e.text);
}

static const struct fleet_handler fleet_handler = {
	.changed = on_changed, .eased = on_eased, .addresses = on_addresses, .met = on_met
};

static enum err_code open_state(struct control *c, struct err *e)
{
	const struct dnsd_config *config = config_of(c);
	const struct store_backup_place backups = { config->state.backup_directory, config->node,
						    config->state.backup_keep };
	enum err_code rc =
		store_open_always(config->state.path, &backups, c->rooms.clock, &c->rooms.store, e);

	if (rc != ERR_OK)
		return rc;
	if (store_stand_in_reason(c->rooms.store))
		log_error("dnsd/control", "%s", store_stand_in_reason(c->rooms.store));
	rc = overrides_new(&c->rooms.overrides, c->rooms.store, c->rooms.clock);
	if (rc != ERR_OK)
		return err_set(e, rc, "out of memory");
	return overrides_load(c->rooms.overrides, e);
}

static enum err_code restore_health(struct control *c, struct err *e)
{
	struct store_health *list;
	size_t n;
	enum err_code rc = store_health_list(c->rooms.store, &list, &n, e);

	if (rc != ERR_OK)
		return rc;
	fleet_restore(c->rooms.fleet, list, n);
	store_health_free(list, n);
	return ERR_OK;
}

static double count_answers(void *control, uint32_t slot)
{
	const struct control *c = control;

	return c->rooms.serve ? serve_answers(c->rooms.serve, slot) : 0;
}

static enum err_code restore_nodes(struct control *c, struct err *e)
{
	struct store_node *list;
	size_t n;
	enum err_code rc = store_node_list(c->rooms.store, &list, &n, e);

	if (rc != ERR_OK)
		return rc;
	rc = fleet_restore_nodes(c->rooms.fleet, list, n);
	store_node_free(list, n);
	return rc == ERR_OK ? ERR_OK : err_set(e, rc, "out of memory");
}

static enum err_code make_rooms(struct control *c)
{
	struct rooms *r = &c->rooms;
	enum err_code rc = publish_new(&r->publish);

	if (rc == ERR_OK)
		rc = fleet_new(&r->fleet, r->loop, r->clock, &fleet_handler, c);
	if (rc == ERR_OK)
		rc = live_new(&r->live, c->first_config, r->fleet, r->overrides, r->publish);
	if (rc == ERR_OK)
		rc = keep_new(&r->keep, r->loop,
			      &(struct keep_parts){ r->clock, r->fleet, r->overrides, r->live,
						    r->store });
	if (rc == ERR_OK)
		rc = reload_new(&r->reload,
				&(struct reload_parts){ r->jobs, r->clock, r->fleet, r->live,
							r->keep, r->publish, r->store });
	if (rc == ERR_OK)
		rc = upkeep_new(&r->upkeep,
				&(struct upkeep_parts){ r->loop, r->clock, r->jobs, r->store },
				c->first_config);
	if (rc == ERR_OK)
		rc = history_new(&c->history, r);
	if (rc == ERR_OK)
		rc = verify_new(&c->verify, r);
	if (rc == ERR_OK)
		rc = traffic_new(&c->traffic, count_answers, c);
	if (rc == ERR_OK)
		rc = refusals_new(&c->refusals, r->store, r->clock);
	if (rc == ERR_OK)
		rc = ops_new(&c->ops, r, c->traffic, c->refusals);
	if (rc == ERR_OK)
		rc = public_new(&c->public, r, c->refusals);
	c->api = (struct api){ r, c->ops, c->traffic, c->refusals, c->history, c->verify };
	return rc;
}

static enum err_code start_rooms(struct control *c, struct err *e)
{
	struct dnsd_config *config = c->first_config;
	enum err_code rc = make_rooms(c);

	if (rc != ERR_OK)
		return err_set(e, rc, "out of memory");
	rc = fleet_configure(c->rooms.fleet, config, e);
	if (rc == ERR_OK)
		rc = restore_health(c, e);
	if (rc == ERR_OK)
		rc = restore_nodes(c, e);
	if (rc != ERR_OK)
		return rc;
	c->first_config = NULL;
	return reload_first(c->rooms.reload, config, e);
}

/* What peers would refuse is told, and serving begins all the same. */
static enum err_code check_certificate(const struct dnsd_config *config, struct err *e)
{
	struct config_report report;
	enum err_code rc;

	config_report_init(&report);
	rc = certificate_check(config, &report, e);
	if (rc != ERR_OK)
		err_set(e, rc, "%.*s", (int)strcspn(buf_text(&report.errors), "\n"),
			buf_text(&report.errors));
	else if (report.n_warnings)
		log_warn("dnsd/control", "%.*s", (int)strcspn(buf_text(&report.notes), "\n"),
			 buf_text(&report.notes));
	config_report_fini(&report);
	return rc;
}

static enum err_code listen_secure(struct control *c, struct err *e)
{
	const struct dnsd_config *config = config_of(c);
	const struct tls_files files = { config->tls.certificate, config->tls.key, config->tls.ca };
	const struct tls_options options = tls_context_fleet(&files);
	enum err_code rc;

	if (!config->has_tls)
		return ERR_OK;
	rc = check_certificate(config, e);
	if (rc == ERR_OK)
		rc = tls_new(&c->tls, &options, e);
	c->rooms.tls = c->tls;
	reload_set_tls(c->rooms.reload, c->tls);
	if (rc == ERR_OK && config->listen.control.addr.family)
		rc = fleet_listen(c->rooms.fleet, c->tls, &config->listen.control, e);
	if (rc != ERR_OK || !config->listen.api.addr.family)
		return rc;
	rc = http_server_new(&c->api_server, c->rooms.loop, api_handle, &c->api, e);
	return rc == ERR_OK ? http_listen_tcp(c->api_server, &config->listen.api, c->tls, e) : rc;
}

static enum err_code listen_local(struct control *c, struct err *e)
{
	const struct dnsd_config *config = config_of(c);
	enum err_code rc = file_make_parent(config->listen.admin, e);

	if (rc == ERR_OK)
		rc = http_server_new(&c->admin_server, c->rooms.loop, api_handle, &c->api, e);
	if (rc == ERR_OK)
		rc = http_listen_unix(c->admin_server, config->listen.admin, e);
	if (rc != ERR_OK || !config->listen.http.addr.family)
		return rc;
	rc = http_server_new(&c->pages_server, c->rooms.loop, public_handle, c->public, e);
	return rc == ERR_OK ? http_listen_tcp(c->pages_server, &config->listen.http, NULL, e) : rc;
}

static enum err_code bind_all(struct control *c, struct err *e)
{
	const struct dnsd_config *config = config_of(c);
	const struct serve_options options = { .dns = config->listen.dns,
					       .n_dns = config->listen.n_dns,
					       .workers = config->workers,
					       .sockets = c->sockets };
	enum err_code rc =
		serve_new(&c->rooms.serve, &options, publish_pointer(c->rooms.publish), e);

	if (rc == ERR_OK)
		rc = listen_local(c, e);
	return rc == ERR_OK ? listen_secure(c, e) : rc;
}

/* ---- timers and signals ---- */

static void on_second(void *control)
{
	struct control *c = control;

	upkeep_tick(c->rooms.upkeep, config_of(c));
	ops_expire(c->ops);
	refusals_tick(c->refusals);
	reload_tick(c->rooms.reload);
	if (c->seconds++ % TRAFFIC_EVERY_S == 0)
		traffic_note(c->traffic, labels_count(reload_labels(c->rooms.reload)));
}

static void on_stop(void *control)
{
	struct control *c = control;

	daemon_notify("STOPPING=1");
	public_set_ready(c->public, false);
	loop_stop(c->rooms.loop);
}

static void on_reload(void *control)
{
	struct control *c = control;

	reload_request(c->rooms.reload, true, false);
}

static enum err_code make_timers(struct control *c)
{
	struct loop *loop = c->rooms.loop;
	enum err_code rc = loop_timer_new(loop, &c->second, on_second, c);

	if (rc == ERR_OK)
		rc = daemon_follow(loop, NULL);
	if (rc == ERR_OK)
		rc = loop_signal(loop, SIGTERM, on_stop, c);
	if (rc == ERR_OK)
		rc = loop_signal(loop, SIGINT, on_stop, c);
	if (rc == ERR_OK)
		rc = loop_signal(loop, SIGHUP, on_reload, c);
	return rc;
}

static void start_timers(struct control *c)
{
	loop_timer_every(c->second, 1000);
}

/* ---- life ---- */

static enum err_code make(struct control **out, struct dnsd_config *config,
			  const struct clock *clock, struct handover *sockets, struct err *e)
{
	struct control *c = calloc(1, sizeof(*c));
	enum err_code rc;

	if (!c) {
		config_dnsd_free(config);
		handover_free(sockets);
		return err_set(e, ERR_MEMORY, "out of memory");
	}
	c->sockets = sockets;
	c->successor = -1;
	c->first_config = config;
	c->rooms.clock = clock;
	c->rooms.started_ms = clock_wall_ms(clock);
	rc = loop_new(&c->rooms.loop, e);
	if (rc == ERR_OK)
		rc = job_pool_new(&c->rooms.jobs, c->rooms.loop, JOBS, e);
	if (rc == ERR_OK)
		rc = make_timers(c);
	if (rc == ERR_OK)
		rc = open_state(c, e);
	if (rc == ERR_OK)
		rc = start_rooms(c, e);
	if (rc == ERR_OK)
		rc = bind_all(c, e);
	if (rc != ERR_OK) {
		control_free(c);
		return rc;
	}
	start_timers(c);
	*out = c;
	return ERR_OK;
}

enum err_code control_new(struct control **out, struct dnsd_config *config,
			  struct handover *sockets, struct err *e)
{
	return make(out, config, clock_system(), sockets, e);
}

enum err_code control_new_at(struct control **out, struct dnsd_config *config,
			     const struct clock *clock, struct err *e)
{
	return make(out, config, clock, NULL, e);
}

/* ---- handing over ---- */

#define SUCCESSOR_MS \
	60000 /* from its question to its first answer: a large zone may take a while */

char *control_handover_path(const struct dnsd_config *config, char out[PATH_MAX])
{
	snprintf(out, PATH_MAX, "%s.handover", config->listen.admin);
	return out;
}

static void give(void *control, int fd)
{
	handover_give(((struct control *)control)->successor, fd);
}

static void on_successor(void *control, int successor)
{
	struct control *c = control;

	log_info("dnsd/control", "a successor takes the sockets");
	c->successor = successor;
	serve_each_socket(c->rooms.serve, give, c);
	handover_say(successor, "all");
	on_stop(c);
}

static void keep_socket(void *control, int fd)
{
	(void)control;
	handover_keep(fd);
}

/* The process before may end now, and the sockets outlive this one. That nobody could take them
 * over is no reason not to serve. */
static void begin_handover(struct control *c)
{
	char path[PATH_MAX];
	struct err e;

	handover_serving(c->sockets);
	handover_free(c->sockets);
	c->sockets = NULL;
	/* First none: one that nobody reads any more would swallow its share of the queries. */
	daemon_notify("FDSTOREREMOVE=1\nFDNAME=listen");
	serve_each_socket(c->rooms.serve, keep_socket, c);
	if (handover_offer(&c->offer, c->rooms.loop, control_handover_path(config_of(c), path),
			   on_successor, c, &e) != ERR_OK)
		log_warn("dnsd/control", "--takeover will not work: %s", e.text);
}

/* Answers go on until the successor gives them. */
static void end_handover(struct control *c)
{
	if (c->successor < 0)
		return;
	handover_say(c->successor, "released");
	if (!handover_wait(c->successor, SUCCESSOR_MS))
		log_error("dnsd/control", "the successor has gone, or took too long to serve");
}

static void record(struct control *c, const char *kind)
{
	struct store_event event = { .kind = (char *)kind,
				     .service = "",
				     .region = "",
				     .from = "",
				     .to = "",
				     .cause = "",
				     .by = "fairlead",
				     .reason = "fairlead-dnsd " PACKAGE_VERSION };
	int64_t seq;
	struct err e;

	if (store_event_add(c->rooms.store, &event, &seq, &e) != ERR_OK)
		log_error("dnsd/control", "event %s is not on disk: %s", kind, e.text);
}

enum err_code control_run(struct control *c, void (*ready)(void), struct err *e)
{
	const struct rooms *r = &c->rooms;
	enum err_code rc = serve_start(r->serve, e);

	if (rc != ERR_OK)
		return rc;
	record(c, "start");
	public_set_ready(c->public, true);
	log_info("dnsd/control", "%s serves %zu zones and %zu services to %u classes of clients",
		 rooms_config(r)->node, rooms_config(r)->n_zones, rooms_config(r)->n_services,
		 client_map_class_count(rooms_snapshot(r)->clients));
	ready();
	begin_handover(c);
	loop_run(r->loop);
	keep_flush(r->keep);
	record(c, "stop");
	return ERR_OK;
}

static void free_rooms(struct rooms *r)
{
	fleet_free(r->fleet);
	keep_free(r->keep);
	live_free(r->live);
	reload_free(r->reload);
	overrides_free(r->overrides);
	upkeep_free(r->upkeep);
	store_close(r->store);
}

static void stop_servers(struct control *c)
{
	if (c->rooms.serve && c->successor < 0)
		serve_stop(c->rooms.serve);
	handover_offer_free(c->offer);
	http_server_free(c->admin_server);
	http_server_free(c->api_server);
	http_server_free(c->pages_server);
}

enum err_code control_free(struct control *c)
{
	if (!c)
		return ERR_OK;
	if (job_pool_stop(c->rooms.jobs, JOBS_END_MS) != ERR_OK) {
		log_warn("dnsd/control", "a job does not end: a file on a server that does not "
					 "answer? It is left behind");
		stop_servers(c);
		store_close(c->rooms.store);
		end_handover(c);
		return ERR_AGAIN; /* what it reads stays */
	}
	stop_servers(c);
	public_free(c->public);
	ops_free(c->ops);
	traffic_free(c->traffic);
	refusals_free(c->refusals);
	history_free(c->history);
	verify_free(c->verify);
	free_rooms(&c->rooms);
	end_handover(c);
	serve_free(c->rooms.serve);
	publish_free(c->rooms.publish);
	handover_free(c->sockets);
	tls_free(c->tls);
	loop_timer_free(c->second);
	loop_free(c->rooms.loop);
	config_dnsd_free(c->first_config);
	free(c);
	return ERR_OK;
}

const struct rooms *control_rooms(const struct control *c)
{
	return &c->rooms;
}

struct api *control_api(struct control *c)
{
	return &c->api;
}

struct public *control_public(struct control *c)
{
	return c->public;
}

struct ops *control_ops(struct control *c)
{
	return c->ops;
}

/* ---- --check ---- */

static void check_files(const struct dnsd_config *config, struct config_report *report)
{
	struct named named;

	named_init(&named, report, config->file);
	for (size_t i = 0; i < config->n_zones; i++)
		named_readable(&named, &config->zones[i].file_pos, config->zones[i].file);
	for (size_t i = 0; i < config->geo.n_databases; i++)
		named_readable(&named, &config->geo.pos[i], config->geo.databases[i]);
	if (config->state.path_pos.line)
		named_state(&named, &config->state.path_pos, config->state.path);
	if (config->state.backup_directory)
		named_directory(&named, &config->state.backup_pos, config->state.backup_directory);
	named_finish(&named);
}

/* What operators forced and this configuration would know nothing of. The daemon may be running. */
static void check_overrides(const struct dnsd_config *config, struct config_report *report)
{
	struct store_override *list = NULL;
	struct resolve_names names;
	struct resolve resolved;
	struct store *store;
	char text[512];
	size_t n = 0;

	if (store_reader_open(config->state.path, clock_system(), &store, NULL) != ERR_OK)
		return; /* there is no state yet; what is wrong with one is check_files()'s */
	if (store_override_list(store, &list, &n, NULL) == ERR_OK &&
	    resolve_names_init(&names, config) == ERR_OK) {
		if (resolve_init(&resolved, &names, (struct overrides_set){ list, n }) == ERR_OK) {
			for (size_t i = 0; i < resolved.n_idle; i++) {
				live_describe(resolved.idle[i], text, sizeof(text));
				config_report_warning(report, NULL, "%s bears on nothing here",
						      text);
			}
			resolve_fini(&resolved);
		}
		resolve_names_fini(&names);
	}
	store_override_free(list, n);
	store_close(store);
}

enum err_code control_check(const struct dnsd_config *config, struct config_report *report)
{
	const struct publish_load_options strict = { 0 };
	struct publish_parts parts = { 0 };
	struct err e;
	enum err_code rc = publish_load(config, NULL, &strict, &parts, NULL, report, &e);

	if (rc != ERR_OK && report->n_errors == 0)
		config_report_error(report, NULL, "%s", e.text);
	publish_parts_unref(&parts);
	certificate_check(config, report, &e);
	if (fleet_check(config, &e) != ERR_OK)
		config_report_error(report, NULL, "pools: %s", e.text);
	check_files(config, report);
	check_overrides(config, report);
	return report->n_errors ? ERR_INPUT : ERR_OK;
}
