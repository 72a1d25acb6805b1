/* SPDX-License-Identifier: Apache-2.0 */
/* check_compile: a monitor as a configuration or a plan says it becomes a check_spec. */
#include "probers/check_compile.h"

#include "core/buf.h"
#include "probers/check_kinds.h"

#include <stdlib.h>
#include <string.h>

static enum err_code fill_pace(struct check_spec *spec, const struct config_monitor *m,
			       struct err *e)
{
	if (m->interval_ms == 0 || m->timeout_ms == 0)
		return err_set(e, ERR_INPUT, "interval and timeout: expected more than 0");
	if (m->rise == 0 || m->fall == 0)
		return err_set(e, ERR_INPUT, "rise and fall: expected at least 1");
	spec->interval_ms = m->interval_ms;
	spec->timeout_ms = m->timeout_ms;
	spec->rise = m->rise;
	spec->fall = m->fall;
	return ERR_OK;
}

static enum err_code fill(struct check_spec *spec, const struct config_monitor *m, struct err *e)
{
	enum err_code code = fill_pace(spec, m, e);

	spec->type = m->type;
	spec->kind = check_kinds_of(m->type);
	spec->forget = spec->kind->forget;
	spec->port = m->port;
	if (code == ERR_OK && spec->kind->compile)
		code = spec->kind->compile(m, &spec->own, e);
	return code;
}

/* ---- what makes two specs equal */

static void key_u64(struct buf *b, uint64_t v)
{
	buf_u32(b, (uint32_t)(v >> 32));
	buf_u32(b, (uint32_t)v);
}

/* FNV-1a, then a mixing step so that its low bits are good for a modulus. */
static uint64_t hash_bytes(const uint8_t *bytes, size_t len)
{
	uint64_t h = 0xcbf29ce484222325;

	while (len--)
		h = (h ^ *bytes++) * 0x100000001b3;
	h = (h ^ h >> 32) * 0x9e3779b97f4a7c15;
	return h ^ h >> 32;
}

static enum err_code make_key(struct check_spec *spec)
{
	struct buf b = BUF_INIT;

	buf_u8(&b, (uint8_t)spec->type);
	buf_u16(&b, spec->port);
	key_u64(&b, spec->interval_ms);
	key_u64(&b, spec->timeout_ms);
	buf_u32(&b, spec->rise);
	buf_u32(&b, spec->fall);
	if (spec->own)
		spec->kind->describe(spec->own, &b);
	spec->key = buf_take(&b, &spec->key_len);
	if (!spec->key) {
		buf_fini(&b);
		return ERR_MEMORY;
	}
	spec->hash = hash_bytes(spec->key, spec->key_len);
	return ERR_OK;
}

/* ---- */

enum err_code check_compile(const struct config_monitor *m, struct check_spec **out, struct err *e)
{
	struct check_spec *spec = calloc(1, sizeof(*spec));
	enum err_code code = ERR_MEMORY;

	if (!spec)
		return err_set(e, ERR_MEMORY, "monitor %s: out of memory", m->name);
	spec->holders = 1;
	spec->name = strdup(m->name);
	if (!spec->name) {
		err_set(e, code, "out of memory");
		goto fail;
	}
	code = fill(spec, m, e);
	if (code != ERR_OK)
		goto fail;
	code = make_key(spec);
	if (code != ERR_OK) {
		err_set(e, code, "out of memory");
		goto fail;
	}
	*out = spec;
	return ERR_OK;
fail:
	check_spec_free(spec);
	return err_wrap(e, code, "monitor %s", m->name);
}

/* proto3 has no absent strings: empty means the default. */
static char *or_null(char *text)
{
	return text && *text ? text : NULL;
}

/* A config_monitor whose strings are the message's; body and headers are the caller's. */
static struct config_monitor borrow(const Fairlead__Wire__Monitor *m, enum monitor_type type,
				    struct config_header *headers, char *body)
{
	struct addr address = { .family = m->expect_address.len == 4 ? 4 : 6 };
	size_t i;

	if (m->expect_address.len)
		memcpy(address.bytes, m->expect_address.data, m->expect_address.len);
	else
		address.family = 0;
	for (i = 0; i < m->n_headers; i++) {
		headers[i].name = m->headers[i]->name;
		headers[i].value = m->headers[i]->value;
	}
	return (struct config_monitor){
		.name = m->name,
		.type = type,
		.port = (uint16_t)m->port,
		.method = or_null(m->method),
		.path = or_null(m->path),
		.host = or_null(m->host),
		.headers = headers,
		.n_headers = m->n_headers,
		.body = body,
		.expect_status = (uint16_t)m->expect_status,
		.expect_body_regex = or_null(m->expect_body_regex),
		.query_name = or_null(m->query_name),
		.query_type = or_null(m->query_type),
		.expect_rcode = (uint16_t)(m->expect_rcode < 16 ? m->expect_rcode : 16),
		.expect_address = address,
		.interval_ms = m->interval_ms,
		.timeout_ms = m->timeout_ms,
		.rise = m->rise,
		.fall = m->fall,
	};
}

enum err_code check_compile_wire(const Fairlead__Wire__Monitor *m, struct check_spec **out,
				 struct err *e)
{
	struct config_header *headers;
	struct config_monitor monitor;
	enum monitor_type type;
	enum err_code code;
	char *body = NULL;

	if (!check_kinds_find(m->type, &type))
		return err_set(e, ERR_INPUT, "monitor %s: type \"%s\" is not a kind of check",
			       m->name, m->type);
	if (m->port > UINT16_MAX || (m->port == 0 && type != MONITOR_ICMP))
		return err_set(e, ERR_INPUT, "monitor %s: port %u: expected 1 to 65535", m->name,
			       m->port);
	if (m->expect_status > 599)
		return err_set(e, ERR_INPUT, "monitor %s: status %u: expected 100 to 599", m->name,
			       m->expect_status);
	if (m->expect_address.len != 0 && m->expect_address.len != 4 && m->expect_address.len != 16)
		return err_set(e, ERR_INPUT, "monitor %s: an address of %zu bytes", m->name,
			       m->expect_address.len);
	if (memchr(m->body.data ? (char *)m->body.data : "x", 0, m->body.data ? m->body.len : 0))
		return err_set(e, ERR_INPUT, "monitor %s: a zero byte in its body", m->name);
	headers = calloc(m->n_headers + 1, sizeof(*headers));
	if (m->body.len)
		body = strndup((char *)m->body.data, m->body.len);
	if (!headers || (m->body.len && !body)) {
		code = err_set(e, ERR_MEMORY, "monitor %s: out of memory", m->name);
	} else {
		monitor = borrow(m, type, headers, body);
		code = check_compile(&monitor, out, e);
	}
	free(headers);
	free(body);
	return code;
}
