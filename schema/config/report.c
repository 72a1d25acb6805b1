/* SPDX-License-Identifier: Apache-2.0 */
/* report: mistakes and notes of one file, gathered in any order and told in the file's. */
#include "schema/config/report.h"

#include "core/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What of a long line is shown, in characters, and how much of it before the mistake. */
#define SHOWN_MAX    100
#define SHOWN_BEFORE 40

struct config_message {
	struct report_place at;
	unsigned seq; /* keeps messages of one place in the order they were made */
	bool is_note;
	char text[512];
};

void config_report_init(struct config_report *r)
{
	memset(r, 0, sizeof(*r));
	buf_init(&r->errors);
	buf_init(&r->notes);
	buf_init(&r->source);
}

void config_report_fini(struct config_report *r)
{
	buf_fini(&r->errors);
	buf_fini(&r->notes);
	buf_fini(&r->source);
	free(r->file);
	free(r->messages);
	config_report_init(r);
}

void report_open(struct config_report *r, const char *file, const char *text, size_t len)
{
	config_report_fini(r);
	r->file = strdup(file);
	buf_add(&r->source, text, len);
}

__attribute__((format(printf, 4, 0))) static void
add(struct config_report *r, bool is_note, struct report_place at, const char *fmt, va_list args)
{
	unsigned seq = is_note ? r->n_notes++ : r->n_errors++;
	struct config_message *m;

	if (seq >= REPORT_MESSAGES_MAX)
		return;
	if (r->n_messages == r->room) {
		size_t room = r->room ? r->room * 2 : 8;

		m = realloc(r->messages, room * sizeof(*m));
		if (!m)
			return;
		r->messages = m;
		r->room = room;
	}
	m = &r->messages[r->n_messages++];
	*m = (struct config_message){ .at = at, .seq = seq, .is_note = is_note };
	vsnprintf(m->text, sizeof(m->text), fmt, args);
}

void report_error(struct config_report *r, struct report_place at, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add(r, false, at, fmt, args);
	va_end(args);
}

void report_note(struct config_report *r, struct report_place at, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add(r, true, at, fmt, args);
	va_end(args);
}

/* The bytes of line `number`, without its end. */
static const char *find_line(const struct buf *source, uint32_t number, size_t *len)
{
	const char *at = (const char *)source->data, *end = at + source->len, *stop;

	if (source->len == 0)
		return NULL;
	while (number > 1) {
		at = memchr(at, '\n', (size_t)(end - at));
		if (!at)
			return NULL;
		at++;
		number--;
	}
	stop = memchr(at, '\n', (size_t)(end - at));
	*len = (size_t)((stop ? stop : end) - at);
	if (*len > 0 && at[*len - 1] == '\r')
		(*len)--;
	return at;
}

/* Adds characters [first, first + count) of the line; what would move the caret or the terminal
 * becomes a blank or a question mark. How many there were. */
static uint32_t add_shown(struct buf *out, const char *line, size_t len, uint32_t first,
			  uint32_t count)
{
	uint32_t character = 0;
	size_t n;

	for (size_t i = 0; i < len && character < first + count; i += n, character++) {
		n = utf8_char_len(line + i, len - i);
		if (character < first)
			n = n ? n : 1;
		else if (line[i] == '\t')
			buf_u8(out, ' ');
		else if (n == 0 || utf8_is_control(line + i, n))
			buf_u8(out, '?');
		else
			buf_add(out, line + i, n);
		n = n ? n : 1;
	}
	return character > first ? character - first : 0;
}

static void add_source(struct buf *out, const struct buf *source, struct report_place at)
{
	size_t len = 0;
	const char *line = at.line ? find_line(source, at.line, &len) : NULL;
	uint32_t first, shown, width;

	if (!line || at.column == 0)
		return;
	first = at.column > SHOWN_BEFORE && len > SHOWN_MAX ? at.column - SHOWN_BEFORE : 0;
	buf_add_str(out, "    ");
	shown = add_shown(out, line, len, first, SHOWN_MAX);
	buf_add_str(out, "\n    ");
	for (uint32_t i = first + 1; i < at.column; i++)
		buf_u8(out, ' ');
	buf_u8(out, '^');
	width = at.column - first + at.width <= shown + 1 ? at.width
							  : shown + first + 1 - at.column;
	for (uint32_t i = 1; i < width && i < SHOWN_MAX; i++)
		buf_u8(out, '~');
	buf_u8(out, '\n');
}

static void render(const struct config_report *r, struct buf *out, struct report_place at,
		   const char *kind, const char *text)
{
	const char *file = r->file ? r->file : "config";

	if (at.line == 0)
		buf_printf(out, "%s: %s: %s\n", file, kind, text);
	else
		buf_printf(out, "%s:%u:%u: %s: %s\n", file, at.line, at.column, kind, text);
	add_source(out, &r->source, at);
}

static int by_place(const void *a, const void *b)
{
	const struct config_message *x = a, *y = b;

	if (x->at.line != y->at.line)
		return x->at.line < y->at.line ? -1 : 1;
	if (x->at.column != y->at.column)
		return x->at.column < y->at.column ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static void add_rest(struct config_report *r, struct buf *out, unsigned n, const char *what)
{
	if (n > REPORT_MESSAGES_MAX)
		buf_printf(out, "%s: and %u more %s\n", r->file ? r->file : "config",
			   n - REPORT_MESSAGES_MAX, what);
}

void report_close(struct config_report *r)
{
	if (r->n_messages > 0)
		qsort(r->messages, r->n_messages, sizeof(*r->messages), by_place);
	for (size_t i = 0; i < r->n_messages; i++) {
		const struct config_message *m = &r->messages[i];

		render(r, m->is_note ? &r->notes : &r->errors, m->at, m->is_note ? "note" : "error",
		       m->text);
	}
	add_rest(r, &r->errors, r->n_errors, "errors");
	add_rest(r, &r->notes, r->n_notes, "notes");
	free(r->messages);
	r->messages = NULL;
	r->n_messages = r->room = 0;
}

void config_report_error(struct config_report *r, const struct config_pos *pos, const char *fmt,
			 ...)
{
	struct report_place at = { pos ? pos->line : 0, pos ? pos->column : 0, 1 };
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	r->n_errors++;
	render(r, &r->errors, at, "error", text);
}
