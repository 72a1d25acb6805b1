/* SPDX-License-Identifier: Apache-2.0 */
/* config: a YAML file against a table of keys, all mistakes at once, into a plain struct. */
#include "schema/config/config.h"

#include "schema/config/check.h"
#include "schema/config/dnsd_config.h"
#include "schema/config/include.h"
#include "schema/config/keys.h"
#include "schema/config/proberd_config.h"
#include "schema/config/reference.h"
#include "schema/config/regiond_config.h"
#include "schema/config/reload.h"
#include "schema/config/schema.h"
#include "schema/config/show.h"

#include <string.h>

/* What a program's file is made of. Every config struct begins with its file's name and the memory
 * it lives in. */
struct program {
	const struct key *keys;
	size_t size;
	void (*check)(struct walker *w, void *config);
};

/* By enum config_program. */
static const struct {
	const char *name;
	const struct key *keys;
} tables[] = {
	[CONFIG_DNSD] = { "dnsd", keys_dnsd },
	[CONFIG_REGIOND] = { "regiond", keys_regiond },
	[CONFIG_PROBERD] = { "proberd", keys_proberd },
};

void config_schema(enum config_program program, struct buf *out)
{
	schema_write(tables[program].name, tables[program].keys, out);
}

void config_reference(enum config_program program, struct buf *out)
{
	reference_write(tables[program].name, tables[program].keys, out);
}

static const struct program dnsd = { keys_dnsd, sizeof(struct dnsd_config), check_dnsd };
static const struct program regiond = { keys_regiond, sizeof(struct regiond_config),
					check_regiond };
static const struct program proberd = { keys_proberd, sizeof(struct proberd_config),
					check_proberd };

struct config_head {
	char *file;
	struct arena *memory;
	struct config_files files;
};

static void fill(const struct program *p, struct arena *memory, const struct yaml_node *root,
		 struct config_report *report, void *config)
{
	struct walker w = { .memory = memory, .report = report, .root = root };

	walker_run(&w, p->keys, config);
	if (!arena_is_exhausted(memory))
		p->check(&w, config);
}

static void keep_files(struct config_head *config, const struct config_report *report)
{
	char **names = arena_array(config->memory, report->n_files, sizeof(*names));

	if (!names)
		return;
	config->files = (struct config_files){ names, report->n_files };
	for (uint32_t i = 0; i < report->n_files; i++) {
		const char *name = report_file_name(report, i);

		names[i] = arena_text(config->memory, name, strlen(name));
	}
}

/* The whole config lives in one arena, which it points to; the tree goes when it is read. Without a
 * text it is read from the file `name`. */
static enum err_code read_config(const struct program *p, const char *name, const char *text,
				 size_t len, void **out, struct config_report *report)
{
	struct arena *memory = arena_new(), *tree = arena_new();
	struct config_head *config = memory ? arena_array(memory, 1, p->size) : NULL;
	enum err_code code = config && tree ? ERR_OK : ERR_MEMORY;
	struct yaml_node *root = NULL;

	report_open(report);
	if (!code)
		code = text ? include_parse(tree, name, text, len, report, &root)
			    : include_load(tree, name, report, &root);
	if (!code) {
		config->file = arena_text(memory, name, strlen(name));
		config->memory = memory;
		keep_files(config, report);
		fill(p, memory, root, report, config);
		code = arena_is_exhausted(memory) ? ERR_MEMORY
		       : report->n_errors	  ? ERR_INPUT
						  : ERR_OK;
	}
	if (code == ERR_MEMORY && report->n_errors == 0)
		report_error(report, (struct report_place){ 0 }, "out of memory");
	report_close(report);
	arena_free(tree);
	if (code)
		arena_free(memory);
	else
		*out = config;
	return code;
}

static void free_config(void *config)
{
	if (config)
		arena_free(((struct config_head *)config)->memory);
}

/* The three programs differ in their types only. */
#define CONFIG_PROGRAM(program)                                                                \
	_Static_assert(offsetof(struct program##_config, files) ==                             \
			       offsetof(struct config_head, files),                            \
		       "a config begins with its head");                                       \
	enum err_code config_##program##_load(const char *path, struct program##_config **out, \
					      struct config_report *report)                    \
	{                                                                                      \
		void *config;                                                                  \
		enum err_code code = read_config(&program, path, NULL, 0, &config, report);    \
                                                                                               \
		if (!code)                                                                     \
			*out = config;                                                         \
		return code;                                                                   \
	}                                                                                      \
	enum err_code config_##program##_parse(const char *name, const char *text, size_t len, \
					       struct program##_config **out,                  \
					       struct config_report *report)                   \
	{                                                                                      \
		void *config;                                                                  \
		enum err_code code = read_config(&program, name, text, len, &config, report);  \
                                                                                               \
		if (!code)                                                                     \
			*out = config;                                                         \
		return code;                                                                   \
	}                                                                                      \
	void config_##program##_free(struct program##_config *c)                               \
	{                                                                                      \
		free_config(c);                                                                \
	}                                                                                      \
	json_t *config_##program##_json(const struct program##_config *c)                      \
	{                                                                                      \
		return show_config(keys_##program, c);                                         \
	}                                                                                      \
	bool config_##program##_needs_restart(const struct program##_config *before,           \
					      const struct program##_config *after,            \
					      struct buf *names)                               \
	{                                                                                      \
		return reload_needs_restart(keys_##program, before, after, names);             \
	}

CONFIG_PROGRAM(dnsd)
CONFIG_PROGRAM(regiond)
CONFIG_PROGRAM(proberd)
