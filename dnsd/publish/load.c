/* SPDX-License-Identifier: Apache-2.0 */
/* load: the slow parts of a snapshot, zones and client map, read anew only where something changed.
 */
#include "dnsd/publish/load.h"

#include "dnsd/client/mmdb.h"
#include "dnsd/publish/copy_paths.h"
#include "dnsd/zone/copy.h"
#include "dnsd/zone/zone_load.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <xxhash.h>

/* One run of a load: what was asked for, and where mistakes go. */
struct load {
	const struct dnsd_config *config;
	const struct publish_parts *old;
	const struct publish_load_options *options;
	uint64_t seed;
	struct publish_faults *faults; /* NULL = strict */
	struct config_report *report;
	struct err *e;
	enum err_code first; /* of the mistakes; its text is in e */
};

void publish_faults_fini(struct publish_faults *f)
{
	free(f->list);
	*f = (struct publish_faults){ 0 };
}

/* What the configuration names there cannot be used: an error of the report, after the lines that
 * say why, and the first one goes to the caller. */
static void blame(struct load *l, const struct config_pos *pos, struct err *why, enum err_code code,
		  const char *lines)
{
	struct buf where = BUF_INIT;

	if (l->report)
		config_report_lines(l->report, pos, lines, "%s", why->text);
	config_where(&l->config->files, pos, &where);
	err_wrap(why, code, "%s", buf_text(&where));
	buf_fini(&where);
	if (l->first != ERR_OK)
		return;
	l->first = code;
	if (l->e)
		*l->e = *why;
}

static struct publish_fault *add_fault(struct load *l)
{
	struct publish_fault *list = reallocarray(l->faults->list, l->faults->n + 1, sizeof(*list));

	if (!list)
		return NULL;
	l->faults->list = list;
	memset(&list[l->faults->n], 0, sizeof(*list));
	return &list[l->faults->n++];
}

/* ---- zones ---- */

static struct zone *find_old(const struct load *l, const struct config_zone *want)
{
	struct name origin;

	if (!l->old || !l->old->zones || name_parse(want->name, NULL, &origin, NULL) != ERR_OK)
		return NULL;
	name_lower(origin.wire, origin.wire, origin.len);
	return zone_set_by_origin(l->old->zones, origin.wire, origin.len);
}

static bool is_still_good(const struct load *l, const struct zone *z,
			  const struct config_zone *want)
{
	return z && !z->is_broken && !l->options->is_fresh_zones &&
	       strcmp(zone_path(z), want->file) == 0 && zone_is_current(z);
}

/* The zone file is no good: what else there is of the zone. */
static enum err_code stand_in_zone(struct load *l, size_t i, struct zone *old,
				   const struct err *why, struct zone **out)
{
	const struct zone_limits limits = { .seed = l->seed };
	const struct config_zone *want = &l->config->zones[i];
	struct publish_fault *f = add_fault(l);
	char path[PATH_MAX];

	if (!f)
		return err_set(l->e, ERR_MEMORY, "zones: out of memory");
	f->kind = PUBLISH_ZONE;
	f->index = (uint32_t)i;
	f->why = *why;
	if (old && !old->is_broken) {
		f->stand_in = PUBLISH_RUNNING;
		*out = zone_ref(old);
		return ERR_OK;
	}
	if (l->options->copies && copy_load(copy_paths_zone(l->options->copies, want->name, path),
					    want->name, &limits, out, NULL) == ERR_OK) {
		f->stand_in = PUBLISH_COPY;
		return ERR_OK;
	}
	f->stand_in = PUBLISH_NOTHING;
	return zone_new_broken(want->name, l->seed, out, l->e);
}

/* Goes on after a bad zone, so that one run shows the mistakes of all. */
static enum err_code load_zone(struct load *l, size_t i, struct zone **out)
{
	const struct zone_limits limits = { .seed = l->seed, .include_depth = ZONE_INCLUDE_DEPTH };
	const struct config_zone *want = &l->config->zones[i];
	struct zone *old = find_old(l, want);
	struct buf lines = BUF_INIT;
	enum err_code code;
	struct err why;

