/* SPDX-License-Identifier: Apache-2.0 */
/* http_head: the request line and the fields of one HTTP/1.x request, strictly read. */
#include "core/http_head.h"

#include <event2/http.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static enum err_code refuse(struct http_head *h, int status, struct err *e, const char *why)
{
	h->status = status;
	return err_set(e, ERR_INPUT, "%s", why);
}

static bool is_token(const char *text)
{
	static const char others[] = "!#$%&'*+-.^_`|~";

	if (!text[0])
		return false;
	for (; *text; text++) {
		char c = *text;
		bool is_alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
				(c >= 'a' && c <= 'z');

		if (!is_alnum && !strchr(others, c))
			return false;
	}
	return true;
}

/* Cuts the next line off; NULL: a bare CR or LF, or a zero byte. */
static char *next_line(char **at, const char *end)
{
	char *line = *at, *stop = line;

	while (stop < end && *stop != '\r' && *stop != '\n' && *stop)
		stop++;
	if (end - stop < 2 || stop[0] != '\r' || stop[1] != '\n')
		return NULL;
	*stop = 0;
	*at = stop + 2;
	return line;
}

/* ---- the request line ---- */

static enum err_code read_target(struct http_head *h, char *target, struct err *e)
{
	char *query = strchr(target, '?');
	size_t len;

	if (target[0] != '/')
		return refuse(h, 400, e, "the path must begin with '/'");
	if (query)
		*query++ = 0;
	h->path = evhttp_uridecode(target, 0, &len);
	if (!h->path)
		return err_set(e, ERR_MEMORY, "out of memory");
	if (strlen(h->path) != len)
		return refuse(h, 400, e, "the path has a zero byte");
	if (query && query[0] && evhttp_parse_query_str(query, &h->query) != 0)
		return refuse(h, 400, e, "the query is not key=value&...");
	return ERR_OK;
}

/* The method may be none that the server knows, which is then said by its name. */
static enum err_code read_request_line(struct http_head *h, char *line, char **target,
				       struct err *e)
{
	char *version;

	*target = line ? strchr(line, ' ') : NULL;
	version = *target ? strchr(*target + 1, ' ') : NULL;
	if (!version)
		return refuse(h, 400, e, "the request line is not METHOD PATH HTTP/1.1");
	*(*target)++ = 0;
	*version++ = 0;
	if (strncmp(version, "HTTP/", 5) != 0 || !is_token(line) ||
	    strlen(line) >= sizeof(h->method))
		return refuse(h, 400, e, "the request line is not METHOD PATH HTTP/1.1");
	h->is_1_0 = strcmp(version, "HTTP/1.0") == 0;
	h->is_last = h->is_1_0;
	if (!h->is_1_0 && strcmp(version, "HTTP/1.1") != 0)
		return refuse(h, 505, e, "this server speaks HTTP/1.1");
	memcpy(h->method, line, strlen(line) + 1);
	return ERR_OK;
}

/* ---- fields ---- */

static enum err_code read_length(struct http_head *h, const char *value, struct err *e)
{
	static const char key[] = "Content-Length";
	size_t len = 0;

	if (http_head_field(h, key))
		return refuse(h, 400, e, "there are two Content-Length");
	if (!value[0] || strspn(value, "0123456789") != strlen(value))
		return refuse(h, 400, e, "Content-Length is not a number");
	for (const char *c = value; *c && len < SIZE_MAX / 100; c++)
		len = len * 10 + (size_t)(*c - '0');
	h->body_len = len;
	return ERR_OK;
}

static enum err_code note_field(struct http_head *h, const char *name, const char *value,
				struct err *e)
{
	enum err_code code = ERR_OK;

	if (strcasecmp(name, "Content-Length") == 0)
		code = read_length(h, value, e);
	else if (strcasecmp(name, "Transfer-Encoding") == 0)
		code = refuse(h, 411, e, "a body must have a Content-Length");
	else if (strcasecmp(name, "Connection") == 0 && strcasecmp(value, "close") == 0)
		h->is_last = true;
	else if (strcasecmp(name, "Connection") == 0 && strcasecmp(value, "keep-alive") == 0)
		h->is_last = false;
	else if (strcasecmp(name, "Expect") == 0)
		h->wants_continue = strcasecmp(value, "100-continue") == 0;
	if (code != ERR_OK)
		return code;
	if (h->n_fields == HTTP_FIELDS_MAX)
		return refuse(h, 431, e, "there are too many header fields");
	h->fields[h->n_fields++] = (struct http_field){ name, value };
	return ERR_OK;
}

static enum err_code read_field(struct http_head *h, char *line, struct err *e)
{
	char *value = strchr(line, ':'), *end;

	if (!value)
		return refuse(h, 400, e, "a header field has no colon");
	*value++ = 0;
	if (!is_token(line))
		return refuse(h, 400, e, "the name of a header field is not a token");
	value += strspn(value, " \t");
	end = value + strlen(value);
	while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
		*--end = 0;
	return note_field(h, line, value, e);
}

/* ---- */

enum err_code http_head_read(struct http_head *out, const char *bytes, size_t len, struct err *e)
{
	enum err_code code;
	char *at, *line, *target;

	memset(out, 0, sizeof(*out));
	TAILQ_INIT(&out->query);
	out->text = malloc(len + 1);
	if (!out->text)
		return err_set(e, ERR_MEMORY, "out of memory");
	memcpy(out->text, bytes, len);
	out->text[len] = 0;
	at = out->text;
	code = read_request_line(out, next_line(&at, out->text + len), &target, e);
	while (code == ERR_OK) {
		line = next_line(&at, out->text + len);
		if (!line)
			code = refuse(out, 400, e, "a header line does not end in CR LF");
		else if (!line[0])
			break;
		else
			code = read_field(out, line, e);
	}
	return code == ERR_OK ? read_target(out, target, e) : code;
}

void http_head_fini(struct http_head *h)
{
	if (!h->text)
		return;
	evhttp_clear_headers(&h->query);
	free(h->path);
	free(h->text);
	*h = (struct http_head){ 0 };
}

const char *http_head_field(const struct http_head *h, const char *name)
{
	for (unsigned i = 0; i < h->n_fields; i++)
		if (strcasecmp(h->fields[i].name, name) == 0)
			return h->fields[i].value;
	return NULL;
}

const char *http_head_query(const struct http_head *h, const char *key)
{
	return evhttp_find_header(&h->query, key);
}
