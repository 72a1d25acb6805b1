/* SPDX-License-Identifier: Apache-2.0 */
/* report: what a configuration has to say, told in the order of the file's lines. */
#include "schema/config/report.h"

#include "core/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What of a long line is shown, in characters, and how much of it before the mistake. */
#define SHOWN_MAX    100
#define SHOWN_BEFORE 40

struct report_file {
	char *name;
	struct buf source;
};

struct report_message {
	struct report_place at;
	unsigned seq; /* keeps messages of one place in the order they were made */
	enum report_kind kind;
	char *lines; /* told before it; NULL = none */
	char text[512];
};

void config_report_init(struct config_report *r)
{
	memset(r, 0, sizeof(*r));
	buf_init(&r->errors);
	buf_init(&r->notes);
}

void config_report_fini(struct config_report *r)
{
	buf_fini(&r->errors);
	buf_fini(&r->notes);
	for (uint32_t i = 0; i < r->n_files; i++) {
		buf_fini(&r->files[i].source);
		free(r->files[i].name);
	}
	for (size_t i = 0; i < r->n_messages; i++)
		free(r->messages[i].lines);
	free(r->files);
	free(r->messages);
	config_report_init(r);
}

void report_open(struct config_report *r)
{
	bool is_check = r->is_check;

	config_report_fini(r);
	r->is_check = is_check;
}

uint32_t report_source(struct config_report *r, const char *name, const char *text, size_t len)
{
	struct report_file *files;

	if (r->n_files == REPORT_FILES_MAX)
		return REPORT_FILES_MAX;
	files = realloc(r->files, (r->n_files + 1) * sizeof(*files));
	if (!files)
		return REPORT_FILES_MAX;
	r->files = files;
	files[r->n_files].name = strdup(name);
	buf_init(&files[r->n_files].source);
	buf_add(&files[r->n_files].source, text, len);
	return r->n_files++;
}

const char *report_file_name(const struct config_report *r, uint32_t file)
{
	return file < r->n_files && r->files[file].name ? r->files[file].name : "config";
}

/* ---- gathering */

static unsigned *count_of(struct config_report *r, enum report_kind kind)
{
	return kind == REPORT_ERROR	? &r->n_errors
	       : kind == REPORT_WARNING ? &r->n_warnings
					: &r->n_notes;
}

static bool is_told(const struct config_report *r, enum report_kind kind, struct report_place at,
		    const char *text)
{
	for (size_t i = 0; i < r->n_messages; i++) {
		const struct report_message *m = &r->messages[i];

		if (*text && m->kind == kind && m->at.file == at.file && m->at.line == at.line &&
		    m->at.column == at.column && !strcmp(m->text, text))
			return true;
	}
	return false;
}

static struct report_message *make_room(struct config_report *r)
{
	if (r->n_messages == r->room) {
		size_t room = r->room ? r->room * 2 : 8;
		struct report_message *m = realloc(r->messages, room * sizeof(*m));

		if (!m)
			return NULL;
		r->messages = m;
		r->room = room;
	}
	return &r->messages[r->n_messages++];
}

__attribute__((format(printf, 5, 0))) static void add(struct config_report *r,
						      enum report_kind kind, struct report_place at,
						      const char *lines, const char *fmt,
						      va_list args)
{
	unsigned *count = count_of(r, kind);
	struct report_message *m;
	char text[sizeof(m->text)];

	vsnprintf(text, sizeof(text), fmt, args);
	if (is_told(r, kind, at, text))
		return;
	if ((*count)++ >= REPORT_MESSAGES_MAX)
		return;
	m = make_room(r);
	if (!m)
		return;
	*m = (struct report_message){ .at = at, .seq = *count, .kind = kind };
	memcpy(m->text, text, sizeof(text));
	m->lines = lines && *lines ? strdup(lines) : NULL;
}

void report_add(struct config_report *r, enum report_kind kind, struct report_place at,
		const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add(r, kind, at, NULL, fmt, args);
	va_end(args);
}

/* ---- writing */

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

