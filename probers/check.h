/* SPDX-License-Identifier: Apache-2.0 */
/* check: one health check of one address, without waiting.
 *
 *   tcp    a connection is made, and closed in the ordinary way
 *   http   a fresh connection to the address, one request, no redirects; the status, then the
 *   https  first 64 KiB of the body against the regex. With a regex the body must be whole, or
 *          64 KiB, within the timeout; without one the status decides, whatever becomes of the body
 *   dns    one UDP query; the same id and question come back with the expected code, and with the
 *          expected address among the answers
 *   icmp   one echo request; by a ping socket, else by a raw one
 *
 * Threads    all on the loop's thread of the checker; done() too
 * Ownership  a check belongs to its checker until done() is called (it is gone by then) or
 *            check_cancel(); every check ends before checker_free(). A check holds its spec.
 * Units      _us microseconds
 * Errors     check_start() fails only for want of memory. Everything else is a result: the reason
 *            says what, in words for people (check_result.h)
 * Source     RFC 9110, RFC 1035 7.3 (matching answers), RFC 792 and RFC 4443 (echo)
 */
#ifndef FAIRLEAD_PROBERS_CHECK_H
#define FAIRLEAD_PROBERS_CHECK_H

#include "core/addr.h"
#include "core/clock.h"
#include "core/err.h"
#include "core/loop.h"
#include "probers/check_result.h"
#include "probers/check_spec.h"

struct checker;
struct check;

/* clock NULL = the system's: it measures; deadlines are the loop's timers. */
enum err_code checker_new(struct checker **out, struct loop *loop, const struct clock *clock,
			  struct err *e);
void checker_free(struct checker *checker);

enum err_code check_start(struct checker *checker, struct check_spec *spec,
			  const struct endpoint *to, check_done_fn done, void *arg,
			  struct check **out);
void check_cancel(struct check *check); /* done() is not called; NULL is fine */

#endif
