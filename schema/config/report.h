/* SPDX-License-Identifier: Apache-2.0 */
/* report: mistakes, warnings and notes of a configuration, told in the order of the
 * file's lines, whatever the order in which they are found.
 *
 *   dnsd.yaml:12:9: error: `ttl` is 3s: too little, expected 5s to 7d
 *       ttl: 3s
 *            ^~
 *
 * A file and the files that it includes are one report: each has a number, in the order in which
 * they are read. A message about something that the configuration names (a zone, a certificate) has
 * the place where it is named.
 *
 * Threads    one owner at a time
 * Ownership  config_report_init() makes it, config_report_fini() frees it; texts are copied
 * Units      lines and columns from 1, columns and widths in characters
 * Errors     none: when memory is out, texts are missing and the counts are right
 */
#ifndef FAIRLEAD_SCHEMA_CONFIG_REPORT_H
#define FAIRLEAD_SCHEMA_CONFIG_REPORT_H

#include "core/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* At most so many of each kind are told; the rest is counted. */
#define REPORT_MESSAGES_MAX 200
#define REPORT_FILES_MAX    256

/* Where a value stands, for messages made later. */
struct config_pos {
	uint32_t line, column; /* from 1; 0 = the file as a whole */
	uint32_t file;	       /* number in the report */
};

/* The names of the files that a loaded configuration was read from, by their numbers. */
struct config_files {
	char **names;
	uint32_t n;
};

struct report_place {
	uint32_t line, column, width, file;
};

enum report_kind { REPORT_ERROR, REPORT_WARNING, REPORT_NOTE };

struct config_report {
	struct buf errors; /* whole lines, caret lines included; empty when there is no mistake */
	struct buf notes;  /* warnings and notes, the same way */
	unsigned n_errors, n_warnings, n_notes;
	bool is_check; /* set by who runs --check, before the load: named.h then looks closer */

	struct report_file *files;
	uint32_t n_files;
	struct report_message *messages;
	size_t n_messages, room;
};

void config_report_init(struct config_report *r);
void config_report_fini(struct config_report *r);

/* One more message about the file that was loaded, or about what it names at `pos` (NULL = the file
 * as a whole). The buffers are written anew, in order. The same text at the same place is told
 * once. */
void config_report_error(struct config_report *r, const struct config_pos *pos, const char *fmt,
			 ...) __attribute__((format(printf, 3, 4)));
void config_report_warning(struct config_report *r, const struct config_pos *pos, const char *fmt,
			   ...) __attribute__((format(printf, 3, 4)));
/* An error that has lines of its own, such as those of a zone file: `lines` come before it. */
void config_report_lines(struct config_report *r, const struct config_pos *pos, const char *lines,
			 const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* Such lines alone, which are no mistake of the configuration: warnings of a zone file. */
void config_report_warning_lines(struct config_report *r, const struct config_pos *pos,
				 const char *lines);
/* For a report that a configuration was not loaded with: its files get their names, and messages
 * have no caret. Otherwise it changes nothing. */
void config_report_about(struct config_report *r, const struct config_files *files);
/* "FILE:LINE:COL" of a place in a loaded configuration. */
void config_where(const struct config_files *files, const struct config_pos *pos, struct buf *out);

/* For the loader. Begins anew: what was in the report before is dropped. */
void report_open(struct config_report *r);
/* Adds a file, and gives its number; REPORT_FILES_MAX when there is no room. */
uint32_t report_source(struct config_report *r, const char *name, const char *text, size_t len);
const char *report_file_name(const struct config_report *r, uint32_t file);
/* Gathers without writing the buffers: report_close() writes them. */
void report_add(struct config_report *r, enum report_kind kind, struct report_place at,
		const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void report_close(struct config_report *r);

#define report_error(r, at, ...)   report_add(r, REPORT_ERROR, at, __VA_ARGS__)
#define report_warning(r, at, ...) report_add(r, REPORT_WARNING, at, __VA_ARGS__)
#define report_note(r, at, ...)	   report_add(r, REPORT_NOTE, at, __VA_ARGS__)

#endif
