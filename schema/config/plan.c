/* SPDX-License-Identifier: Apache-2.0 */
/* plan: the steps of a failover plan in dnsd.yaml. */
#include "schema/config/plan.h"

#include "schema/config/keys.h"

#define MS_PER_DAY 86400000ull
#define STEPS_MAX  64

#define REGION(key, text)                                                                     \
	{                                                                                     \
		.name = key, .type = KEY_REFERENCE, .refers_to = "regions", .required = true, \
		.doc = text                                                                   \
	}

static const struct key dial_keys[] = {
	REGION("region", "The region."),
	{ .name = "share",
	  .type = KEY_SHARE,
	  .required = true,
	  .doc = "How much it gets of what it would get." },
	KEYS_END,
};

static const struct key drain_keys[] = {
	REGION("region", "The region."),
	KEYS_END,
};

static const struct key failover_keys[] = {
	{ .name = "service",
	  .type = KEY_REFERENCE,
	  .refers_to = "services",
	  .required = true,
	  .doc = "The service." },
	REGION("to", "Where it goes."),
	KEYS_END,
};

static const struct key until_keys[] = {
	REGION("empty", "The region that nothing may be in use of any more."),
	{ .name = "within",
	  .type = KEY_DURATION,
	  .min = 1000,
	  .max = MS_PER_DAY,
	  .required = true,
	  .doc = "The step fails when it takes longer." },
	KEYS_END,
};

static const struct key step_keys[] = {
	{ .name = "dial", .type = KEY_STRUCT, .of = dial_keys },
	{ .name = "drain", .type = KEY_STRUCT, .of = drain_keys },
	{ .name = "failover", .type = KEY_STRUCT, .of = failover_keys },
	{ .name = "wait", .type = KEY_DURATION, .min = 1000, .max = MS_PER_DAY },
	{ .name = "until", .type = KEY_STRUCT, .of = until_keys },
	{ .name = "approve", .type = KEY_TEXT, .min = 1, .max = 255 },
	KEYS_END,
};

static void check_step(struct walker *w, const struct yaml_node *node, void *entry)
{
	if (node->n != 1)
		walker_error(w, node, "%zu keys, expected one: a step does one thing", node->n);
}

void plan_read(struct walker *w, const struct key *key, const struct yaml_node *node, void *base)
{
	static const struct key step = {
		.type = KEY_LIST,
		.item = KEY_STRUCT,
		.of = step_keys,
		.check = check_step,
		.n_min = 1,
		.n_max = STEPS_MAX,
	};
	struct key steps = step;

	steps.name = key->name;
	walker_value(w, &steps, node, NULL);
}
