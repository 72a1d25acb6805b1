/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_wire: any bytes as a frame: what is accepted, but of a newer peer's kind, packs again, and
 * means the same. */
#include "schema/wire/wire.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf once = BUF_INIT, twice = BUF_INIT;
	wire_message *m = NULL, *again = NULL;
	struct err e;

	if (wire_unpack(data, size, &m, &e) == ERR_OK && !wire_is_unknown(m)) {
		if (wire_pack(m, &once, &e) != ERR_OK ||
		    wire_unpack(once.data, once.len, &again, &e) != ERR_OK ||
		    wire_pack(again, &twice, &e) != ERR_OK)
			abort();
		if (once.len != twice.len || memcmp(once.data, twice.data, once.len) != 0)
			abort();
	}
	wire_free(m);
	wire_free(again);
	buf_fini(&once);
	buf_fini(&twice);
	return 0;
}
