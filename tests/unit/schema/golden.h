/* SPDX-License-Identifier: Apache-2.0 */
/* golden: texts that are kept in the tree and compared whole. UPDATE_GOLDEN=1 writes them anew.
 *
 * Threads    one
 * Ownership  what golden_read() gives is freed by the caller
 */
#ifndef FAIRLEAD_TESTS_GOLDEN_H
#define FAIRLEAD_TESTS_GOLDEN_H

#include <stdbool.h>
#include <stddef.h>

/* A path under the top source directory, which `make check` gives as $srcdir. */
void golden_path(char *out, size_t room, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Terminated; NULL when there is no such file. */
char *golden_read(const char *path, size_t *len);

/* Whether the file holds exactly `text`; prints the first line that differs. */
bool golden_is_equal(const char *path, const char *text);

/* Calls fn with each file of the directory that ends with `suffix`, by name. How many there were.
 */
size_t golden_each(const char *directory, const char *suffix,
		   void (*fn)(const char *directory, const char *name));

#endif
