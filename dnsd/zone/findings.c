/* SPDX-License-Identifier: Apache-2.0 */
/* findings: the mistakes of one zone file. See findings.h. */
#include "dnsd/zone/findings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MISTAKES_DEFAULT 50

void findings_init(struct findings *r, struct buf *out, uint32_t mistakes_max)
{
	*r = (struct findings){ .out = out,
				.mistakes_max = mistakes_max ? mistakes_max : MISTAKES_DEFAULT };
}

void findings_fini(struct findings *r)
{
	findings_free_files(r->files, r->n_files);
	r->files = NULL;
	r->n_files = 0;
}

enum err_code findings_add_file(struct findings *r, const char *path, const struct stat *st,
				uint16_t *number)
{
	struct zone_file *grown;
	char *copy;

	if (r->n_files == FINDINGS_FILES_MAX)
		return ERR_LIMIT;
	grown = realloc(r->files, (r->n_files + 1u) * sizeof(*grown));
	if (!grown)
		return ERR_MEMORY;
	r->files = grown;
	copy = strdup(path);
	if (!copy)
		return ERR_MEMORY;
	grown[r->n_files] = (struct zone_file){ .path = copy };
	if (st) {
		grown[r->n_files].is_file = true;
		grown[r->n_files].dev = st->st_dev;
		grown[r->n_files].ino = st->st_ino;
		grown[r->n_files].size = st->st_size;
		grown[r->n_files].mtime = st->st_mtim;
		grown[r->n_files].ctime = st->st_ctim;
	}
	*number = ++r->n_files;
	return ERR_OK;
}

struct zone_file *findings_take_files(struct findings *r, uint16_t *count)
{
	struct zone_file *files = r->files;

	*count = r->n_files;
	r->files = NULL;
	r->n_files = 0;
	return files;
}

void findings_free_files(struct zone_file *files, uint16_t count)
{
	for (uint16_t i = 0; i < count; i++)
		free(files[i].path);
	free(files);
}

const char *findings_file(const struct zone_file *files, uint16_t count, uint32_t where)
{
	uint32_t number = where >> 24;

	return number >= 1 && number <= count ? files[number - 1].path : "?";
}

static void add_line(struct findings *r, uint32_t where, const char *kind, const char *text)
{
	if (r->out)
		buf_printf(r->out, "%s:%u: %s: %s\n", findings_file(r->files, r->n_files, where),
			   findings_line(where), kind, text);
}

void findings_mistake(struct findings *r, uint32_t where, const char *fmt, ...)
{
	char text[2048];
	va_list args;

	if (r->mistakes >= r->mistakes_max)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (r->mistakes++ == 0)
		snprintf(r->first, sizeof(r->first), "%s:%u: %.200s",
			 findings_file(r->files, r->n_files, where), findings_line(where), text);
	add_line(r, where, "error", text);
	if (r->mistakes == r->mistakes_max)
		add_line(r, where, "error", "too many mistakes, the rest is not looked at");
}

void findings_warning(struct findings *r, uint32_t where, const char *fmt, ...)
{
	char text[2048];
	va_list args;

	if (r->warnings >= r->mistakes_max)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	add_line(r, where, "warning", text);
	if (++r->warnings == r->mistakes_max)
		add_line(r, where, "warning", "more warnings are not shown");
}

bool findings_is_full(const struct findings *r)
{
	return r->mistakes >= r->mistakes_max;
}
