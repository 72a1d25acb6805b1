/* SPDX-License-Identifier: Apache-2.0 */
/* verbs: what the CLI can do, and how a verb is found from the words that were typed. */
#include "ctl/verbs.h"

#include "core/suggest.h"
#include "schema/config/config.h"

#include <string.h>

static const struct verb verbs[] = {
	{ .name = "status",
	  .group = "Look",
	  .words = "",
	  .takes = ARG_ALL | ARG_EXIT_CODE,
	  .does = "One screen: health, load, what is forced, what is wrong",
	  .run = verb_status },
	{ .name = "regions",
	  .words = "",
	  .does = "The regions: health, load, when they were last heard",
	  .run = verb_regions },
	{ .name = "services",
	  .words = "",
	  .does = "The services: who is active, how answers are made",
	  .run = verb_services },
	{ .name = "members",
	  .words = "SERVICE",
	  .words_min = 1,
	  .words_max = 1,
	  .does = "A service's regions: health, load, share of the answers",
	  .run = verb_members },
	{ .name = "backends",
	  .words = "",
	  .does = "The backends of the regiond of this machine",
	  .more = "Without -s it asks the regiond's socket, " CLI_REGIOND_SOCKET ".",
	  .run = verb_backends },
	{ .name = "explain",
	  .words = "NAME [TYPE]",
	  .words_min = 1,
	  .words_max = 2,
	  .takes = ARG_CLIENT,
	  .needs = ARG_CLIENT,
	  .does = "Why a client gets its answer, rule by rule",
	  .more = "It runs the code that answers queries. TYPE is A or AAAA (A).",
	  .run = verb_explain },
	{ .name = "events",
	  .words = "",
	  .takes = ARG_FOLLOW | ARG_AFTER | ARG_LAST,
	  .does = "What happened, newest last",
	  .more = "A table shows the newest 40 without --last. With -o json and --follow every "
		  "event is a line of its own.",
	  .run = verb_events },
	{ .name = "audit",
	  .words = "",
	  .takes = ARG_VERIFY | ARG_AFTER | ARG_LAST,
	  .does = "Who did what, and what was refused",
	  .more = "Every row carries the hash of the one before; --verify walks the chain and "
		  "names "
		  "the first row that does not fit.",
	  .run = verb_audit },

	{ .name = "drain",
	  .group = "Move traffic",
	  .words = "[REGION]",
	  .words_max = 1,
	  .takes = ARG_SERVICE | ARG_WAIT | ARG_EXPIRES | ARG_BACKEND | ARG_POOL | ARG_NODE |
		   ARG_CHANGE,
	  .does = "No new clients for a region",
	  .more = "Clients that have it stay until their answer's TTL is over; --wait returns when "
		  "nothing is in use there any more.",
	  .run = verb_drain },
	{ .name = "undrain",
	  .words = "[REGION]",
	  .words_max = 1,
	  .takes = ARG_SERVICE | ARG_WAIT | ARG_BACKEND | ARG_POOL | ARG_NODE | ARG_CHANGE,
	  .does = "New clients again",
	  .run = verb_undrain },
	{ .name = "dial",
	  .words = "REGION SHARE",
	  .words_min = 2,
	  .words_max = 2,
	  .takes = ARG_SERVICE | ARG_WAIT | ARG_EXPIRES | ARG_CHANGE,
	  .does = "A region gets this share, 0% to 100%, of what it would get",
	  .more = "100% takes a dial back.",
	  .run = verb_dial },
	{ .name = "failover",
	  .words = "SERVICE",
	  .words_min = 1,
	  .words_max = 1,
	  .takes = ARG_TO | ARG_WAIT | ARG_EXPIRES | ARG_CHANGE,
	  .needs = ARG_TO,
	  .does = "Move a service to one region by hand",
	  .run = verb_failover },
	{ .name = "failback",
	  .words = "SERVICE",
	  .words_min = 1,
	  .words_max = 1,
	  .takes = ARG_WAIT | ARG_CHANGE,
	  .does = "Give a service back to the rules",
	  .run = verb_failback },
	{ .name = "override list",
	  .words = "",
	  .does = "What operators forced: by whom, why, until when",
	  .run = verb_override_list },
	{ .name = "override clear",
	  .words = "ID",
	  .words_min = 1,
	  .words_max = 1,
	  .takes = ARG_CHANGE | ARG_WAIT,
	  .does = "Take one of them back",
	  .run = verb_override_clear },
	{ .name = "resume",
	  .words = "REGION",
	  .words_min = 1,
	  .words_max = 1,
	  .takes = ARG_SERVICE | ARG_REASON,
	  .does = "End a hold_down before its time",
	  .more = "A region that was down stays out for the service's hold_down, longer each time "
		  "it fails again. This lets it serve at once, if it is well.",
	  .run = verb_resume },
	{ .name = "forget",
	  .words = "NODE",
	  .words_min = 1,
	  .words_max = 1,
	  .takes = ARG_REASON,
	  .does = "A regiond or prober that will not come back",
	  .more = "NODE is REGION/NODE or a prober's name, as `status` shows them. What it said "
		  "last "
		  "counts no more; if it connects again, it is a new one.",
	  .run = verb_forget },

	{ .name = "config check",
	  .group = "Set up",
	  .words = "FILE",
	  .words_min = 1,
	  .words_max = 1,
	  .takes = ARG_PROGRAM,
	  .does = "Every mistake in a configuration file, with its line",
	  .run = verb_config_check },
	{ .name = "config reload",
	  .words = "",
	  .does = "Read the configuration again; a bad one changes nothing",
	  .run = verb_config_reload },
	{ .name = "config show",
	  .words = "",
	  .does = "What is in effect, defaults included",
	  .run = verb_config_show },
	{ .name = "config schema",
	  .words = "[PROGRAM]",
	  .words_max = 1,
	  .does = "The JSON Schema of a program's file, for editors",
	  .more = "PROGRAM is dnsd (as without), regiond or proberd.",
	  .run = verb_config_schema },
	{ .name = "config reference",
	  .words = "[PROGRAM]",
	  .words_max = 1,
	  .does = "Every key, its default and what it is for (Markdown)",
	  .more = "PROGRAM is dnsd (as without), regiond or proberd.",
	  .run = verb_config_reference },
	{ .name = "backup",
	  .words = "FILE",
	  .words_min = 1,
	  .words_max = 1,
	  .does = "A checked copy of the state, while the daemon serves",
	  .more = "It is streamed here and written by the user who asks; FILE must not be there "
		  "yet.",
	  .run = verb_backup },
	{ .name = "restore",
	  .words = "FILE",
	  .words_min = 1,
	  .words_max = 1,
	  .takes = ARG_CONFIG,
	  .does = "Put a backup in its place; the daemon must be stopped",
	  .more = "Where the state belongs is read from --config (" FAIRLEAD_SYSCONFDIR
		  "/dnsd.yaml). What was there stays beside it as PATH.replaced-DATE.",
	  .run = verb_restore },
	{ .name = "cert init",
	  .words = "DIR",
	  .words_min = 1,
	  .words_max = 1,
	  .takes = ARG_FLEET | ARG_DAYS,
	  .needs = ARG_FLEET,
	  .does = "Make the fleet's CA: DIR/ca.crt and DIR/ca.key",
	  .more = "Keep ca.key off the machines that serve. It is valid for 3650 days without "
		  "--days.",
	  .run = verb_cert_init },
	{ .name = "cert issue",
	  .words = "DIR ROLE NAME",
	  .words_min = 3,
	  .words_max = 3,
	  .takes = ARG_REGION | ARG_ADDRESS | ARG_DAYS,
	  .does = "Make a certificate and key for a daemon or a person",
	  .more = "It makes DIR/NAME.crt and DIR/NAME.key; where another owner has these files, "
		  "DIR/REGION-NAME or DIR/ROLE-NAME. ROLE is dnsd, regiond (needs --region), "
		  "prober, viewer, operator or admin. It is valid for 365 days without --days.",
	  .run = verb_cert_issue },
	{ .name = "cert list",
	  .words = "DIR",
	  .words_min = 1,
	  .words_max = 1,
	  .does = "Whose certificates are in DIR, and when each runs out",
	  .run = verb_cert_list },
	{ .name = "cert renew",
	  .words = "DIR NAME",
	  .words_min = 2,
	  .words_max = 2,
	  .takes = ARG_DAYS,
	  .does = "A new pair for DIR/NAME.crt, under the old name",
	  .more = "Without --days it is valid for as long as the old one was. The daemon takes it "
		  "with its next reload.",
	  .run = verb_cert_renew },
};
#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

