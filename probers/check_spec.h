/* SPDX-License-Identifier: Apache-2.0 */
/* check_spec: what a monitor asks for, checked and compiled once, shared by all it checks.
 *
 * It comes from a config file (regiond's own monitors) or from a director's plan (proberd). Bad
 * text (a regex, a header with a line break, a DNS name) is refused here, so that a check cannot
 * meet it.
 *
 * Threads    one: the count of holders is not atomic, so specs stay on the loop's thread
 * Ownership  check_spec_from_*() gives one hold, check_spec_hold() one more; check_spec_free()
 *            gives one back. Nothing points into the config or message that it was made from.
 * Units      _ms milliseconds
 * Errors     ERR_INPUT names the monitor, the field and what was expected; *out untouched
 */
#ifndef FAIRLEAD_PROBERS_CHECK_SPEC_H
#define FAIRLEAD_PROBERS_CHECK_SPEC_H

#include "core/addr.h"
#include "core/err.h"
#include "schema/config/config.h"
#include "schema/wire/wire.h"

#include <regex.h>
#include <stdbool.h>
#include <stdint.h>

/* A wire name of 255 bytes, type and class. */
#define CHECK_QUESTION_MAX 259

/* One "Name: value", ready to be sent. */
struct check_header {
	char *line;
};

struct check_spec {
	unsigned holders;
	char *name; /* of the monitor, for messages; not part of what makes two specs equal */
	enum monitor_type type;
	uint16_t port; /* 0 = the target's own */

	/* http, https */
	char *method, *path;
	char *host; /* Host and SNI; NULL = the address */
	struct check_header *headers;
	size_t n_headers;
	char *body; /* NULL = none */
	size_t body_len;
	uint16_t expect_status; /* 0 = any 2xx or 3xx */
	char *regex_text;	/* NULL = any body. POSIX extended, ^ and $ at each line */
	regex_t regex;		/* compiled when regex_text */
	/* Health checks ask "does it serve?", mostly by address and of backends with certificates
	 * of their own making, so a certificate is not verified unless asked for (as HAProxy's
	 * `verify none`). */
	bool tls_verify;

	/* dns */
	uint8_t question[CHECK_QUESTION_MAX];
	size_t question_len;

	/* How often, and how many in a row make a verdict; for the schedule, but timeout_ms. */
	uint64_t interval_ms, timeout_ms;
	uint32_t rise, fall;

	/* All of the above but the name, as bytes: what makes two specs equal. */
	uint8_t *key;
	size_t key_len;
	uint64_t hash; /* of key; the same on every machine and in every run */
};

enum err_code check_spec_from_config(const struct config_monitor *m, struct check_spec **out,
				     struct err *e);
/* As it came in a plan. A port is needed, but for icmp: the target of a plan has none. */
enum err_code check_spec_from_wire(const Fairlead__Wire__Monitor *m, struct check_spec **out,
				   struct err *e);
struct check_spec *check_spec_hold(struct check_spec *spec);
void check_spec_free(struct check_spec *spec);

/* Ask for the same thing at the same pace, whatever their names. */
bool check_spec_is_equal(const struct check_spec *a, const struct check_spec *b);

/* Where to check `own`: its address, at the monitor's port when it has one. */
struct endpoint check_spec_endpoint(const struct check_spec *spec, const struct endpoint *own);

#endif
