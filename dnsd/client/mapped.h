/* SPDX-License-Identifier: Apache-2.0 */
/* mapped: a file that others write, mapped so that nothing they do to it ends its reader.
 *
 * A mapped file that is cut short gives SIGBUS to whoever reads behind its new end. Here such a
 * read gives zeros instead, and mapped_is_whole() is false from then on. A copy in memory would do
 * the same, at 200 MB for a city database; a mapping is given back page by page.
 *
 * Threads    opened, read and closed by one thread (the handler of SIGBUS looks at that thread's
 *            files); any number of threads may have files of their own
 * Ownership  mapped_close() frees
 * Units      bytes
 * Errors     ERR_IO; ERR_INPUT for what is empty or no regular file (a FIFO is not waited for). A
 *            SIGBUS outside of these files goes to the handler that was there before
 */
#ifndef FAIRLEAD_DNSD_CLIENT_MAPPED_H
#define FAIRLEAD_DNSD_CLIENT_MAPPED_H

#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mapped;

enum err_code mapped_open(const char *path, struct mapped **out, struct err *e);
void mapped_close(struct mapped *m); /* NULL is fine */

const uint8_t *mapped_bytes(const struct mapped *m);
size_t mapped_len(const struct mapped *m);

/* Whether all that was read is what the file held when it was opened: neither cut nor written
 * since. Ask after the last read. */
bool mapped_is_whole(const struct mapped *m);

/* Pages that were read need not stay with the process. */
void mapped_release(const struct mapped *m);

#endif
