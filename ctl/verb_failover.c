/* SPDX-License-Identifier: Apache-2.0 */
/* verb_failover: `failover SERVICE --to REGION` and `failback SERVICE`: a service moved by hand. */
#include "ctl/change.h"
#include "ctl/say.h"
#include "ctl/verbs.h"

#include <string.h>

#define POLL_MS	  200
#define POLLS_MAX 150 /* half a minute: a table is rebuilt in milliseconds */

/* Whether every answer for the service would now be of this region alone. */
static bool is_active_alone(const json_t *services, const char *service, const char *region)
{
	json_t *doc;
	size_t i;

	json_array_foreach (services, i, doc) {
		const char *name = json_string_value(json_object_get(doc, "name"));
		const json_t *active = json_object_get(doc, "active");
		const char *first = json_string_value(json_array_get(active, 0));

		if (name && strcasecmp(name, service) == 0)
			return json_array_size(active) == 1 && first && strcmp(first, region) == 0;
	}
	return false;
}

static enum outcome wait_live(struct cli *cli)
{
	const struct args *a = &cli->args;

	for (unsigned i = 0; i < POLLS_MAX; i++) {
		json_t *services = NULL;
		enum outcome outcome = cli_get(cli, "/v1/services", &services);
		bool is_live = outcome == OUTCOME_DONE &&
			       is_active_alone(services, a->words[0], a->to);

		json_decref(services);
		if (outcome != OUTCOME_DONE || is_live)
			return outcome;
		cli->pause_ms(POLL_MS);
	}
	return cli_wrong(cli, "again", "%s is on disk, but %s is not the only active region yet",
			 cli->verb->name, a->to);
}

enum outcome verb_failover(struct cli *cli)
{
	const struct args *a = &cli->args;
	char what[SAY_MAX];
	const struct change change = {
		.path = "/v1/failover", .body = json_object(), .what = what, .is_risky = true
	};
	enum outcome outcome;
	int64_t id;

	snprintf(what, sizeof(what), "failover %.200s to %.80s", a->words[0], a->to);
	change_add(change.body, "service", a->words[0]);
	change_add(change.body, "to", a->to);
	outcome = change_post(cli, &change, &id);
	if (outcome == OUTCOME_DONE && a->given & ARG_WAIT && !(a->given & ARG_DRY_RUN))
		outcome = wait_live(cli);
	return outcome;
}

/* Live when the daemon has answered: with nothing forced there is nothing else to wait for. */
enum outcome verb_failback(struct cli *cli)
{
	char what[SAY_MAX];
	const struct change change = { .path = "/v1/failback",
				       .body = json_object(),
				       .what = what };
	int64_t id;

	snprintf(what, sizeof(what), "failback %.200s", cli->args.words[0]);
	change_add(change.body, "service", cli->args.words[0]);
	return change_post(cli, &change, &id);
}
