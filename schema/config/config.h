/* SPDX-License-Identifier: Apache-2.0 */
/* config: a YAML file against a table of keys, all mistakes at once, into a plain struct.
 *
 * One table a program (keys_dnsd.c, keys_regiond.c, keys_proberd.c) gives each key its type, unit,
 * range, default, reload rule and sentence of documentation. Parsing, `config schema` (JSON
 * Schema), the reference page and `config show` all come from it.
 *
 * Threads    any; a loaded config does not change
 * Ownership  config_*_load gives a whole to free with config_*_free; strings inside belong to it
 * Units      durations _ms, sizes _bytes, shares _ppm, latitude and longitude in 1e-4 degrees
 * Errors     every mistake is one "FILE:LINE:COL: error: what, and what was expected" with the line
 * and a caret, in the report; the call then returns ERR_INPUT and *out is untouched
 */
#ifndef FAIRLEAD_SCHEMA_CONFIG_H
#define FAIRLEAD_SCHEMA_CONFIG_H

#include "core/addr.h"
#include "core/buf.h"
#include "core/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct arena;
struct dnsd_config;
struct regiond_config;
struct proberd_config;

/* What a load had to say. Errors and notes are whole lines, caret lines included. */
struct config_report {
	struct buf errors; /* gcc-style; empty when good */
	struct buf notes;  /* "FILE:LINE:COL: note: `dnssec` is not in effect yet ..." */
	unsigned n_errors, n_notes;

	/* The loader's own: whom it speaks of, and what is not written out yet. */
	char *file;
	struct buf source;
	struct config_message *messages;
	size_t n_messages, room;
};
void config_report_init(struct config_report *r);
void config_report_fini(struct config_report *r);

/* Where a value stood: "FILE:LINE:COL" of a struct config_pos, for errors found later (a zone file
 * that cannot be read, a database of the wrong kind). */
struct config_pos {
	uint32_t line, column; /* from 1; 0 = the file as a whole */
};

/* Adds such a later error, with its line and caret, to the report the file was loaded with. */
void config_report_error(struct config_report *r, const struct config_pos *pos, const char *fmt,
			 ...) __attribute__((format(printf, 3, 4)));

enum err_code config_dnsd_load(const char *path, struct dnsd_config **out,
			       struct config_report *report);
void config_dnsd_free(struct dnsd_config *c);

enum err_code config_regiond_load(const char *path, struct regiond_config **out,
				  struct config_report *report);
void config_regiond_free(struct regiond_config *c);

enum err_code config_proberd_load(const char *path, struct proberd_config **out,
				  struct config_report *report);
void config_proberd_free(struct proberd_config *c);

/* The same loads from memory; `name` stands for the file in messages. For tests and fuzzers. */
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

/* What is in effect, as `config show` prints it: a new reference, NULL without memory. */
json_t *config_dnsd_json(const struct dnsd_config *c);
json_t *config_regiond_json(const struct regiond_config *c);
json_t *config_proberd_json(const struct proberd_config *c);

/* The keys that changed and that a reload cannot bring into effect, such as "listen.dns, workers",
 * go into `names`. */
bool config_dnsd_needs_restart(const struct dnsd_config *before, const struct dnsd_config *after,
			       struct buf *names);
bool config_regiond_needs_restart(const struct regiond_config *before,
				  const struct regiond_config *after, struct buf *names);
bool config_proberd_needs_restart(const struct proberd_config *before,
				  const struct proberd_config *after, struct buf *names);

/* A check on its own: "monitors" as dnsd, regiond and proberd share them. */
struct config_header {
	char *name, *value;
};

enum monitor_type { MONITOR_TCP, MONITOR_HTTP, MONITOR_HTTPS, MONITOR_DNS, MONITOR_ICMP };

struct config_monitor {
	char *name;
	struct config_pos pos;
	enum monitor_type type;
	uint16_t port;		    /* 0 = the backend's own (regiond) */
	char *method, *path, *host; /* "GET", "/", NULL */
	struct config_header *headers;
	size_t n_headers;
	char *body;		       /* NULL = none */
	uint16_t expect_status;	       /* 0 = any 2xx or 3xx */
	char *expect_body_regex;       /* POSIX extended; NULL = any */
	char *query_name, *query_type; /* dns: default "." and "NS" */
	uint64_t interval_ms, timeout_ms;
	uint32_t rise, fall;
	bool has_type;

	/* A composite has no check of its own: it passes when at least `n_least` of these pass. */
	uint32_t *of; /* indices in monitors */
	size_t n_of;  /* 0 = a check of its own */
	uint32_t n_least;
};

struct config_tls {
	char *certificate, *key, *ca;
	struct config_pos pos;
};

struct config_host_port {
	char *host;
	uint16_t port;
	struct config_pos pos;
};

#endif
