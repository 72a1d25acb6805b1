/* SPDX-License-Identifier: Apache-2.0 */
/* store_check: is the state file whole? A history of 300 MiB takes seconds to read, and no start
 * waits for it.
 *
 *   at the start      overrides, health, nodes, the heads of the chains: all that is not history;
 *                     of a small file everything
 *   while it serves   everything, by a reader on a helper thread; damage that is found then is
 *                     told to the owner, who takes no changes from there on
 *
 * Threads    store_check_start() and store_condemn() the owner; store_check_all() any
 * Errors     ERR_INPUT: damaged; ERR_AGAIN when `go_on` said no; else those of store.h
 */
#ifndef FAIRLEAD_SCHEMA_STORE_CHECK_H
#define FAIRLEAD_SCHEMA_STORE_CHECK_H

#include "schema/sql/store_verify.h"

enum err_code store_check_start(struct store *s, struct err *e); /* for store_open() */
/* The start has left the history out. */
bool store_is_part_checked(const struct store *s);
/* The whole file. */
enum err_code store_check_all(struct store *reader, const struct store_progress *progress,
			      struct err *e);
/* Changes are refused until the end of the process, and the problem says what to do. */
void store_condemn(struct store *s, const struct err *why);

#endif
