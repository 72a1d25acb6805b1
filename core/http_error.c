/* SPDX-License-Identifier: Apache-2.0 */
/* http_error: how an error code is told by HTTP: its status, and a document. */
#include "core/http_error.h"

#include <stddef.h>

int http_error_status(enum err_code code)
{
	switch (code) {
	case ERR_OK: return 200;
	case ERR_INPUT: return 400;
	case ERR_DENIED: return 403;
	case ERR_NOT_FOUND:
	case ERR_NO_PATH: return 404;
	case ERR_EXISTS:
	case ERR_REFUSED:
	case ERR_UNSAFE:
	case ERR_AGAIN: return 409;
	case ERR_LIMIT: return 429;
	case ERR_FULL: return 507;
	case ERR_IO:
	case ERR_MEMORY: return 500;
	}
	return 500;
}

/* A message may quote bytes from outside; JSON has only UTF-8. */
static json_t *message_text(const char *message)
{
	json_t *text = json_string(message);
	char plain[ERR_TEXT_MAX];
	size_t i;

	if (text)
		return text;
	for (i = 0; message[i] && i + 1 < sizeof(plain); i++)
		plain[i] = (message[i] & 0x80) ? '?' : message[i];
	plain[i] = 0;
	return json_string(plain);
}

json_t *http_error_doc(enum err_code code, const char *message)
{
	return json_pack("{s:{s:s,s:o}}", "error", "code", err_name(code), "message",
			 message_text(message));
}

const char *http_error_phrase(int status)
{
	static const struct {
		int status;
		const char *phrase;
	} phrases[] = {
		{ 200, "OK" },
		{ 201, "Created" },
		{ 202, "Accepted" },
		{ 204, "No Content" },
		{ 400, "Bad Request" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 408, "Request Timeout" },
		{ 409, "Conflict" },
		{ 411, "Length Required" },
		{ 413, "Content Too Large" },
		{ 429, "Too Many Requests" },
		{ 431, "Request Header Fields Too Large" },
		{ 500, "Internal Server Error" },
		{ 503, "Service Unavailable" },
		{ 505, "HTTP Version Not Supported" },
		{ 507, "Insufficient Storage" },
	};

	for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++)
		if (phrases[i].status == status)
			return phrases[i].phrase;
	return "Status";
}
