/* SPDX-License-Identifier: Apache-2.0 */
/* check_spec: what a monitor asks for, checked and compiled once, shared by all it checks. */
#include "probers/check_spec.h"

#include "core/buf.h"

#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- text that goes into a request as it is */

static bool is_token(const char *text)
{
	/* RFC 9110 5.6.2 */
	return *text && text[strspn(text, "!#$%&'*+-.^_`|~0123456789"
					  "abcdefghijklmnopqrstuvwxyz"
					  "ABCDEFGHIJKLMNOPQRSTUVWXYZ")] == '\0';
}

static bool is_header_value(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' && *text != '\t')
			return false;
	return true;
}

static bool is_path(const char *text)
{
	if (*text != '/')
		return false;
	for (; *text; text++)
		if ((unsigned char)*text <= ' ' || *text == 0x7f || *text == '#')
			return false;
	return true;
}

/* A name, or an address, with or without a port: what may stand in a URL before the path. */
static bool is_host(const char *text)
{
	return *text && text[strspn(text, "0123456789-._:[]"
					  "abcdefghijklmnopqrstuvwxyz"
					  "ABCDEFGHIJKLMNOPQRSTUVWXYZ")] == '\0';
}

/* ---- filling */

static enum err_code copy_text(char **to, const char *from)
{
	if (!from)
		return ERR_OK;
	*to = strdup(from);
	return *to ? ERR_OK : ERR_MEMORY;
}

static enum err_code fill_headers(struct check_spec *spec, const struct config_monitor *m,
				  struct err *e)
{
	size_t i, room;

	spec->headers = calloc(m->n_headers ? m->n_headers : 1, sizeof(*spec->headers));
	if (!spec->headers)
		return err_set(e, ERR_MEMORY, "no memory");
	for (i = 0; i < m->n_headers; i++) {
		const char *name = m->headers[i].name, *value = m->headers[i].value;

		if (!is_token(name))
			return err_set(e, ERR_INPUT,
				       "header name \"%s\" has a character that is not"
				       " allowed there",
				       name);
		if (!is_header_value(value))
			return err_set(e, ERR_INPUT, "header %s: a control character in its value",
				       name);
		room = strlen(name) + strlen(value) + 3;
		spec->headers[i].line = malloc(room);
		if (!spec->headers[i].line)
			return err_set(e, ERR_MEMORY, "no memory");
		/* For libcurl "Name:" would remove a header, "Name;" sends it empty. */
		snprintf(spec->headers[i].line, room, *value ? "%s: %s" : "%s;%s", name, value);
		spec->n_headers++;
	}
	return ERR_OK;
}

static enum err_code fill_regex(struct check_spec *spec, const char *text, struct err *e)
{
	char why[128];
	int code;

	if (!text || !*text)
		return ERR_OK;
	code = regcomp(&spec->regex, text, REG_EXTENDED | REG_NOSUB | REG_NEWLINE);
	if (code != 0) {
		regerror(code, &spec->regex, why, sizeof(why));
		return err_set(e, ERR_INPUT, "body_regex \"%s\": %s", text, why);
	}
	spec->regex_text = strdup(text);
	if (spec->regex_text)
		return ERR_OK;
	regfree(&spec->regex);
	return err_set(e, ERR_MEMORY, "no memory");
}

static enum err_code fill_http(struct check_spec *spec, const struct config_monitor *m,
			       struct err *e)
{
	const char *method = m->method ? m->method : "GET", *path = m->path ? m->path : "/";
	enum err_code code;

