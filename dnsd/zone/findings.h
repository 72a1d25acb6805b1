/* SPDX-License-Identifier: Apache-2.0 */
/* findings: the mistakes of one zone file and of what it includes, each with its place.
 *
 *   FILE:LINE: error: what is wrong, and what was expected
 *   FILE:LINE: warning: what is odd, and what is done about it
 *
 * A place ("where") is 32 bits: the file's number (from 1) above, the line in the lower 24. It is
 * kept in every compiled RRset, so that a conflict found later can be named too.
 *
 * Threads    the loading thread
 * Ownership  the file list is handed over to the zone by findings_take_files()
 * Errors     ERR_LIMIT when there are too many files
 */
#ifndef FAIRLEAD_DNSD_ZONE_FINDINGS_H
#define FAIRLEAD_DNSD_ZONE_FINDINGS_H

#include "core/buf.h"
#include "core/err.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#define FINDINGS_FILES_MAX 255
#define FINDINGS_LINE_MAX  0xffffff

struct zone_file {
	char *path;
	bool is_file; /* false: text from memory */
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec mtime, ctime;
};

struct findings {
	struct buf *out; /* may be NULL */
	struct zone_file *files;
	uint16_t n_files;
	uint32_t mistakes, mistakes_max;
	uint32_t warnings; /* as many at most, too */
	char first[256];   /* the first error, for the struct err */
};

void findings_init(struct findings *r, struct buf *out, uint32_t mistakes_max);
void findings_fini(struct findings *r);

/* Registers a file; st NULL = text from memory. *number is what findings_where() takes. */
enum err_code findings_add_file(struct findings *r, const char *path, const struct stat *st,
				uint16_t *number);
struct zone_file *findings_take_files(struct findings *r, uint16_t *count);
void findings_free_files(struct zone_file *files, uint16_t count);

static inline uint32_t findings_where(uint16_t file, uint32_t line)
{
	return (uint32_t)file << 24 | (line < FINDINGS_LINE_MAX ? line : FINDINGS_LINE_MAX);
}

static inline uint32_t findings_line(uint32_t where)
{
	return where & FINDINGS_LINE_MAX;
}

const char *findings_file(const struct zone_file *files, uint16_t count, uint32_t where);

void findings_mistake(struct findings *r, uint32_t where, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void findings_warning(struct findings *r, uint32_t where, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* So many errors that going on helps nobody. */
bool findings_is_full(const struct findings *r);

#endif
