/* SPDX-License-Identifier: Apache-2.0 */
/* wait: `drain --wait`: until no client is left, and what is waited for meanwhile. */
#include "ctl/wait.h"

#include "ctl/say.h"

#include <string.h>

#define POLL_MS 1000
#define BAR_LEN 20

struct wait {
	const char *what;
	uint64_t began_ms, ttl_ms, busy_ms; /* busy: when a client was last seen */
	struct wait_left left;
};

enum outcome wait_ttl(struct cli *cli, const char *service, unsigned *ttl_s)
{
	json_t *services = NULL, *doc;
	enum outcome outcome = cli_get(cli, "/v1/services", &services);
	size_t i;

	*ttl_s = 0;
	json_array_foreach (services, i, doc) {
		const char *name = json_string_value(json_object_get(doc, "name"));
		json_int_t ttl = json_integer_value(json_object_get(doc, "ttl"));

		if ((!service || (name && strcasecmp(name, service) == 0)) && ttl > *ttl_s)
			*ttl_s = (unsigned)ttl;
	}
	json_decref(services);
	return outcome;
}

/* ---- what is told ---- */

/* "drain eu: [######..............]  TTL over in 21s, 3 in use" */
static void tell_progress(const struct cli *cli, const struct wait *w, uint64_t now_ms)
{
	uint64_t goal_ms = w->ttl_ms + WAIT_QUIET_S * 1000, done_ms = now_ms - w->began_ms;
	uint64_t quiet_s = (now_ms - w->busy_ms) / 1000;
	int full;

	if (!cli->can_ask)
		return;
	if (done_ms >= w->ttl_ms) /* from here on the quiet time may begin again */
		done_ms = w->ttl_ms +
			  (quiet_s < WAIT_QUIET_S ? quiet_s * 1000 : WAIT_QUIET_S * 1000);
	full = done_ms >= goal_ms ? BAR_LEN : (int)(done_ms * BAR_LEN / goal_ms);
	fprintf(cli->err, "\r%s: [%.*s%.*s]  ", w->what, full, "####################",
		BAR_LEN - full, "....................");
	if (now_ms - w->began_ms < w->ttl_ms)
		fprintf(cli->err, "TTL over in %llus, ",
			(unsigned long long)((w->began_ms + w->ttl_ms - now_ms + 999) / 1000));
	else if (!w->left.used)
		fprintf(cli->err, "no client for %llu of %ds, ", (unsigned long long)quiet_s,
			WAIT_QUIET_S);
	fprintf(cli->err, "%llu in use\033[K", (unsigned long long)w->left.used);
}

static void tell_end(struct cli *cli, const struct wait *w)
{
	if (cli->args.is_json)
		return;
	if (w->left.is_reporting)
		say_line(cli, NULL, "%s: empty", w->what);
	else
		say_line(
			cli, "yellow",
			"%s: no regiond reports its load: the TTL is over, and nobody says whether "
			"clients are left",
			w->what);
}

/* ---- the waiting ---- */

static bool is_over(const struct wait *w, uint64_t now_ms)
{
	if (now_ms - w->began_ms < w->ttl_ms)
		return false;
	return !w->left.is_reporting || now_ms - w->busy_ms >= WAIT_QUIET_S * 1000;
}

enum outcome wait_empty(struct cli *cli, const char *what, unsigned ttl_s, wait_ask_fn ask)
{
	uint64_t now_ms = cli->now_ms();
	struct wait w = {
		.what = what, .began_ms = now_ms, .ttl_ms = ttl_s * 1000ull, .busy_ms = now_ms
	};
	enum outcome outcome;

	for (;;) {
		uint64_t arrivals = w.left.arrivals;

		outcome = ask(cli, &w.left);
		now_ms = cli->now_ms();
		if (w.left.used || w.left.arrivals != arrivals)
			w.busy_ms = now_ms;
		if (outcome != OUTCOME_DONE || is_over(&w, now_ms))
			break;
		tell_progress(cli, &w, now_ms);
		cli->pause_ms(POLL_MS);
	}
	if (cli->can_ask)
		fputs("\r\033[K", cli->err);
	if (outcome == OUTCOME_DONE)
		tell_end(cli, &w);
	return outcome;
}
