/* SPDX-License-Identifier: Apache-2.0 */
/* verb_drain: `drain`, `undrain` and `dial`: how many new clients a region gets.
 *
 * With --backend, --pool or --node they speak to the regiond of this machine instead, and are about
 * its backends. */
#include "core/units.h"
#include "ctl/change.h"
#include "ctl/say.h"
#include "ctl/verbs.h"
#include "ctl/wait.h"

#include <string.h>

/* Reports come every second; who has said nothing for so long has nothing to say of its load. */
#define REPORT_OLD_S 10

/* ---- what is left ---- */

static void add_left(struct wait_left *left, const json_t *doc)
{
	const json_t *age = json_object_get(doc, "report_age_s");

	left->used += (uint64_t)json_integer_value(json_object_get(doc, "used"));
	left->arrivals += (uint64_t)json_integer_value(json_object_get(doc, "arrivals"));
	left->is_reporting |= json_is_number(age) && json_number_value(age) >= 0 &&
			      json_number_value(age) < REPORT_OLD_S;
}

/* What of the region, or of its part of one service, is still in use. */
static enum outcome region_left(struct cli *cli, struct wait_left *left)
{
	const char *service = cli->args.service, *region = cli->args.words[0];
	json_t *list = NULL, *doc;
	enum outcome outcome = service ? cli_get_with(cli, "/v1/members", "service", service, &list)
				       : cli_get(cli, "/v1/regions", &list);
	size_t i;

	*left = (struct wait_left){ 0 };
	json_array_foreach (list, i, doc) {
		const char *name =
			json_string_value(json_object_get(doc, service ? "region" : "name"));

		if (name && strcmp(name, region) == 0)
			add_left(left, doc);
	}
	json_decref(list);
	return outcome;
}

static bool is_meant(const struct args *a, const json_t *backend)
{
	const char *pool = json_string_value(json_object_get(backend, "pool"));
	const char *address = json_string_value(json_object_get(backend, "address"));

	return (!a->pool || (pool && strcmp(pool, a->pool) == 0)) &&
	       (!a->backend || (address && strcmp(address, a->backend) == 0));
}

static enum outcome backends_left(struct cli *cli, struct wait_left *left)
{
	json_t *list = NULL, *doc;
	enum outcome outcome = cli_get(cli, "/v1/backends", &list);
	size_t i;

	*left = (struct wait_left){ .is_reporting = true };
	json_array_foreach (list, i, doc)
		if (is_meant(&cli->args, doc))
			left->used +=
				(uint64_t)json_integer_value(json_object_get(doc, "in_flight"));
	json_decref(list);
	return outcome;
}

/* ---- of a region ---- */

static void make_what(const struct cli *cli, char what[SAY_MAX])
{
	const struct args *a = &cli->args;

	snprintf(what, SAY_MAX, "%s %.80s%s%.160s", cli->verb->name, a->words[0],
		 a->service ? " for " : "", a->service ? a->service : "");
}

static enum outcome change_region(struct cli *cli, struct change *change, bool waits)
{
	const struct args *a = &cli->args;
	char what[SAY_MAX];
	enum outcome outcome = OUTCOME_DONE;
	unsigned ttl_s = 0;
	int64_t id;

	make_what(cli, what);
	change->what = what;
	if (change->body) {
		change_add(change->body, "region", a->words[0]);
		change_add(change->body, "service", a->service);
	}
	waits = waits && a->given & ARG_WAIT && !(a->given & ARG_DRY_RUN);
	if (waits)
		outcome = wait_ttl(cli, a->service, &ttl_s);
	if (outcome != OUTCOME_DONE) {
		json_decref(change->body);
		return outcome;
	}
	outcome = change_post(cli, change, &id);
	return outcome == OUTCOME_DONE && waits ? wait_empty(cli, what, ttl_s, region_left)
						: outcome;
}

/* ---- of backends ---- */

static bool is_for_regiond(const struct args *a)
{
	return a->given & (ARG_BACKEND | ARG_POOL | ARG_NODE);
}

