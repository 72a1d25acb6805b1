/* SPDX-License-Identifier: Apache-2.0 */
/* profile: which daemon to ask when the command line does not say: the environment, then a file. */
#include "ctl/profile.h"

#include "core/arena.h"
#include "core/file.h"
#include "schema/config/yaml.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (64u << 10)

struct profile {
	struct arena *memory;
	char file[PATH_MAX];
	struct call_target target; /* as the file has it */
};

struct field {
	const char *key, *variable;
	size_t offset; /* in struct call_target */
	bool is_path, is_where;
};

static const struct field fields[] = {
	{ "socket", "FAIRLEAD_SOCKET", offsetof(struct call_target, socket), true, true },
	{ "host", "FAIRLEAD_HOST", offsetof(struct call_target, host), false, true },
	{ "cert", "FAIRLEAD_CERT", offsetof(struct call_target, certificate), true, false },
	{ "key", "FAIRLEAD_KEY", offsetof(struct call_target, key), true, false },
	{ "ca", "FAIRLEAD_CA", offsetof(struct call_target, ca), true, false },
};
#define FIELDS (sizeof(fields) / sizeof(fields[0]))

static const char **slot(struct call_target *target, const struct field *field)
{
	return (const char **)((char *)target + field->offset);
}

/* A socket or a host that stands already decides; else what `from` has is taken. */
static void take(struct call_target *to, struct call_target *from)
{
	bool has_where = to->socket || to->host;

	for (size_t i = 0; i < FIELDS; i++) {
		const char **mine = slot(to, &fields[i]);

		if (!*mine && !(fields[i].is_where && has_where))
			*mine = *slot(from, &fields[i]);
	}
}

static void take_environment(profile_env_fn env, struct call_target *target)
{
	struct call_target from = { 0 };

	for (size_t i = 0; i < FIELDS; i++) {
		const char *value = env(fields[i].variable);

		*slot(&from, &fields[i]) = value && value[0] ? value : NULL;
	}
	take(target, &from);
}

/* ---- the file ---- */

static bool has_path(profile_env_fn env, char out[PATH_MAX])
{
	const char *folder = env("XDG_CONFIG_HOME"), *home = env("HOME");
	int len = 0;

	if (folder && folder[0] == '/')
		len = snprintf(out, PATH_MAX, "%s/fairlead.yaml", folder);
	else if (home && home[0] == '/')
		len = snprintf(out, PATH_MAX, "%s/.config/fairlead.yaml", home);
	return len > 0 && len < PATH_MAX;
}

static const struct field *find_field(const char *key)
{
	for (size_t i = 0; i < FIELDS; i++)
		if (strcmp(fields[i].key, key) == 0)
			return &fields[i];
	return NULL;
}

static const char *resolve(struct profile *p, const struct field *field, const char *text)
{
	const char *slash = strrchr(p->file, '/');
	size_t folder = (size_t)(slash - p->file) + 1, len = strlen(text);
	char *out;

	if (!field->is_path || text[0] == '/')
		folder = 0;
	out = arena_alloc(p->memory, folder + len + 1);
	if (!out)
		return NULL;
	memcpy(out, p->file, folder);
	memcpy(out + folder, text, len + 1);
	return out;
}

static void read_pair(struct profile *p, const struct yaml_node *value,
		      struct config_report *report)
{
	const struct field *field = find_field(value->key->text);

	if (!field)
		report_error(report, value->key->at,
			     "`%s` is not known here, expected socket, host, cert, key or ca",
			     value->key->text);
	else if (!value->is_broken && (value->kind != YAML_SCALAR || !value->len))
		report_error(report, yaml_place(value), "`%s` has no value, expected a text",
			     field->key);
	else if (*slot(&p->target, field))
		report_error(report, value->key->at, "`%s` stands here twice", field->key);
	else
		*slot(&p->target, field) = resolve(p, field, value->text);
}

static enum outcome read_text(struct profile *p, const char *text, size_t len, struct failure *f)
{
	struct config_report report;
	struct yaml_node *root = NULL;
	enum outcome outcome = OUTCOME_DONE;

	config_report_init(&report);
	report_open(&report);
	if (yaml_parse(p->memory, text, len, report_source(&report, p->file, text, len), &report,
		       &root) == ERR_OK &&
	    root) {
		if (root->kind != YAML_MAPPING)
			report_error(&report, root->at, "expected `host: HOST:PORT` and such");
		for (const struct yaml_node *value = root->kind == YAML_MAPPING ? root->first
										: NULL;
		     value; value = value->next)
			read_pair(p, value, &report);
	}
	report_close(&report);
	if (report.n_errors)
		outcome = outcome_set(f, "input", "%s", buf_text(&report.errors));
	config_report_fini(&report);
	return outcome;
}

static enum outcome read_file(struct profile *p, struct failure *f)
{
	enum outcome outcome;
	struct err e;
	size_t len;
	char *text;
	enum err_code code = file_read(p->file, FILE_MAX, &text, &len, &e);

	if (code == ERR_NOT_FOUND)
		return OUTCOME_DONE;
	if (code != ERR_OK)
		return outcome_err(f, code, &e);
	outcome = read_text(p, text, len, f);
	free(text);
	return outcome;
}

enum outcome profile_fill(struct profile **out, profile_env_fn env, struct call_target *target,
			  struct failure *f)
{
	struct profile *p;
	enum outcome outcome;

	*out = NULL;
	take_environment(env, target);
	if (target->socket || (target->host && target->certificate && target->key && target->ca))
		return OUTCOME_DONE; /* nothing is missing */
	p = calloc(1, sizeof(*p));
	if (!p || !(p->memory = arena_new())) {
		free(p);
		return outcome_set(f, "memory", "out of memory");
	}
	outcome = has_path(env, p->file) ? read_file(p, f) : OUTCOME_DONE;
	if (outcome == OUTCOME_DONE)
		take(target, &p->target);
	*out = p;
	return outcome;
}

void profile_free(struct profile *p)
{
	if (p)
		arena_free(p->memory);
	free(p);
}
