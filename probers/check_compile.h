/* SPDX-License-Identifier: Apache-2.0 */
/* check_compile: a monitor as a configuration or a plan says it becomes a check_spec.
 *
 * It comes from a config file (regiond's own monitors) or from a director's plan (proberd). Bad
 * text (a regex, a header with a line break, a DNS name) is refused here, so that a check cannot
 * meet it.
 *
 * Threads    any: what is made has one holder
 * Ownership  the caller has the hold of what is made
 * Errors     ERR_INPUT names the monitor, the field and what was expected; *out untouched
 */
#ifndef FAIRLEAD_PROBERS_CHECK_COMPILE_H
#define FAIRLEAD_PROBERS_CHECK_COMPILE_H

#include "probers/check_spec.h"
#include "schema/wire/wire.h"

enum err_code check_compile(const struct config_monitor *m, struct check_spec **out, struct err *e);
/* As it came in a plan. A port is needed, but for icmp: the target of a plan has none. */
enum err_code check_compile_wire(const Fairlead__Wire__Monitor *m, struct check_spec **out,
				 struct err *e);

#endif
