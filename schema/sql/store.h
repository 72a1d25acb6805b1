/* SPDX-License-Identifier: Apache-2.0 */
/* store: the state that survives, in SQLite: opening and closing it, and transactions.
 *
 * WAL, synchronous=FULL, STRICT tables, numbered migrations by user_version. A call that changes
 * something has it on disk when it returns ERR_OK, and has changed nothing otherwise.
 *
 *   store_override.h  what operators forced, and what is held for a failback
 *   store_event.h     what happened; store_audit.h who did what
 *   store_verify.h    both are hash-chained, and checked; store_trim.h what is too old leaves them
 *   store_health.h    last known health; store_node.h who belongs to the fleet
 *   store_reader.h    a second, read-only connection for other threads
 *   store_backup.h    copies of it; store_restore.h the way back
 *   store_look.h      can it be written? store_check.h is it whole?
 *   store_stand_in.h  a start without a usable file
 *
 * Threads    one owner (the control thread); other threads have a reader or a copy of their own
 *
 * Ownership  lists are freed with their store_*_free; strings inside belong to the list. NULL
 *            strings that come in count as ""
 *
 * Units      _ms milliseconds since 1970
 *
 * Errors     the path is in the text
 *            ERR_FULL    no space left: reading goes on, changes are refused
 *            ERR_INPUT   damaged, or no database at all
 *            ERR_EXISTS  another process has it
 *            ERR_AGAIN   locked by a foreign program
 *            ERR_REFUSED of another program, or of a newer one; not the file any more that was
 *                        opened; or a store that takes no changes
 *            ERR_MEMORY; ERR_IO else
 */
#ifndef FAIRLEAD_SCHEMA_STORE_H
#define FAIRLEAD_SCHEMA_STORE_H

#include "core/clock.h"
#include "core/err.h"
#include "schema/sql/store_audit.h"
#include "schema/sql/store_backup.h"
#include "schema/sql/store_event.h"
#include "schema/sql/store_health.h"
#include "schema/sql/store_node.h"
#include "schema/sql/store_override.h"
#include "schema/sql/store_reader.h"
#include "schema/sql/store_restore.h"
#include "schema/sql/store_verify.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

/* Makes the file and its directory when there is none; checks it (store_check.h) and migrates it.
 * Holds PATH.lock until store_close(): two daemons never share a state file. */
enum err_code store_open(const char *path, const struct clock *clock, struct store **out,
			 struct err *e);
void store_close(struct store *s);
const char *store_path(const struct store *s);

/* Makes one transaction of all changes between the two: one sync instead of many, and all or
 * nothing. Hand store_end() the code of the first change that failed, ERR_OK when none did; it
 * returns that, or why the whole is not on disk. Make no further change after a failed one. */
enum err_code store_begin(struct store *s, struct err *e);
enum err_code store_end(struct store *s, enum err_code rc, struct err *e);

#endif
