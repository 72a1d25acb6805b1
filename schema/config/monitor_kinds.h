/* SPDX-License-Identifier: Apache-2.0 */
/* monitor_kinds: the kinds of checks: one row each, which everything that knows kinds is made from.
 *
 *   MONITOR_x      the number, in memory only
 *   "x"            how a configuration and a plan spell it
 *   check_x        the struct check_kind that does it (probers/check_x.c)
 *   keys           those of a monitor's keys that mean something to it; others are mistakes
 *
 * Threads    constant
 */
#ifndef FAIRLEAD_SCHEMA_MONITOR_KINDS_H
#define FAIRLEAD_SCHEMA_MONITOR_KINDS_H

#define MONITOR_HAS_PORT    1 /* `port` */
#define MONITOR_HAS_REQUEST 2 /* `method`, `path`, `host`, `headers`, `body`, `expect` of HTTP */
#define MONITOR_HAS_QUERY   4 /* `query`, `expect` of DNS */

#define MONITOR_KINDS(ROW)                                                              \
	ROW(MONITOR_TCP, "tcp", check_tcp, MONITOR_HAS_PORT)                            \
	ROW(MONITOR_HTTP, "http", check_http, MONITOR_HAS_PORT | MONITOR_HAS_REQUEST)   \
	ROW(MONITOR_HTTPS, "https", check_http, MONITOR_HAS_PORT | MONITOR_HAS_REQUEST) \
	ROW(MONITOR_DNS, "dns", check_dns, MONITOR_HAS_PORT | MONITOR_HAS_QUERY)        \
	ROW(MONITOR_ICMP, "icmp", check_icmp, 0)

#define MONITOR_KIND_NUMBER(number, name, kind, keys) number,
enum monitor_type { MONITOR_KINDS(MONITOR_KIND_NUMBER) MONITOR_TYPES };

static inline const char *monitor_kind_name(enum monitor_type type)
{
#define MONITOR_KIND_NAME(number, name, kind, keys) name,
	static const char *const names[] = { MONITOR_KINDS(MONITOR_KIND_NAME) };
#undef MONITOR_KIND_NAME
	return names[type];
}

static inline unsigned monitor_kind_keys(enum monitor_type type)
{
#define MONITOR_KIND_KEYS(number, name, kind, keys) keys,
	static const unsigned all[] = { MONITOR_KINDS(MONITOR_KIND_KEYS) };
#undef MONITOR_KIND_KEYS
	return all[type];
}

#endif