	if (is_still_good(l, old, want)) {
		*out = zone_ref(old);
		return ERR_OK;
	}
	code = zone_load(want->file, want->name, &limits, out, l->report ? &lines : NULL, &why);
	if (code != ERR_OK) {
		err_wrap(&why, code, "zone %s", want->name);
		blame(l, &want->file_pos, &why, code, buf_text(&lines));
	} else if (l->report) {
		config_report_warning_lines(l->report, &want->file_pos, buf_text(&lines));
	}
	buf_fini(&lines);
	if (code == ERR_OK)
		return ERR_OK;
	return l->faults ? stand_in_zone(l, i, old, &why, out) : ERR_OK;
}

static enum err_code note_left_out(struct load *l, const bool *is_left_out)
{
	for (size_t i = 0; i < l->config->n_services; i++) {
		struct publish_fault *f = is_left_out[i] ? add_fault(l) : NULL;

		if (!is_left_out[i])
			continue;
		if (!f)
			return err_set(l->e, ERR_MEMORY, "zones: out of memory");
		f->kind = PUBLISH_SERVICE;
		f->index = (uint32_t)i;
		err_set(&f->why, ERR_INPUT, "service %s: its name is taken in the zone file",
			l->config->services[i].name);
	}
	return ERR_OK;
}

/* Names that the zones and the services have both. */
static void tell_conflicts(struct load *l, enum err_code code, struct buf *lines)
{
	const struct config_pos nowhere = { 0 };

	if (l->report && code == ERR_OK)
		config_report_warning_lines(l->report, &nowhere, buf_text(lines));
	else if (l->report)
		config_report_lines(l->report, &nowhere, buf_text(lines), "%s",
				    l->e ? l->e->text : err_name(code));
	buf_fini(lines);
}

static enum err_code make_set(struct load *l, struct zone **zones, struct zone_set **out)
{
	const struct dnsd_config *config = l->config;
	struct zone_service *services = calloc(config->n_services + 1, sizeof(*services));
	bool *is_left_out = calloc(config->n_services + 1, sizeof(*is_left_out));
	struct buf lines = BUF_INIT;
	enum err_code code = ERR_MEMORY;

	if (!services || !is_left_out) {
		err_set(l->e, code, "zones: out of memory");
		goto end;
	}
	for (size_t i = 0; i < config->n_services; i++)
		services[i] = (struct zone_service){ config->services[i].name, (uint32_t)i };
	code = zone_set_new(zones, config->n_zones, services, config->n_services,
			    l->faults ? is_left_out : NULL, out, l->report ? &lines : NULL, l->e);
	tell_conflicts(l, code, &lines);
	if (code == ERR_OK && l->faults) {
		code = note_left_out(l, is_left_out);
		if (code != ERR_OK)
			zone_set_unref(*out);
	}
end:
	free(services);
	free(is_left_out);
	return code;
}

static enum err_code load_set(struct load *l, struct zone_set **out)
{
	size_t n = l->config->n_zones;
	struct zone **zones = calloc(n + 1, sizeof(struct zone *));
	enum err_code code = ERR_OK;

	if (!zones)
		return err_set(l->e, ERR_MEMORY, "zones: out of memory");
	for (size_t i = 0; code == ERR_OK && i < n; i++)
		code = load_zone(l, i, &zones[i]);
	if (code == ERR_OK && l->first != ERR_OK && !l->faults)
		code = l->first;
	if (code == ERR_OK)
		code = make_set(l, zones, out);
	for (size_t i = 0; i < n; i++)
		zone_unref(zones[i]);
	free(zones);
	return code;
}

/* ---- the client map ---- */

/* The files that are read in the end. */
struct databases {
	char **path;
	size_t n;
};

static uint64_t mix(uint64_t h, const void *bytes, size_t len)
{
	return XXH3_64bits_withSeed(bytes, len, h ^ len);
}

static uint64_t mix_u32(uint64_t h, uint32_t v)
{
	return mix(h, &v, sizeof(v));
}

