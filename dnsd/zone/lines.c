/* SPDX-License-Identifier: Apache-2.0 */
/* lines: the entries of a master file. See lines.h. */
#include "dnsd/zone/lines.h"

#include <stdbool.h>
#include <string.h>

void lines_init(struct lines *l, const char *text, size_t len)
{
	l->text = text;
	l->end = text + len;
	l->line = 1;
	buf_init(&l->entry);
}

void lines_fini(struct lines *l)
{
	buf_fini(&l->entry);
}

/* A stretch that needs no look at each byte's meaning: up to the next special one. */
static size_t plain_run(const char *at, const char *end)
{
	const char *from = at;

	while (at < end) {
		switch (*at) {
		case '\n':
		case '\r':
		case ';':
		case '"':
		case '(':
		case ')':
		case '\\':
		case '\0': return (size_t)(at - from);
		default: at++;
		}
	}
	return (size_t)(at - from);
}

/* Takes what stands at l->text, a special byte. Sets *is_done at the entry's last line end. */
static const char *take_special(struct lines *l, unsigned *depth, bool *quoted, bool *is_done)
{
	char c = *l->text++;

	switch (c) {
	case '\0': return "a zero byte, expected text";
	case '\\':
		buf_u8(&l->entry, '\\');
		if (l->text < l->end && *l->text != '\n' && *l->text != '\0')
			buf_u8(&l->entry, (uint8_t)*l->text++);
		return NULL;
	case '"':
		*quoted = !*quoted;
		buf_u8(&l->entry, '"');
		return NULL;
	case '\n':
		l->line++;
		if (*quoted)
			return "a quoted text without its closing quote";
		*is_done = *depth == 0;
		c = ' ';
		break;
	case '\r': c = ' '; break;
	default:
		if (*quoted)
			break;
		if (c == ';') {
			while (l->text < l->end && *l->text != '\n')
				l->text++;
			return NULL;
		}
		if (c == ')' && *depth == 0)
			return "a ) without its (";
		*depth += c == '(' ? 1u : -1u;
		c = ' ';
	}
	buf_u8(&l->entry, (uint8_t)c);
	return NULL;
}

/* After a mistake: go on with the next line. */
static void skip_line(struct lines *l)
{
	if (l->text > l->end - 1 || l->text[-1] == '\n')
		return;
	while (l->text < l->end && *l->text != '\n')
		l->text++;
}

static enum err_code read_entry(struct lines *l, const char **why)
{
	unsigned depth = 0;
	bool quoted = false, is_done = false;

	buf_clear(&l->entry);
	while (!is_done && l->text < l->end) {
		size_t run = plain_run(l->text, l->end);

		buf_add(&l->entry, l->text, run);
		l->text += run;
		if (l->text == l->end)
			break;
		*why = take_special(l, &depth, &quoted, &is_done);
		if (!*why && l->entry.len > LINES_ENTRY_MAX)
			*why = "an entry over 512 KiB";
		if (*why) {
			skip_line(l);
			return ERR_INPUT;
		}
	}
	*why = depth	? "a ( without its )"
	       : quoted ? "a quoted text without its closing quote"
			: NULL;
	return *why ? ERR_INPUT : ERR_OK;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

enum err_code lines_next(struct lines *l, char **entry, uint32_t *line, const char **why)
{
	while (l->text < l->end) {
		enum err_code rc;
		char *text;

		*line = l->line;
		rc = read_entry(l, why);
		if (rc != ERR_OK)
			return rc;
		/* ldns takes a blank after the last quoted text for one text too many. */
		while (l->entry.len && is_blank(l->entry.data[l->entry.len - 1]))
			l->entry.len--;
		buf_u8(&l->entry, '\0');
		if (l->entry.failed)
			return ERR_MEMORY;
		text = (char *)l->entry.data;
		if (*text) {
			*entry = text;
			return ERR_OK;
		}
	}
	return ERR_NOT_FOUND;
}
