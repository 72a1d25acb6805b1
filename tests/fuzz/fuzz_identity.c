/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_identity: an identity that is taken is written as the very same URI. */
#include "core/identity.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *uri = malloc(size + 1), again[IDENTITY_TEXT_MAX];
	struct identity id;
	struct err e;

	if (!uri)
		return 0;
	memcpy(uri, data, size);
	uri[size] = 0;
	if (identity_parse(uri, &id, &e) == ERR_OK) {
		identity_text(&id, again);
		if (strcmp(uri, again) != 0)
			abort();
	}
	free(uri);
	return 0;
}
