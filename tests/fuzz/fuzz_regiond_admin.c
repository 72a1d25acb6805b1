/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_regiond_admin: any body to drain and undrain: an answer or a reason, never both or none. */
#include "core/log.h"
#include "tests/unit/regiond/node_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct node_world world;

static void stop(void)
{
	node_world_fini(&world);
}

static void ask(const char *path, const uint8_t *data, size_t size)
{
	struct err e = { "" };
	json_t *doc;
	enum err_code code = node_world_ask(&world, "POST", path, data, size, &doc, &e);
	if ((code == ERR_OK) != (doc != NULL) || (code != ERR_OK && !e.text[0]))
		abort();
	json_decref(doc);
}

static void look(const char *path)
{
	json_t *doc;
	if (node_world_ask(&world, "GET", path, NULL, 0, &doc, NULL) != ERR_OK)
		abort();
	json_decref(doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool started;
	if (!started) {
		log_set_level(LOG_ERROR);
		node_world_init(&world);
		atexit(stop);
		started = true;
	}
	ask("/v1/drain", data, size);
	look("/v1/status"); /* what was taken can be shown */
	ask("/v1/undrain", data, size);
	clock_hand_advance_ms(&world.hand, 1000);
	forced_expire(world.node.forced);
	return 0;
}
