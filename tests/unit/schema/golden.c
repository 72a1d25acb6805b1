/* SPDX-License-Identifier: Apache-2.0 */
/* golden: texts that are kept in the tree and compared whole. */
#include "tests/unit/schema/golden.h"

#include "core/file.h"

#include <dirent.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GOLDEN_MAX (4u << 20)

void golden_path(char *out, size_t room, const char *fmt, ...)
{
	const char *top = getenv("srcdir");
	int n = snprintf(out, room, "%s/", top ? top : ".");
	va_list args;

	va_start(args, fmt);
	vsnprintf(out + n, room - (size_t)n, fmt, args);
	va_end(args);
}

char *golden_read(const char *path, size_t *len)
{
	char *text;

	return file_read(path, GOLDEN_MAX, &text, len, NULL) == ERR_OK ? text : NULL;
}

static void print_difference(const char *path, const char *kept, const char *text)
{
	unsigned line = 1;

	while (*kept && *kept == *text) {
		line += *kept == '\n';
		kept++;
		text++;
	}
	printf("%s:%u: differs:\n  kept: %.*s\n  now:  %.*s\n", path, line,
	       (int)strcspn(kept, "\n"), kept, (int)strcspn(text, "\n"), text);
}

bool golden_is_equal(const char *path, const char *text)
{
	struct err e = { "" };
	size_t len;
	char *kept;
	bool is_equal;

	if (getenv("UPDATE_GOLDEN")) {
		if (file_replace(path, text, strlen(text), 0644, &e) != ERR_OK)
			printf("%s\n", e.text);
		return true;
	}
	kept = golden_read(path, &len);
	is_equal = kept && !strcmp(kept, text);
	if (!is_equal)
		print_difference(path, kept ? kept : "", text);
	free(kept);
	return is_equal;
}

size_t golden_each(const char *directory, const char *suffix,
		   void (*fn)(const char *directory, const char *name))
{
	struct dirent **entries;
	int n = scandir(directory, &entries, NULL, alphasort);
	size_t count = 0;

	for (int i = 0; i < n; i++) {
		const char *dot = strrchr(entries[i]->d_name, '.');

		if (dot && !strcmp(dot, suffix)) {
			fn(directory, entries[i]->d_name);
			count++;
		}
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	return count;
}
