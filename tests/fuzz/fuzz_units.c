/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_units: what core/units takes as text, it writes as a text that it takes as the same value.
 */
#include "core/units.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_all(const char *text)
{
	char again[UNITS_TEXT_MAX];
	uint32_t ppm, ppm_again;
	uint64_t n, m;
	struct err e;

	if (units_parse_duration(text, &n, &e) == ERR_OK) {
		units_duration_text(n, again);
		if (units_parse_duration(again, &m, &e) != ERR_OK || n != m)
			abort();
	}
	if (units_parse_share(text, &ppm, &e) == ERR_OK) {
		units_share_text(ppm, again);
		if (units_parse_share(again, &ppm_again, &e) != ERR_OK || ppm != ppm_again)
			abort();
	}
	units_parse_size(text, &n, &e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = 0;
	try_all(text);
	free(text);
	return 0;
}
