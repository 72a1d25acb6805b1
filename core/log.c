/* SPDX-License-Identifier: Apache-2.0 */
/* log: one line an event, as text or as JSON; where it goes is core/log_sink.h.
 *
 * A line is made on the stack. What is longer than LOG_SINK_LINE_MAX is cut with "...".
 */
#include "core/log.h"

#include "core/clock.h"
#include "core/log_sink.h"
#include "core/utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define MESSAGE_MAX 2048
#define TAIL_ROOM   8 /* `..."}`, a newline, and some air */

/* Set before threads start, read by all. */
static bool as_json, with_priorities;
static enum log_level least_level = LOG_INFO;

static const char *const level_names[] = { "debug", "info", "warn", "error" };
static const int priorities[] = { 7, 6, 4, 3 }; /* of syslog */

static atomic_uint dropped; /* since the last line that was not */

struct line {
	char text[LOG_SINK_LINE_MAX];
	size_t len;
	bool cut;
};

void log_set_json(bool json)
{
	as_json = json;
}

void log_set_priorities(bool shown)
{
	with_priorities = shown;
}

void log_set_level(enum log_level least)
{
	least_level = least;
}

static void put(struct line *line, const char *bytes, size_t len)
{
	if (line->cut || len > sizeof(line->text) - TAIL_ROOM - line->len) {
		line->cut = true;
		return;
	}
	memcpy(line->text + line->len, bytes, len);
	line->len += len;
}

static void put_str(struct line *line, const char *text)
{
	put(line, text, strlen(text));
}

/* One character or stray byte that cannot stand as it is. */
static void put_escaped(struct line *line, const char *at, size_t char_len)
{
	unsigned char byte =
		(unsigned char)at[char_len > 1 ? 1 : 0]; /* C1 ends in its code point */
	char out[8];

	if (byte == '\n' || byte == '\t' || byte == '\r')
		snprintf(out, sizeof(out), "\\%c", byte == '\n' ? 'n' : byte == '\t' ? 't' : 'r');
	else if (!as_json)
		snprintf(out, sizeof(out), "\\x%02x", byte);
	else
		snprintf(out, sizeof(out), "\\u%04x", char_len ? byte : 0xfffdu);
	put_str(line, out);
}

static void put_message(struct line *line, const char *text)
{
	size_t len = strlen(text);

	while (len > 0) {
		size_t n = utf8_char_len(text, len);

		if (n == 0 || utf8_is_control(text, n))
			put_escaped(line, text, n);
		else if (as_json && (*text == '"' || *text == '\\'))
			put(line, (char[]){ '\\', *text }, 2);
		else
			put(line, text, n);
		n = n ? n : 1;
		text += n;
		len -= n;
	}
}

static void put_text_head(struct line *line, const char *time, const char *level,
			  const char *component)
{
	char head[64];

	snprintf(head, sizeof(head), "%s %-5s ", time, level);
	put_str(line, head);
	put_message(line, component);
	put_str(line, ": ");
}

static void put_json_head(struct line *line, const char *time, const char *level,
			  const char *component)
{
	char head[96];

	snprintf(head, sizeof(head), "{\"time\":\"%s\",\"level\":\"%s\",\"component\":\"", time,
		 level);
	put_str(line, head);
	put_message(line, component);
	put_str(line, "\",\"message\":\"");
}

static void finish(struct line *line)
{
	const char *tail = as_json ? "\"}\n" : "\n";

	if (line->cut) {
		memcpy(line->text + line->len, "...", 3);
		line->len += 3;
	}
	memcpy(line->text + line->len, tail, strlen(tail));
	line->len += strlen(tail);
}

static bool write_line(enum log_level level, const char *component, const char *message, bool cut)
{
	char time[CLOCK_TEXT_MAX];
	struct line line;

	line.len = 0;
	line.cut = false;
	if (with_priorities)
		put(&line, (char[]){ '<', (char)('0' + priorities[level]), '>' }, 3);
	clock_text(clock_wall_ms(clock_system()), time);
	(as_json ? put_json_head : put_text_head)(&line, time, level_names[level], component);
	put_message(&line, message);
	line.cut |= cut;
	finish(&line);
	return log_sink_write(priorities[level], line.text, line.len);
}

/* The number first: when that line is dropped too, it is counted again with the rest. */
static void tell_dropped(void)
{
	unsigned n = atomic_exchange(&dropped, 0);
	char message[64];

	if (n == 0)
		return;
	snprintf(message, sizeof(message), "%u lines were dropped: the log was not taken", n);
	if (!write_line(LOG_WARN, "core/log", message, false))
		atomic_fetch_add(&dropped, n);
}

static void write_args(enum log_level level, const char *component, const char *fmt, va_list args)
	__attribute__((format(printf, 3, 0)));
static void write_args(enum log_level level, const char *component, const char *fmt, va_list args)
{
	int saved = errno, len;
	char message[MESSAGE_MAX];

	len = vsnprintf(message, sizeof(message), fmt, args);
	tell_dropped();
	if (!write_line(level, component, len < 0 ? fmt : message, len >= (int)sizeof(message)))
		atomic_fetch_add(&dropped, 1);
	errno = saved;
}

void log_write(enum log_level level, const char *component, const char *fmt, ...)
{
	va_list args;

	if (level < least_level)
		return;
	va_start(args, fmt);
	write_args(level, component, fmt, args);
	va_end(args);
}

/* In a new minute one caller resets the count and tells of what the old one held back. */
static void turn_window(struct log_limit *limit, enum log_level level, const char *component)
{
	long now_min = (long)(clock_mono_us(clock_system()) / 60000000);
	long then = atomic_load(&limit->window_min);
	unsigned held;

	if (now_min == then || !atomic_compare_exchange_strong(&limit->window_min, &then, now_min))
		return;
	atomic_store(&limit->count, 0);
	held = atomic_exchange(&limit->held, 0);
	if (held > 0)
		log_write(level, component, "%u lines like the next were held back", held);
}

void log_limited(struct log_limit *limit, enum log_level level, const char *component,
		 const char *fmt, ...)
{
	va_list args;

	if (level < least_level)
		return;
	turn_window(limit, level, component);
	if (atomic_fetch_add(&limit->count, 1) >= limit->per_minute) {
		atomic_fetch_add(&limit->held, 1);
		return;
	}
	va_start(args, fmt);
	write_args(level, component, fmt, args);
	va_end(args);
}
