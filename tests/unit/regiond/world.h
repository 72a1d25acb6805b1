/* SPDX-License-Identifier: Apache-2.0 */
/* world: configurations and tables from text, for the tests of regiond. */
#ifndef FAIRLEAD_TESTS_REGIOND_WORLD_H
#define FAIRLEAD_TESTS_REGIOND_WORLD_H

#include "core/clock.h"
#include "regiond/route/table.h"
#include "schema/config/config.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

/* Everything but pools and services. */
#define WORLD_HEAD       \
	"fleet: acme\n"  \
	"region: here\n" \
	"node: one\n"    \
	"listen: {admin: /tmp/unused.sock}\n"

static inline struct regiond_config *world_config(const char *text)
{
	struct regiond_config *config = NULL;
	struct config_report report;
	config_report_init(&report);
	if (config_regiond_parse("test.yaml", text, strlen(text), &config, &report) != ERR_OK)
		fail_msg("%s", buf_text(&report.errors));
	config_report_fini(&report);
	return config;
}

static inline struct table *world_table(const char *text, const struct table *previous)
{
	struct table *t = NULL;
	struct err e = { "" };
	if (table_new(&t, world_config(text), previous, &e) != ERR_OK)
		fail_msg("%s", e.text);
	return t;
}

static inline void world_all_up(struct table *t)
{
	for (size_t i = 0; i < t->n_pools; i++)
		for (size_t k = 0; k < t->pools[i].n_slots; k++)
			backend_set_state(t->pools[i].slots[k].backend, BACKEND_UP,
					  clock_mono_us(clock_system()));
}

#endif
