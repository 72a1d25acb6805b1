/* SPDX-License-Identifier: Apache-2.0 */
/* units: durations, sizes and shares as people write them.
 *
 *   500ms 1.5s 15m 1h 7d -> milliseconds   64KiB 1MiB 512 -> bytes    10% 2.5% -> ppm
 *
 * Threads    any
 * Errors     ERR_INPUT names what was expected; *out untouched; nothing after the unit is allowed
 */
#ifndef FAIRLEAD_CORE_UNITS_H
#define FAIRLEAD_CORE_UNITS_H

#include "core/err.h"

#include <stdint.h>

#define UNITS_TEXT_MAX 32

enum err_code units_parse_duration(const char *text, uint64_t *out_ms, struct err *e);
enum err_code units_parse_size(const char *text, uint64_t *out_bytes, struct err *e);
enum err_code units_parse_share(const char *text, uint32_t *out_ppm, struct err *e); /* 0..100 % */

void units_duration_text(uint64_t ms, char out[UNITS_TEXT_MAX]); /* the largest whole unit */
void units_share_text(uint32_t ppm, char out[UNITS_TEXT_MAX]);

#endif
