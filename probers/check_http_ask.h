/* SPDX-License-Identifier: Apache-2.0 */
/* check_http_ask: what a monitor of type http or https asks for, checked and compiled once.
 *
 * Bad text (a regex, a header with a line break) is refused here, so that a check cannot meet it.
 *
 * Threads    any; it does not change
 * Ownership  check_http_forget(); nothing points into the monitor that it was made from
 * Errors     ERR_INPUT names the field and what was expected
 * Source     RFC 9110 5.5, 5.6.2
 */
#ifndef FAIRLEAD_PROBERS_CHECK_HTTP_ASK_H
#define FAIRLEAD_PROBERS_CHECK_HTTP_ASK_H

#include "core/buf.h"
#include "core/err.h"
#include "schema/config/common_config.h"

#include <regex.h>
#include <stdbool.h>
#include <stdint.h>

struct check_http_ask {
	bool is_tls;
	char *method, *path;
	char *host;	/* Host and SNI; NULL = the address */
	char **headers; /* "Name: value", as libcurl takes them */
	size_t n_headers;
	char *body; /* NULL = none */
	size_t body_len;
	uint16_t expect_status; /* 0 = any 2xx or 3xx */
	char *regex_text;	/* NULL = any body. POSIX extended, ^ and $ at each line */
	regex_t regex;		/* compiled when regex_text */
};

/* As check_kind.h wants them; `own` is a struct check_http_ask. */
enum err_code check_http_compile(const struct config_monitor *m, void **own, struct err *e);
void check_http_describe(const void *own, struct buf *key);
void check_http_forget(void *own);

#endif
