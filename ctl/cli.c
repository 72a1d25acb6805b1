/* SPDX-License-Identifier: Apache-2.0 */
/* cli: what every verb works with: the arguments, the daemon, the place where output goes. */
#include "ctl/cli.h"

#include <string.h>
#include <unistd.h>

void cli_prefer_regiond(struct cli *cli)
{
	if (!cli->args.target.socket && !cli->args.target.host)
		cli->args.target.socket = CLI_REGIOND_SOCKET;
}

/* ---- asking ---- */

/* The daemon of this machine: where there is no name server, its regiond or prober. */
static const char *socket_here(void)
{
	static const char *const sockets[] = { CLI_DNSD_SOCKET, CLI_REGIOND_SOCKET,
					       CLI_PROBERD_SOCKET };

	for (size_t i = 0; i < sizeof(sockets) / sizeof(sockets[0]); i++)
		if (access(sockets[i], F_OK) == 0)
			return sockets[i];
	return CLI_DNSD_SOCKET;
}

static enum outcome connect_target(struct cli *cli)
{
	struct call_target *target = &cli->args.target;

	enum outcome outcome = OUTCOME_DONE;

	if (target->host && target->socket)
		return cli_wrong(cli, "usage", "-s and -H name two daemons: leave one out");
	if (cli->env && !cli->profile && !cli->call)
		outcome = profile_fill(&cli->profile, cli->env, target, &cli->failure);
	if (outcome != OUTCOME_DONE || cli->send)
		return outcome;
	target->sudo_user = cli->env ? cli->env("SUDO_USER") : NULL;
	if (target->host && (!target->certificate || !target->key || !target->ca))
		return cli_wrong(cli, "usage",
				 "a name server elsewhere (%s) needs --cert, --key and --ca, or "
				 "their lines in the environment or ~/.config/fairlead.yaml",
				 target->host);
	if (target->host && !strrchr(target->host, ':'))
		return cli_wrong(cli, "usage", "-H is `%s`, expected HOST:PORT", target->host);
	if (!target->host && !target->socket)
		target->socket = socket_here();
	return cli->call ? OUTCOME_DONE : call_new(&cli->call, target, &cli->failure);
}

/* A dnsd has no backends and a regiond no regions: not the thing is missing, but the path. */
static bool is_missing_path(const struct failure *p)
{
	return strcmp(p->code, err_name(ERR_NO_PATH)) == 0;
}

enum outcome cli_send(struct cli *cli, const struct call_request *request, json_t **doc)
{
	enum outcome outcome = connect_target(cli);

	if (outcome != OUTCOME_DONE)
		return outcome;
	if (cli->send)
		outcome = cli->send(cli->send_ctx, request, doc, &cli->failure);
	else
		outcome = call_send(cli->call, request, doc, &cli->failure);
	if (outcome != OUTCOME_DONE && is_missing_path(&cli->failure))
		outcome =
			cli_wrong(cli, "no_path",
				  "this daemon does not offer `%s`: is it the right one? (-s, -H)",
				  cli->verb->name);
	return outcome;
}

enum outcome cli_get(struct cli *cli, const char *path, json_t **doc)
{
	const struct call_request request = { .method = "GET", .path = path };

	return cli_send(cli, &request, doc);
}

enum outcome cli_get_with(struct cli *cli, const char *path, const char *key, const char *value,
			  json_t **doc)
{
	struct buf full = BUF_INIT;
	enum outcome outcome;

	buf_add_str(&full, path);
	call_query(&full, key, value);
	outcome = full.failed ? cli_no_memory(cli) : cli_get(cli, buf_text(&full), doc);
	buf_fini(&full);
	return outcome;
}

/* ---- giving ---- */

void cli_give_json(struct cli *cli, const json_t *doc)
{
	bool is_line = cli->args.given & ARG_FOLLOW; /* one of many: an object a line */

	json_dumpf(doc, cli->out,
		   (is_line ? JSON_COMPACT : JSON_INDENT(2)) | JSON_ENCODE_ANY |
			   JSON_REAL_PRECISION(12));
	fputc('\n', cli->out);
}

bool cli_gave_json(struct cli *cli, const json_t *doc)
{
	if (cli->args.is_json)
		cli_give_json(cli, doc);
	return cli->args.is_json;
}

enum outcome cli_give_grid(struct cli *cli, struct grid *g, const char *empty)
{
	if (g && !grid_rows(g))
		fprintf(cli->out, "%s\n", empty);
	return grid_print(g) == ERR_OK ? OUTCOME_DONE : cli_no_memory(cli);
}

/* ---- failing ---- */

enum outcome cli_wrong(struct cli *cli, const char *code, const char *fmt, ...)
{
	enum outcome outcome;
	va_list args;

	va_start(args, fmt);
	outcome = outcome_vset(&cli->failure, code, fmt, args);
	va_end(args);
	return outcome;
}

enum outcome cli_no_memory(struct cli *cli)
{
	return cli_wrong(cli, "memory", "out of memory");
}

enum outcome cli_err(struct cli *cli, enum err_code code, const struct err *e)
{
	return outcome_err(&cli->failure, code, e);
}

void cli_fini(struct cli *cli)
{
	call_free(cli->call);
	profile_free(cli->profile);
	cli->call = NULL;
	cli->profile = NULL;
}