static uint64_t mix_topology(uint64_t h, const struct config_topology *t)
{
	h = mix_u32(h, (uint32_t)t->kind);
	h = mix(h, &t->prefix.addr.bytes, sizeof(t->prefix.addr.bytes));
	h = mix_u32(h, (uint32_t)t->prefix.addr.family << 8 | t->prefix.len);
	h = mix(h, t->place, strnlen(t->place, sizeof(t->place)));
	h = mix_u32(h, t->asn);
	return mix(h, t->prefer, t->n_prefer * sizeof(*t->prefer));
}

/* Of everything that decides the classes or the rows of a class. */
static uint64_t clients_signature(const struct dnsd_config *c)
{
	uint64_t h = 0;

	for (size_t i = 0; i < c->geo.n_databases; i++)
		h = mix(h, c->geo.databases[i], strlen(c->geo.databases[i]));
	for (size_t i = 0; i < c->n_regions; i++) {
		h = mix(h, c->regions[i].name, strlen(c->regions[i].name));
		h = mix_u32(h, (uint32_t)c->regions[i].lat_e4);
		h = mix_u32(h, (uint32_t)c->regions[i].lon_e4);
		h = mix_u32(h, c->regions[i].has_place);
	}
	for (size_t i = 0; i < c->n_topology; i++)
		h = mix_topology(h, &c->topology[i]);
	for (size_t i = 0; i < c->n_pools; i++) {
		h = mix_u32(h, (uint32_t)c->pools[i].method);
		for (size_t j = 0; j < c->pools[i].n_members; j++)
			h = mix_u32(h, c->pools[i].members[j].region);
	}
	for (size_t i = 0; i < c->n_services; i++) {
		const struct config_service *s = &c->services[i];

		if (s->n_fences)
			h = mix_u32(h, (uint32_t)s->n_fences);
		for (size_t j = 0; j < s->n_fences; j++) {
			h = mix(h, s->fences[j].place, sizeof(s->fences[j].place));
			h = mix_u32(h, s->fences[j].is_continent);
			h = mix(h, s->fences[j].regions,
				s->fences[j].n_regions * sizeof(*s->fences[j].regions));
		}
	}
	return h;
}

/* Opens each, so that one run shows all that cannot be. */
static enum err_code check_databases(struct load *l)
{
	const struct dnsd_config *c = l->config;

	for (size_t i = 0; i < c->geo.n_databases; i++) {
		struct mmdb m;
		struct err why;
		enum err_code one = mmdb_open(c->geo.databases[i], &m, &why);

		if (one == ERR_OK)
			mmdb_close(&m);
		else
			blame(l, &c->geo.pos[i], &why, one, "");
	}
	return l->first;
}

/* The copy of database i in place of it, or nothing. */
static enum err_code stand_in_database(struct load *l, size_t i, struct err *why,
				       enum err_code code, struct databases *list)
{
	struct publish_fault *f = add_fault(l);
	char path[PATH_MAX];

	blame(l, &l->config->geo.pos[i], why, code, "");
	if (!f)
		return ERR_MEMORY;
	f->kind = PUBLISH_DATABASE;
	f->index = (uint32_t)i;
	f->why = *why;
	f->stand_in = PUBLISH_NOTHING;
	if (!l->options->copies ||
	    mmdb_check(copy_paths_database(l->options->copies, l->config->geo.databases[i], path),
		       NULL) != ERR_OK)
		return ERR_OK;
	list->path[list->n] = strdup(path);
	if (!list->path[list->n++])
		return ERR_MEMORY;
	f->stand_in = PUBLISH_COPY;
	return ERR_OK;
}

/* Those that can be read from end to end, copies in place of the others. */
static enum err_code choose_databases(struct load *l, struct databases *list)
{
	const struct dnsd_config *c = l->config;
	enum err_code code = ERR_OK;

	list->path = calloc(c->geo.n_databases + 1, sizeof(char *));
	if (!list->path)
		return ERR_MEMORY;
	for (size_t i = 0; code == ERR_OK && i < c->geo.n_databases; i++) {
		struct err why;
		enum err_code one = mmdb_check(c->geo.databases[i], &why);

		if (one != ERR_OK) {
			code = stand_in_database(l, i, &why, one, list);
			continue;
		}
		list->path[list->n] = strdup(c->geo.databases[i]);
		code = list->path[list->n++] ? ERR_OK : ERR_MEMORY;
	}
	return code;
}

