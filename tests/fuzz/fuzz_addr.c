/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_addr: what core/addr takes as text, it writes as a text that it takes as the same value. */
#include "core/addr.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_addr(const char *text)
{
	char again[ADDR_TEXT_MAX];
	struct addr a, b;
	struct err e;

	if (addr_parse(text, &a, &e) != ERR_OK)
		return;
	addr_text(&a, again);
	if (addr_parse(again, &b, &e) != ERR_OK || !addr_is_equal(&a, &b))
		abort();
	addr_embedded_v4(&a, &b);
}

static void try_prefix(const char *text)
{
	char again[PREFIX_TEXT_MAX];
	struct prefix p, q;
	struct err e;

	if (prefix_parse(text, &p, &e) != ERR_OK)
		return;
	prefix_text(&p, again);
	if (prefix_parse(again, &q, &e) != ERR_OK || !addr_is_equal(&p.addr, &q.addr) ||
	    p.len != q.len || !prefix_has(&p, &p.addr))
		abort();
}

static void try_endpoint(const char *text)
{
	char again[ENDPOINT_TEXT_MAX];
	struct endpoint p, q;
	struct err e;

	if (endpoint_parse(text, &p, &e) != ERR_OK)
		return;
	endpoint_text(&p, again);
	if (endpoint_parse(again, &q, &e) != ERR_OK || !addr_is_equal(&p.addr, &q.addr) ||
	    p.port != q.port)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = 0;
	try_addr(text);
	try_prefix(text);
	try_endpoint(text);
	free(text);
	return 0;
}
