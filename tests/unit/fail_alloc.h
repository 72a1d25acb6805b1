/* SPDX-License-Identifier: Apache-2.0 */
/* fail_alloc: makes the n-th allocation of a test program fail.
 *
 * A program that wants it says `tests_unit_ROOM_test_X_LDFLAGS = $(FAIL_ALLOC)`. Counted are
 * malloc, calloc, realloc, reallocarray and strdup as called from our own code, not from inside
 * libraries.
 *
 *   for (unsigned n = 1;; n++) {
 *           fail_alloc_at(n);
 *           rc = thing_new(&thing);
 *           if (!fail_alloc_end())
 *                   break;                  // all allocations went well: rc is ERR_OK here
 *           assert_int_equal(rc, ERR_MEMORY);
 *   }
 *
 * Threads    one; counts for the thread that called fail_alloc_at()
 */
#ifndef FAIRLEAD_TESTS_UNIT_FAIL_ALLOC_H
#define FAIRLEAD_TESTS_UNIT_FAIL_ALLOC_H

#include <stdbool.h>

void fail_alloc_at(unsigned n);	  /* counted from 1; only that one fails */
void fail_alloc_from(unsigned n); /* that one and all that follow */
bool fail_alloc_end(void);	  /* back to normal; true if any failed */

#endif