static enum outcome check_backend_words(struct cli *cli)
{
	const struct args *a = &cli->args;

	if (a->n_words || a->service)
		return cli_wrong(cli, "usage",
				 "--backend, --pool and --node are about one regiond: leave out "
				 "the region and the service");
	if (a->given & ARG_NODE && (a->backend || a->pool))
		return cli_wrong(cli, "usage",
				 "--node is the whole: leave out --backend and "
				 "--pool");
	if (a->given & ARG_FORCE)
		return cli_wrong(cli, "usage", "--force: no safety rule is about one regiond");
	return OUTCOME_DONE;
}

static enum outcome change_backend(struct cli *cli, const char *path, bool waits)
{
	const struct args *a = &cli->args;
	char what[SAY_MAX];
	struct change change = { .path = path, .what = what, .is_risky = a->given & ARG_NODE };
	enum outcome outcome = check_backend_words(cli);
	int64_t id;

	if (outcome != OUTCOME_DONE)
		return outcome;
	cli_prefer_regiond(cli);
	snprintf(what, sizeof(what), "%s %.100s%s%.100s", cli->verb->name,
		 a->backend ? a->backend
		 : a->pool  ? "pool"
			    : "this regiond",
		 a->backend && a->pool ? " of "
		 : a->pool	       ? " "
				       : "",
		 a->pool ? a->pool : "");
	change.body = json_object();
	change_add(change.body, "backend", a->backend);
	change_add(change.body, "pool", a->pool);
	outcome = change_post(cli, &change, &id);
	if (outcome == OUTCOME_DONE && waits && !(a->given & ARG_DRY_RUN))
		outcome = wait_empty(cli, what, 0, backends_left);
	return outcome;
}

/* ---- the verbs ---- */

static enum outcome need_region(struct cli *cli)
{
	return cli_wrong(cli, "usage",
			 "a word is missing: fairlead %s REGION (or --backend, --pool or --node "
			 "for the regiond of this machine)",
			 cli->verb->name);
}

enum outcome verb_drain(struct cli *cli)
{
	if (is_for_regiond(&cli->args))
		return change_backend(cli, "/v1/drain", cli->args.given & ARG_WAIT);
	if (!cli->args.n_words)
		return need_region(cli);
	return change_region(cli,
			     &(struct change){ .path = "/v1/drain",
					       .body = json_object(),
					       .done = "no new clients",
					       .is_risky = true },
			     true);
}

enum outcome verb_undrain(struct cli *cli)
{
	if (is_for_regiond(&cli->args))
		return change_backend(cli, "/v1/undrain", false);
	if (!cli->args.n_words)
		return need_region(cli);
	return change_region(cli,
			     &(struct change){ .path = "/v1/undrain",
					       .body = json_object(),
					       .done = "takes new clients again" },
			     false);
}

/* "25%", "2.5%"; a bare whole number is a percentage too. */
static enum outcome read_share(struct cli *cli, const char *text, uint32_t *ppm)
{
	char with_sign[16];
	struct err e;

	snprintf(with_sign, sizeof(with_sign), "%s%%", text);
	if (strspn(text, "0123456789") == strlen(text) && strlen(text) <= 3 &&
	    units_parse_share(with_sign, ppm, &e) == ERR_OK)
		return OUTCOME_DONE;
	if (units_parse_share(text, ppm, &e) == ERR_OK)
		return OUTCOME_DONE;
	return cli_wrong(cli, "usage", "SHARE: %s", e.text);
}

enum outcome verb_dial(struct cli *cli)
{
	uint32_t share_ppm = 0;
	enum outcome outcome = read_share(cli, cli->args.words[1], &share_ppm);
	struct change change = { .path = "/v1/dial" };
	char done[32];

	if (outcome != OUTCOME_DONE)
		return outcome;
	snprintf(done, sizeof(done), "%g %%", share_ppm / 1e4);
	change.done = done;
	change.is_risky = !share_ppm;
	change.body = json_object();
	if (change.body)
		json_object_set_new(change.body, "share_ppm", json_integer(share_ppm));
	return change_region(cli, &change, !share_ppm);
}
