/* SPDX-License-Identifier: Apache-2.0 */
/* report: mistakes and notes of one file, gathered in any order and told in the file's.
 *
 *   dnsd.yaml:12:9: error: `ttl` is 3s: too little, expected 5s to 7d
 *       ttl: 3s
 *            ^~
 *
 * Threads    one owner at a time
 * Ownership  see config_report in config.h; the source text is copied
 * Units      lines and columns from 1, columns and widths in characters
 * Errors     none: without memory texts are missing, and the counts are right
 */
#ifndef FAIRLEAD_SCHEMA_CONFIG_REPORT_H
#define FAIRLEAD_SCHEMA_CONFIG_REPORT_H

#include "schema/config/config.h"

/* At most so many of each kind are told; the rest is counted. */
#define REPORT_MESSAGES_MAX 200

struct report_place {
	uint32_t line, column, width;
};

/* Begins with a file: what was in the report before is dropped. */
void report_open(struct config_report *r, const char *file, const char *text, size_t len);

void report_error(struct config_report *r, struct report_place at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void report_note(struct config_report *r, struct report_place at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Writes errors and notes into the report's buffers, by line and column. */
void report_close(struct config_report *r);

#endif
