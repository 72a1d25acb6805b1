/* SPDX-License-Identifier: Apache-2.0 */
/* file: whole files in, whole files out, and a private directory.
 *
 * Threads    any
 * Ownership  *out is malloc'd and terminated by a zero that is not counted
 * Errors     the path is in the text; ERR_NOT_FOUND and ERR_LIMIT (over `max`) when reading; a
 *            failed write leaves the old file, and nothing beside it
 */
#ifndef FAIRLEAD_CORE_FILE_H
#define FAIRLEAD_CORE_FILE_H

#include "core/err.h"

#include <stddef.h>
#include <sys/types.h>

/* ERR_INPUT for what is no regular file: a FIFO or a device could keep the caller for ever. */
enum err_code file_read(const char *path, size_t max, char **out, size_t *len, struct err *e);
/* Writes beside it, fsyncs, renames over it. */
enum err_code file_replace(const char *path, const void *bytes, size_t len, mode_t mode,
			   struct err *e);
/* mkdir -p with mode 0750 for the directory that will hold `path`. */
enum err_code file_make_parent(const char *path, struct err *e);

#endif