	if (!is_token(method))
		return err_set(e, ERR_INPUT, "method \"%s\" is not a token like GET", method);
	if (!is_path(path))
		return err_set(e, ERR_INPUT,
			       "path \"%s\": expected a path that begins with / and has no blanks",
			       path);
	if (m->host && !is_host(m->host))
		return err_set(e, ERR_INPUT, "host \"%s\" is not a host name", m->host);
	if (m->expect_status && (m->expect_status < 100 || m->expect_status > 599))
		return err_set(e, ERR_INPUT, "status %u: expected 100 to 599", m->expect_status);
	spec->expect_status = m->expect_status;
	if (copy_text(&spec->method, method) || copy_text(&spec->path, path) ||
	    copy_text(&spec->host, m->host) || copy_text(&spec->body, m->body))
		return err_set(e, ERR_MEMORY, "no memory");
	spec->body_len = m->body ? strlen(m->body) : 0;
	code = fill_headers(spec, m, e);
	return code == ERR_OK ? fill_regex(spec, m->expect_body_regex, e) : code;
}

static enum err_code fill_question(struct check_spec *spec, const struct config_monitor *m,
				   struct err *e)
{
	const char *name = m->query_name ? m->query_name : ".";
	const char *type_name = m->query_type ? m->query_type : "NS";
	ldns_rr_type type = ldns_get_rr_type_by_name(type_name);
	ldns_rdf *wire = NULL;
	size_t len;

	/* ldns gives type 0 for a word that it does not know. */
	if (type == 0 || (unsigned)type > UINT16_MAX)
		return err_set(e, ERR_INPUT, "query_type \"%s\" is not a DNS type", type_name);
	if (ldns_str2rdf_dname(&wire, name) != LDNS_STATUS_OK)
		return err_set(e, ERR_INPUT, "query_name \"%s\" is not a DNS name", name);
	len = ldns_rdf_size(wire);
	memcpy(spec->question, ldns_rdf_data(wire), len);
	ldns_rdf_deep_free(wire);
	spec->question[len++] = (uint8_t)(type >> 8);
	spec->question[len++] = (uint8_t)type;
	spec->question[len++] = 0;
	spec->question[len++] = 1; /* IN */
	spec->question_len = len;
	return ERR_OK;
}

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
	spec->port = m->port;
	if (code != ERR_OK)
		return code;
	switch (m->type) {
	case MONITOR_HTTP:
	case MONITOR_HTTPS: return fill_http(spec, m, e);
	case MONITOR_DNS: return fill_question(spec, m, e);
	case MONITOR_TCP:
	case MONITOR_ICMP: return ERR_OK;
	}
	return err_set(e, ERR_INPUT, "type %d is not a kind of check", (int)m->type);
}

/* ---- what makes two specs equal */

/* Its length first, so that no two lists of texts give the same bytes. */
static void key_text(struct buf *b, const char *text, size_t len)
{
	buf_u8(b, text != NULL);
	buf_u32(b, (uint32_t)len);
	buf_add(b, text, text ? len : 0);
}

static void key_str(struct buf *b, const char *text)
{
	key_text(b, text, text ? strlen(text) : 0);
}

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
	size_t i;

	buf_u8(&b, (uint8_t)spec->type);
	buf_u16(&b, spec->port);
	key_str(&b, spec->method);
	key_str(&b, spec->path);
	key_str(&b, spec->host);
	buf_u32(&b, (uint32_t)spec->n_headers);
	for (i = 0; i < spec->n_headers; i++)
		key_str(&b, spec->headers[i].line);
	key_text(&b, spec->body, spec->body_len);
	buf_u16(&b, spec->expect_status);
	key_str(&b, spec->regex_text);
	buf_u8(&b, spec->tls_verify);
	key_text(&b, (const char *)spec->question, spec->question_len);
	key_u64(&b, spec->interval_ms);
	key_u64(&b, spec->timeout_ms);
	buf_u32(&b, spec->rise);
	buf_u32(&b, spec->fall);
	spec->key = buf_take(&b, &spec->key_len);
	if (!spec->key) {
		buf_fini(&b);
		return ERR_MEMORY;
	}
	spec->hash = hash_bytes(spec->key, spec->key_len);
	return ERR_OK;
}

/* ---- */

