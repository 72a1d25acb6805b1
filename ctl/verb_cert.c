/* SPDX-License-Identifier: Apache-2.0 */
/* verb_cert: `cert init DIR` and `cert issue DIR ROLE NAME`: a small CA for the fleet's mutual TLS.
 */
#include "core/cert.h"
#include "ctl/say.h"
#include "ctl/suggest.h"
#include "ctl/verbs.h"

#define CA_DAYS	  3650
#define LEAF_DAYS 365

static enum outcome give_files(struct cli *cli, const char *dir, const char *name)
{
	json_t *doc = json_pack("{s:s+++, s:s+++}", "certificate", dir, "/", name, ".crt", "key",
				dir, "/", name, ".key");

	if (!doc)
		return cli_wrong(cli, "input", "the files are made, but %s is not UTF-8", dir);
	if (!cli_gave_json(cli, doc))
		say_line(cli, NULL, "made %s/%s.crt and %s/%s.key", dir, name, dir, name);
	json_decref(doc);
	return OUTCOME_DONE;
}

enum outcome verb_cert_init(struct cli *cli)
{
	const struct args *a = &cli->args;
	struct err e;
	enum err_code rc =
		cert_make_ca(a->words[0], a->fleet, a->given & ARG_DAYS ? a->days : CA_DAYS, &e);

	if (rc != ERR_OK)
		return cli_err(cli, rc, &e);
	return give_files(cli, a->words[0], "ca");
}

static enum outcome read_role(struct cli *cli, enum identity_role *out)
{
	static const char *const roles[] = { "dnsd",   "regiond",  "prober",
					     "viewer", "operator", "admin" };
	const char *word = cli->args.words[1];
	struct suggest s;

	*out = identity_role_parse(word);
	if (*out == IDENTITY_REGIOND && !cli->args.region)
		return cli_wrong(cli, "usage", "a regiond's certificate needs --region REGION");
	if (*out != IDENTITY_REGIOND && *out != IDENTITY_NONE && cli->args.region)
		return cli_wrong(cli, "usage", "--region: only a regiond is of a region");
	if (*out != IDENTITY_NONE)
		return OUTCOME_DONE;
	suggest_init(&s, word);
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
		suggest_offer(&s, roles[i]);
	return cli_wrong(cli, "usage",
			 "ROLE is `%s`, expected dnsd, regiond, prober, viewer, operator or "
			 "admin%s%s%s",
			 word, s.best ? "; did you mean " : "", s.best ? s.best : "",
			 s.best ? "?" : "");
}

enum outcome verb_cert_issue(struct cli *cli)
{
	const struct args *a = &cli->args;
	struct cert_request request = { .name = a->words[2],
					.region = a->region,
					.addresses = a->addresses,
					.addresses_len = a->n_addresses,
					.days = a->given & ARG_DAYS ? a->days : LEAF_DAYS };
	enum outcome outcome = read_role(cli, &request.role);
	enum err_code rc;
	struct err e;

	if (outcome != OUTCOME_DONE)
		return outcome;
	rc = cert_issue(a->words[0], &request, &e);
	if (rc != ERR_OK)
		return cli_err(cli, rc, &e);
	return give_files(cli, a->words[0], a->words[2]);
}
