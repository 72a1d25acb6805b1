/* SPDX-License-Identifier: Apache-2.0 */
/* cli: what every verb works with: the arguments, the daemon, the place where output goes.
 *
 * Threads    one
 * Ownership  main() owns the streams; documents that cli_get() and cli_post() hand out are new
 *            references; cli_give() takes one
 */
#ifndef FAIRLEAD_CTL_CLI_H
#define FAIRLEAD_CTL_CLI_H

#include "core/buf.h"
#include "ctl/args.h"
#include "ctl/call.h"
#include "ctl/grid.h"
#include "ctl/outcome.h"
#include "ctl/profile.h"

#include <jansson.h>
#include <stdbool.h>

#define CLI_DNSD_SOCKET	   FAIRLEAD_RUNDIR "/dnsd.sock"
#define CLI_REGIOND_SOCKET FAIRLEAD_RUNDIR "/regiond.sock"
#define CLI_PROBERD_SOCKET FAIRLEAD_RUNDIR "/proberd.sock"

struct cli {
	FILE *out, *err, *in;
	struct grid_style style;
	bool can_ask; /* a person sits at standard input and standard error */
	void (*pause_ms)(unsigned ms);
	uint64_t (*now_ms)(void); /* monotonic */
	call_fn send; /* how to ask the daemon; NULL = over the target, by a call of ours */
	void *send_ctx;

	profile_env_fn env; /* getenv(3); NULL = the environment and the file are not asked */

	struct call *call; /* ours, made when first needed */
	struct profile *profile;
	struct args args;
	const struct verb *verb;
	struct failure failure;
	int status; /* the exit status of a verb that has done its work; mostly 0 */
};

/* Asks the daemon that the arguments name; without any the dnsd of this machine, or where there is
 * none its regiond or proberd. */
enum outcome cli_get(struct cli *cli, const char *path, json_t **doc);
enum outcome cli_send(struct cli *cli, const struct call_request *request, json_t **doc);
/* The same with a query of one pair: cli_get_with(cli, "/v1/members", "service", name, &doc). */
enum outcome cli_get_with(struct cli *cli, const char *path, const char *key, const char *value,
			  json_t **doc);
/* For verbs whose daemon is the regiond of this machine, when no other was named. */
void cli_prefer_regiond(struct cli *cli);

/* Under -o json prints the document, whole, and is true; else it is for the verb to show. */
bool cli_gave_json(struct cli *cli, const json_t *doc);
void cli_give_json(struct cli *cli, const json_t *doc); /* always */

/* Prints the grid, or `empty` when it has no row. */
enum outcome cli_give_grid(struct cli *cli, struct grid *g, const char *empty);

enum outcome cli_wrong(struct cli *cli, const char *code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
enum outcome cli_no_memory(struct cli *cli);
enum outcome cli_err(struct cli *cli, enum err_code code, const struct err *e);

void cli_fini(struct cli *cli);

#endif
