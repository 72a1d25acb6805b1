/* SPDX-License-Identifier: Apache-2.0 */
/* store_restore: a backup in the place of the state file.
 *
 * Threads    any, while no daemon has the file
 * Errors     ERR_EXISTS when a daemon has `to`; ERR_INPUT when `from` is no whole state file of a
 *            schema this program knows, with both chains unbroken; else those of store.h. After a
 *            failure `to` is what it was
 */
#ifndef FAIRLEAD_SCHEMA_STORE_RESTORE_H
#define FAIRLEAD_SCHEMA_STORE_RESTORE_H

#include "core/clock.h"
#include "core/err.h"

#include <limits.h>

/* Puts a checked copy of the backup `from` in the place of the state file `to`. What was there
 * stays beside it as TO.replaced-20260102T030405Z, with "_2" and so on within a second, and every
 * one that was replaced before stays too. replaced (may be NULL) = its name, "" when there was
 * nothing. */
enum err_code store_restore(const char *from, const char *to, const struct clock *clock,
			    char replaced[PATH_MAX], struct err *e);

#endif
