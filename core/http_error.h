/* SPDX-License-Identifier: Apache-2.0 */
/* http_error: how an error code is told by HTTP: its status, and a document.
 *
 *   {"error":{"code":"refused","message":"..."}}
 *
 * Threads    any, no state
 * Ownership  the document is the caller's; NULL = out of memory
 */
#ifndef FAIRLEAD_CORE_HTTP_ERROR_H
#define FAIRLEAD_CORE_HTTP_ERROR_H

#include "core/err.h"

#include <jansson.h>

int http_error_status(enum err_code code);
json_t *http_error_doc(enum err_code code, const char *message);
const char *http_error_phrase(int status); /* "Not Found"; "Status" for one that is not ours */

#endif
