/* SPDX-License-Identifier: Apache-2.0 */
/* check_http_ask: what a monitor of type http or https asks for, checked and compiled once. */
#include "probers/check_http_ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static enum err_code copy_text(char **to, const char *from)
{
	if (!from)
		return ERR_OK;
	*to = strdup(from);
	return *to ? ERR_OK : ERR_MEMORY;
}

static enum err_code fill_headers(struct check_http_ask *ask, const struct config_monitor *m,
				  struct err *e)
{
	size_t i, room;

	ask->headers = calloc(m->n_headers ? m->n_headers : 1, sizeof(*ask->headers));
	if (!ask->headers)
		return err_set(e, ERR_MEMORY, "out of memory");
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
		ask->headers[i] = malloc(room);
		if (!ask->headers[i])
			return err_set(e, ERR_MEMORY, "out of memory");
		/* For libcurl "Name:" would remove a header, "Name;" sends it empty. */
		snprintf(ask->headers[i], room, *value ? "%s: %s" : "%s;%s", name, value);
		ask->n_headers++;
	}
	return ERR_OK;
}

static enum err_code fill_regex(struct check_http_ask *ask, const char *text, struct err *e)
{
	char why[128];
	int code;

	if (!text || !*text)
		return ERR_OK;
	code = regcomp(&ask->regex, text, REG_EXTENDED | REG_NOSUB | REG_NEWLINE);
	if (code != 0) {
		regerror(code, &ask->regex, why, sizeof(why));
		return err_set(e, ERR_INPUT, "body_regex \"%s\": %s", text, why);
	}
	ask->regex_text = strdup(text);
	if (ask->regex_text)
		return ERR_OK;
	regfree(&ask->regex);
	return err_set(e, ERR_MEMORY, "out of memory");
}

static enum err_code fill_http(struct check_http_ask *ask, const struct config_monitor *m,
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
	ask->expect_status = m->expect_status;
	if (copy_text(&ask->method, method) || copy_text(&ask->path, path) ||
	    copy_text(&ask->host, m->host) || copy_text(&ask->body, m->body))
		return err_set(e, ERR_MEMORY, "out of memory");
	ask->body_len = m->body ? strlen(m->body) : 0;
	code = fill_headers(ask, m, e);
	return code == ERR_OK ? fill_regex(ask, m->expect_body_regex, e) : code;
}

void check_http_forget(void *own)
{
	struct check_http_ask *ask = own;
	size_t i;

	for (i = 0; i < ask->n_headers; i++)
		free(ask->headers[i]);
	free(ask->headers);
	if (ask->regex_text)
		regfree(&ask->regex);
	free(ask->regex_text);
	free(ask->method);
	free(ask->path);
	free(ask->host);
	free(ask->body);
	free(ask);
}

enum err_code check_http_compile(const struct config_monitor *m, void **own, struct err *e)
{
	struct check_http_ask *ask = calloc(1, sizeof(*ask));
	enum err_code code;

	if (!ask)
		return err_set(e, ERR_MEMORY, "out of memory");
	ask->is_tls = m->type == MONITOR_HTTPS;
	code = fill_http(ask, m, e);
	if (code == ERR_OK)
		*own = ask;
	else
		check_http_forget(ask);
	return code;
}

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

void check_http_describe(const void *own, struct buf *key)
{
	const struct check_http_ask *ask = own;
	size_t i;

	key_str(key, ask->method);
	key_str(key, ask->path);
	key_str(key, ask->host);
	buf_u32(key, (uint32_t)ask->n_headers);
	for (i = 0; i < ask->n_headers; i++)
		key_str(key, ask->headers[i]);
	key_text(key, ask->body, ask->body_len);
	buf_u16(key, ask->expect_status);
	key_str(key, ask->regex_text);
}