static void render(const struct config_report *r, struct buf *out, const struct report_message *m)
{
	static const char *const kinds[] = { "error", "warning", "note" };
	const char *file = report_file_name(r, m->at.file);

	if (m->lines)
		buf_add_str(out, m->lines);
	if (!*m->text)
		return;
	if (m->at.line == 0)
		buf_printf(out, "%s: %s: %s\n", file, kinds[m->kind], m->text);
	else
		buf_printf(out, "%s:%u:%u: %s: %s\n", file, m->at.line, m->at.column,
			   kinds[m->kind], m->text);
	if (m->at.file < r->n_files)
		add_source(out, &r->files[m->at.file].source, m->at);
}

static int order(uint32_t a, uint32_t b)
{
	return a < b ? -1 : a > b;
}

static int by_place(const void *a, const void *b)
{
	const struct report_message *x = a, *y = b;
	int sign = order(x->at.file, y->at.file);

	if (sign == 0)
		sign = order(x->at.line, y->at.line);
	if (sign == 0)
		sign = order(x->at.column, y->at.column);
	return sign ? sign : order(x->seq, y->seq);
}

static void add_rest(struct config_report *r, struct buf *out, unsigned n, const char *what)
{
	if (n > REPORT_MESSAGES_MAX)
		buf_printf(out, "%s: and %u more %s\n", report_file_name(r, 0),
			   n - REPORT_MESSAGES_MAX, what);
}

void report_close(struct config_report *r)
{
	buf_fini(&r->errors);
	buf_fini(&r->notes);
	buf_init(&r->errors);
	buf_init(&r->notes);
	if (r->n_messages > 0)
		qsort(r->messages, r->n_messages, sizeof(*r->messages), by_place);
	for (size_t i = 0; i < r->n_messages; i++)
		render(r, r->messages[i].kind == REPORT_ERROR ? &r->errors : &r->notes,
		       &r->messages[i]);
	add_rest(r, &r->errors, r->n_errors, "errors");
	add_rest(r, &r->notes, r->n_warnings, "warnings");
	add_rest(r, &r->notes, r->n_notes, "notes");
}

/* ---- later messages */

static struct report_place place_of(const struct config_pos *pos)
{
	if (!pos)
		return (struct report_place){ 0 };
	return (struct report_place){ pos->line, pos->column, 1, pos->file };
}

__attribute__((format(printf, 5, 6))) static void add_lines(struct config_report *r,
							    enum report_kind kind,
							    const struct config_pos *pos,
							    const char *lines, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add(r, kind, place_of(pos), lines, fmt, args);
	va_end(args);
	report_close(r);
}

#define ADD_LATER(kind, lines)                                 \
	do {                                                   \
		va_list args;                                  \
                                                               \
		va_start(args, fmt);                           \
		add(r, kind, place_of(pos), lines, fmt, args); \
		va_end(args);                                  \
		report_close(r);                               \
	} while (0)

void config_report_error(struct config_report *r, const struct config_pos *pos, const char *fmt,
			 ...)
{
	ADD_LATER(REPORT_ERROR, NULL);
}

void config_report_warning(struct config_report *r, const struct config_pos *pos, const char *fmt,
			   ...)
{
	ADD_LATER(REPORT_WARNING, NULL);
}

void config_report_lines(struct config_report *r, const struct config_pos *pos, const char *lines,
			 const char *fmt, ...)
{
	ADD_LATER(REPORT_ERROR, lines);
}

void config_report_warning_lines(struct config_report *r, const struct config_pos *pos,
				 const char *lines)
{
	if (*lines)
		add_lines(r, REPORT_WARNING, pos, lines, "%s", "");
}

void config_report_about(struct config_report *r, const struct config_files *files)
{
	for (uint32_t i = r->n_files; i < files->n; i++)
		report_source(r, files->names[i], "", 0);
}

void config_where(const struct config_files *files, const struct config_pos *pos, struct buf *out)
{
	buf_add_str(out, pos->file < files->n ? files->names[pos->file] : "config");
	if (pos->line)
		buf_printf(out, ":%u:%u", pos->line, pos->column);
}
