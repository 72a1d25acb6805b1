/* SPDX-License-Identifier: Apache-2.0 */
/* config: a YAML file, read against a table of keys into a plain struct, and all its mistakes.
 *
 * One table a program (keys_dnsd.c, keys_regiond.c, keys_proberd.c) gives each key its type, unit,
 * range, default, reload rule and documentation. Parsing, `config schema` (JSON Schema), the
 * reference page and `config show` all come from it.
 *
 * A file may include others (include.h), and its values may hold variables of the environment
 * (environment.h).
 *
 * Threads    any; a loaded configuration does not change
 * Ownership  a load gives a whole to free with config_*_free(); the strings inside belong to it
 * Units      durations in _ms, sizes in _bytes, shares in _ppm, positions in 1e-4 degrees
 * Errors     ERR_INPUT with every mistake in the report (report.h), and *out untouched;
 *            ERR_NOT_FOUND, ERR_IO and others when the file cannot be read
 * Source     docs/config-dnsd.md, docs/config-regiond.md, docs/config-proberd.md
 */
#ifndef FAIRLEAD_SCHEMA_CONFIG_H
#define FAIRLEAD_SCHEMA_CONFIG_H

#include "core/buf.h"
#include "core/err.h"
#include "schema/config/common_config.h"
#include "schema/config/report.h"

#include <jansson.h>
#include <stdbool.h>

struct dnsd_config;
struct regiond_config;
struct proberd_config;

enum err_code config_dnsd_load(const char *path, struct dnsd_config **out,
			       struct config_report *report);
void config_dnsd_free(struct dnsd_config *c);

enum err_code config_regiond_load(const char *path, struct regiond_config **out,
				  struct config_report *report);
void config_regiond_free(struct regiond_config *c);

enum err_code config_proberd_load(const char *path, struct proberd_config **out,
				  struct config_report *report);
void config_proberd_free(struct proberd_config *c);

/* The same loads from memory; `name` stands for the file in messages, and nothing can be included.
 * For tests and fuzzers. */
enum err_code config_dnsd_parse(const char *name, const char *text, size_t len,
				struct dnsd_config **out, struct config_report *report);
enum err_code config_regiond_parse(const char *name, const char *text, size_t len,
				   struct regiond_config **out, struct config_report *report);
enum err_code config_proberd_parse(const char *name, const char *text, size_t len,
				   struct proberd_config **out, struct config_report *report);

enum config_program { CONFIG_DNSD, CONFIG_REGIOND, CONFIG_PROBERD };

/* JSON Schema (draft 2020-12), and the reference page in Markdown, from the table. */
void config_schema(enum config_program program, struct buf *out);
void config_reference(enum config_program program, struct buf *out);

/* What is in effect, as `config show` prints it: a new reference, NULL when out of memory. */
json_t *config_dnsd_json(const struct dnsd_config *c);
json_t *config_regiond_json(const struct regiond_config *c);
json_t *config_proberd_json(const struct proberd_config *c);

/* Whether keys changed that a reload cannot bring into effect; they are added to `names`, such as
 * "listen.dns, workers". */
bool config_dnsd_needs_restart(const struct dnsd_config *before, const struct dnsd_config *after,
			       struct buf *names);
bool config_regiond_needs_restart(const struct regiond_config *before,
				  const struct regiond_config *after, struct buf *names);
bool config_proberd_needs_restart(const struct proberd_config *before,
				  const struct proberd_config *after, struct buf *names);

#endif
