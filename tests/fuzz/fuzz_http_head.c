/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_http_head: any bytes as the head of a request: what is accepted can be understood in one way
 * only. */
#include "core/http_head.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_field(const struct http_field *f)
{
	if (!f->name[0] || strpbrk(f->name, " \t\r\n:") || strpbrk(f->value, "\r\n") ||
	    strcasecmp(f->name, "Transfer-Encoding") == 0)
		abort();
}

static void check(const struct http_head *h)
{
	unsigned lengths = 0;

	if (!h->method[0] || strchr(h->method, ' ') || h->path[0] != '/' || h->status)
		abort();
	for (unsigned i = 0; i < h->n_fields; i++) {
		check_field(&h->fields[i]);
		lengths += strcasecmp(h->fields[i].name, "Content-Length") == 0;
	}
	if (lengths > 1 || (h->body_len && !lengths))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_head h;
	struct err e = { "" };
	enum err_code code = http_head_read(&h, (const char *)data, size, &e);

	if (code == ERR_OK)
		check(&h);
	else if (!h.status || !e.text[0])
		abort();
	http_head_query(&h, "q");
	http_head_fini(&h);
	return 0;
}
