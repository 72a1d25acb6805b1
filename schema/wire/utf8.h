/* SPDX-License-Identifier: Apache-2.0 */
/* utf8: is this text well-formed UTF-8?
 *
 * Threads    any, no state
 * Source     RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF
 */
#ifndef FAIRLEAD_SCHEMA_WIRE_UTF8_H
#define FAIRLEAD_SCHEMA_WIRE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool utf8_is_valid(const uint8_t *bytes, size_t len);

#endif
