/* SPDX-License-Identifier: Apache-2.0 */
/* world: a configuration and a zone in a directory of their own, loaded and built into snapshots.
 *
 * Ownership  world_fini() frees all but the snapshots
 */
#ifndef FAIRLEAD_TESTS_DNSD_WORLD_H
#define FAIRLEAD_TESTS_DNSD_WORLD_H

#include "dnsd/publish/publish.h"
#include "schema/config/config.h"
#include "tests/unit/unit.h"

#include <dirent.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Regions on three continents, and a rule for each by which a test gets the order it wants:
 * 10.N.0.0/16 prefers region N. */
#define WORLD_REGIONS                                             \
	"regions:\n"                                              \
	"  eu: {at: [50.11, 8.68], country: DE}\n"                \
	"  us: {at: [39.04, -77.49], country: US}\n"              \
	"  ap: {at: [1.35, 103.82], country: SG}\n"               \
	"topology:\n"                                             \
	"  - {client: {prefix: 10.1.0.0/16}, prefer: [eu, us]}\n" \
	"  - {client: {prefix: 10.2.0.0/16}, prefer: [us, eu]}\n" \
	"  - {client: {prefix: 10.3.0.0/16}, prefer: [ap]}\n"     \
	"  - {client: {prefix: \"2001:db8:a::/48\"}, prefer: [eu, us]}\n"
enum { WORLD_EU, WORLD_US, WORLD_AP };

#define WORLD_ZONE                                                                        \
	"$TTL 300\n@ SOA ns1 host 7 3600 600 86400 60\n@ NS ns1\nns1 A 192.0.2.1\nwww A " \
	"192.0.2.80\n"

struct world {
	char dir[64];
	struct dnsd_config *config;
	struct publish_parts parts;
	struct labels *labels;
	struct err e;
	uint16_t port;	  /* of listen.dns; 0 = 53, which nobody binds */
	const char *yaml; /* a note for who writes it again */
};

static inline char *world_path(const struct world *w, const char *file, char out[PATH_MAX])
{
	snprintf(out, PATH_MAX, "%s/%s", w->dir, file);
	return out;
}

static inline void world_write(const struct world *w, const char *file, const char *text)
{
	char path[PATH_MAX], aside[PATH_MAX];
	FILE *f;

	/* By rename, so that the file is another one however coarse the clock is. */
	f = fopen(world_path(w, "aside", aside), "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	fclose(f);
	assert_int_equal(rename(aside, world_path(w, file, path)), 0);
}

/* `yaml` is what stands after the head; $DIR in it is the world's directory. */
static inline void world_head(const struct world *w, const char *yaml, struct buf *text)
{
	buf_printf(text,
		   "fleet: example\nnode: ns1\n"
		   "listen: {dns: [\"127.0.0.1:%u\"], admin: %s/admin.sock}\n"
		   "state: {path: %s/state.db, backup: {directory: %s/backups}}\n"
		   "zones: [{name: example.com, file: %s/example.com.zone}]\n",
		   w->port ? w->port : 53, w->dir, w->dir, w->dir, w->dir);
	for (const char *at = yaml, *dir; *at; at = dir) {
		dir = strstr(at, "$DIR");
		buf_add(text, at, dir ? (size_t)(dir - at) : strlen(at));
		if (!dir)
			break;
		buf_add_str(text, w->dir);
		dir += 4;
	}
}

static inline struct dnsd_config *world_parse(const struct world *w, const char *yaml)
{
	struct config_report report;
	struct dnsd_config *config = NULL;
	struct buf text = BUF_INIT;

	world_head(w, yaml, &text);
	config_report_init(&report);
	if (config_dnsd_parse("test.yaml", (const char *)text.data, text.len, &config, &report) !=
	    ERR_OK)
		fail_msg("%s", buf_text(&report.errors));
	config_report_fini(&report);
	buf_fini(&text);
	return config;
}

/* The directory and its zone, nothing loaded. */
static inline void world_prepare(struct world *w, const char *zone)
{
	memset(w, 0, sizeof(*w));
	snprintf(w->dir, sizeof(w->dir), "/tmp/fairlead-world-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	world_write(w, "example.com.zone", zone);
}

static inline void world_init(struct world *w, const char *yaml, const char *zone)
{
	struct config_report report;

	config_report_init(&report);
	world_prepare(w, zone);
	w->config = world_parse(w, yaml);
	assert_int_equal(labels_new(&w->labels), ERR_OK);
	if (publish_load(w->config, NULL, &(struct publish_load_options){ .is_fresh_geo = false },
			 &w->parts, NULL, &report, &w->e) != ERR_OK)
		fail_msg("%s: %s", w->e.text, buf_text(&report.errors));
	config_report_fini(&report);
}

static inline struct snapshot *world_build(struct world *w, const struct snapshot *previous)
{
	struct snapshot *s = NULL;

	if (publish_build(w->config, &w->parts, previous, w->labels, &s, &w->e) != ERR_OK)
		fail_msg("%s", w->e.text);
	return s;
}

static inline int world_remove_one(const char *path, const struct stat *st, int type,
				   struct FTW *where)
{
	return remove(path);
}

static inline void world_fini(struct world *w)
{
	publish_parts_unref(&w->parts);
	labels_free(w->labels);
	config_dnsd_free(w->config);
	nftw(w->dir, world_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* Everybody may serve, nobody is dialled: to be changed before publish_set_live(). */
static inline struct publish_service_live world_live(const struct snapshot *s, uint32_t service)
{
	struct publish_service_live live = { .serve = UINT64_MAX,
					     .ttl_s = s->services[service].ttl_s };

	for (size_t i = 0; i < CONFIG_MEMBERS_MAX; i++)
		live.dial_ppm[i] = 1000000;
	return live;
}

static inline struct addr world_addr(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a, NULL), ERR_OK);
	return a;
}

#endif