enum err_code check_spec_from_config(const struct config_monitor *m, struct check_spec **out,
				     struct err *e)
{
	struct check_spec *spec = calloc(1, sizeof(*spec));
	enum err_code code = ERR_MEMORY;

	if (!spec)
		return err_set(e, ERR_MEMORY, "monitor %s: no memory", m->name);
	spec->holders = 1;
	if (copy_text(&spec->name, m->name) != ERR_OK) {
		err_set(e, code, "no memory");
		goto fail;
	}
	code = fill(spec, m, e);
	if (code != ERR_OK)
		goto fail;
	code = make_key(spec);
	if (code != ERR_OK) {
		err_set(e, code, "no memory");
		goto fail;
	}
	*out = spec;
	return ERR_OK;
fail:
	check_spec_free(spec);
	return err_wrap(e, code, "monitor %s", m->name);
}

static bool type_from_name(const char *name, enum monitor_type *out)
{
	static const char *const names[] = {
		[MONITOR_TCP] = "tcp", [MONITOR_HTTP] = "http", [MONITOR_HTTPS] = "https",
		[MONITOR_DNS] = "dns", [MONITOR_ICMP] = "icmp",
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(name, names[i]) == 0) {
			*out = (enum monitor_type)i;
			return true;
		}
	}
	return false;
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
	size_t i;

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
		.interval_ms = m->interval_ms,
		.timeout_ms = m->timeout_ms,
		.rise = m->rise,
		.fall = m->fall,
	};
}

enum err_code check_spec_from_wire(const Fairlead__Wire__Monitor *m, struct check_spec **out,
				   struct err *e)
{
	struct config_header *headers;
	struct config_monitor monitor;
	enum monitor_type type;
	enum err_code code;
	char *body = NULL;

	if (!type_from_name(m->type, &type))
		return err_set(e, ERR_INPUT, "monitor %s: type \"%s\" is not a kind of check",
			       m->name, m->type);
	if (m->port > UINT16_MAX || (m->port == 0 && type != MONITOR_ICMP))
		return err_set(e, ERR_INPUT, "monitor %s: port %u: expected 1 to 65535", m->name,
			       m->port);
	if (m->expect_status > 599)
		return err_set(e, ERR_INPUT, "monitor %s: status %u: expected 100 to 599", m->name,
			       m->expect_status);
	if (memchr(m->body.data ? (char *)m->body.data : "x", 0, m->body.data ? m->body.len : 0))
		return err_set(e, ERR_INPUT, "monitor %s: a zero byte in its body", m->name);
	headers = calloc(m->n_headers + 1, sizeof(*headers));
	if (m->body.len)
		body = strndup((char *)m->body.data, m->body.len);
	if (!headers || (m->body.len && !body)) {
		code = err_set(e, ERR_MEMORY, "monitor %s: no memory", m->name);
	} else {
		monitor = borrow(m, type, headers, body);
		code = check_spec_from_config(&monitor, out, e);
	}
	free(headers);
	free(body);
	return code;
}

struct check_spec *check_spec_hold(struct check_spec *spec)
{
	spec->holders++;
	return spec;
}

void check_spec_free(struct check_spec *spec)
{
	size_t i;

	if (!spec || --spec->holders > 0)
		return;
	for (i = 0; i < spec->n_headers; i++)
		free(spec->headers[i].line);
	free(spec->headers);
	if (spec->regex_text)
		regfree(&spec->regex);
	free(spec->regex_text);
	free(spec->name);
	free(spec->method);
	free(spec->path);
	free(spec->host);
	free(spec->body);
	free(spec->key);
	free(spec);
}

bool check_spec_is_equal(const struct check_spec *a, const struct check_spec *b)
{
	return a == b || (a->hash == b->hash && a->key_len == b->key_len &&
			  memcmp(a->key, b->key, a->key_len) == 0);
}

struct endpoint check_spec_endpoint(const struct check_spec *spec, const struct endpoint *own)
{
	struct endpoint to = *own;

	if (spec->port)
		to.port = spec->port;
	return to;
}