/* In the contract, but what they work on comes later. */
static const char *const later[] = { "freeze", "thaw", "whatif",     "simulate", "cluster",
				     "dnssec", "top",  "plan",	     "replay",	 "route",
				     "split",  "init", "config push" };

/* The first words of verbs of two. */
static const char *const families[] = { "override", "config", "cert", "help" };

const struct verb *verbs_all(size_t *n)
{
	*n = VERBS;
	return verbs;
}

/* How many of the typed words are this verb's name; 0 = another. */
static int matching_words(const char *name, int n, char *const *words)
{
	size_t len = strcspn(name, " ");

	if (n < 1 || strlen(words[0]) != len || strncmp(name, words[0], len) != 0)
		return 0;
	if (!name[len])
		return 1;
	return n > 1 && strcmp(name + len + 1, words[1]) == 0 ? 2 : 0;
}

/* "override" alone, or "override lst": what may follow. False when no verb begins so. */
static bool is_incomplete(int n, char *const *words, struct failure *p)
{
	const char *first = words[0];
	size_t len = strlen(first);
	struct suggest s;
	struct buf known = BUF_INIT;
	bool any = false;

	suggest_init(&s, n > 1 ? words[1] : "");
	for (size_t i = 0; i < VERBS; i++) {
		if (strncmp(verbs[i].name, first, len) != 0 || verbs[i].name[len] != ' ')
			continue;
		buf_printf(&known, "%s%s", any ? ", " : "", verbs[i].name + len + 1);
		suggest_offer(&s, verbs[i].name + len + 1);
		any = true;
	}
	if (any && n > 1 && words[1][0] != '-')
		outcome_usage(p, "there is no `%s %s`, there are: %s%s%s%s", first, words[1],
			      buf_text(&known), s.best ? "; did you mean " : "",
			      s.best ? s.best : "", s.best ? "?" : "");
	else if (any)
		outcome_usage(p, "`%s` needs one of: %s", first, buf_text(&known));
	buf_fini(&known);
	return any;
}

static void tell_unknown(const char *typed, struct failure *p)
{
	struct suggest s;

	suggest_init(&s, typed);
	for (size_t i = 0; i < VERBS; i++)
		suggest_offer(&s, verbs[i].name);
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		suggest_offer(&s, families[i]);
	outcome_usage(p, "there is no verb `%s`%s%s%s", typed, s.best ? "; did you mean `" : "",
		      s.best ? s.best : "", s.best ? "`?" : "");
}

const struct verb *verbs_find(int n, char *const *words, int *used, struct failure *p)
{
	for (size_t i = 0; i < VERBS; i++) {
		*used = matching_words(verbs[i].name, n, words);
		if (*used)
			return &verbs[i];
	}
	for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++)
		if (matching_words(later[i], n, words)) {
			outcome_set(p, "refused", "`%s` is not in this version", later[i]);
			return NULL;
		}
	if (!is_incomplete(n, words, p))
		tell_unknown(words[0], p);
	return NULL;
}