static void databases_free(struct databases *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->path[i]);
	free(list->path);
}

/* Some database is no good. The map that serves is better than one of copies. */
static enum err_code load_clients_anyhow(struct load *l, struct publish_parts *out)
{
	struct client_map_input in = client_map_input_of(l->config);
	struct databases list = { 0 };
	size_t faults = l->faults->n;
	enum err_code code = choose_databases(l, &list);

	if (code == ERR_OK && l->old && l->old->clients &&
	    l->old->clients_signature == out->clients_signature) {
		for (size_t i = faults; i < l->faults->n; i++)
			l->faults->list[i].stand_in = PUBLISH_RUNNING;
		out->clients = client_map_ref(l->old->clients);
	} else if (code == ERR_OK) {
		in.databases = list.path;
		in.n_databases = list.n;
		code = client_map_build(&in, &out->clients, l->e);
		out->clients_signature = 0; /* the next load reads again */
	} else {
		err_set(l->e, code, "databases: out of memory");
	}
	databases_free(&list);
	return code;
}

static enum err_code load_clients(struct load *l, struct publish_parts *out)
{
	struct client_map_input in = client_map_input_of(l->config);
	const struct publish_parts *old = l->old;
	enum err_code code;
	struct err why;

	l->first = ERR_OK;
	out->clients_signature = clients_signature(l->config);
	if (old && old->clients && !l->options->is_fresh_geo &&
	    old->clients_signature == out->clients_signature) {
		out->clients = client_map_ref(old->clients);
		return ERR_OK;
	}
	if (!l->faults) {
		code = check_databases(l);
		return code == ERR_OK ? client_map_build(&in, &out->clients, l->e) : code;
	}
	code = client_map_build(&in, &out->clients, &why);
	if (code == ERR_INPUT || code == ERR_IO)
		return load_clients_anyhow(l, out);
	if (code != ERR_OK && l->e)
		*l->e = why;
	return code;
}

/* ---- both ---- */

enum err_code publish_load(const struct dnsd_config *config, const struct publish_parts *old,
			   const struct publish_load_options *options, struct publish_parts *out,
			   struct publish_faults *faults, struct config_report *report,
			   struct err *e)
{
	struct publish_parts parts = { .seed = old ? old->seed : 0 };
	struct load l = { .config = config,
			  .old = old,
			  .options = options,
			  .faults = options->is_lenient ? faults : NULL,
			  .report = report,
			  .e = e };
	enum err_code code;

	if (report)
		config_report_about(report, &config->files);
	if (!parts.seed && getrandom(&parts.seed, sizeof(parts.seed), 0) != sizeof(parts.seed))
		return err_set(e, ERR_IO, "the system gives no random bytes");
	l.seed = parts.seed;
	code = load_set(&l, &parts.zones);
	if (code == ERR_OK)
		code = load_clients(&l, &parts);
	else
		check_databases(&l);
	if (code != ERR_OK) {
		publish_parts_unref(&parts);
		return code;
	}
	*out = parts;
	return ERR_OK;
}

enum err_code publish_load_geo(const struct dnsd_config *config, const struct publish_parts *old,
			       struct publish_parts *out, struct err *e)
{
	const struct publish_load_options options = { .is_fresh_geo = true };
	struct publish_parts parts = { .seed = old->seed };
	struct load l = { .config = config, .options = &options, .e = e };
	enum err_code code = load_clients(&l, &parts);

	if (code != ERR_OK)
		return code;
	parts.zones = zone_set_ref(old->zones);
	*out = parts;
	return ERR_OK;
}

void publish_parts_share(const struct publish_parts *p, struct publish_parts *out)
{
	*out = *p;
	zone_set_ref(out->zones);
	client_map_ref(out->clients);
}

void publish_parts_unref(struct publish_parts *p)
{
	zone_set_unref(p->zones);
	client_map_unref(p->clients);
	p->zones = NULL;
	p->clients = NULL;
}
