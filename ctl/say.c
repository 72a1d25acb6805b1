/* SPDX-License-Identifier: Apache-2.0 */
/* say: values of the admin API's documents as words, and lines of words that a terminal can take.
 */
#include "ctl/say.h"

#include "core/utf8.h"

#include <math.h>
#include <string.h>

#define BAR_LEN 10
#define WIDE	140 /* columns that the widest tables need, as names usually are */

/* ---- values ---- */

const char *say_text(const json_t *doc, const char *key, char out[SAY_MAX])
{
	const json_t *v = json_object_get(doc, key);
	const char *text = json_string_value(v);

	snprintf(out, SAY_MAX, "-");
	if (text && text[0])
		snprintf(out, SAY_MAX, "%s", text);
	else if (json_is_integer(v))
		snprintf(out, SAY_MAX, "%lld", (long long)json_integer_value(v));
	else if (json_is_real(v))
		snprintf(out, SAY_MAX, "%g", json_real_value(v));
	else if (json_is_boolean(v))
		snprintf(out, SAY_MAX, "%s", json_is_true(v) ? "yes" : "no");
	return out;
}

const char *say_list(const json_t *doc, const char *key, char out[SAY_MAX])
{
	const json_t *list = json_object_get(doc, key);
	size_t len = 0, i;
	json_t *v;

	snprintf(out, SAY_MAX, "-");
	json_array_foreach (list, i, v) {
		const char *text = json_string_value(v);

		if (text && len < SAY_MAX)
			len += (size_t)snprintf(out + len, SAY_MAX - len, "%s%s", len ? ", " : "",
						text);
	}
	return out;
}

const char *say_share(const json_t *doc, const char *key, char out[SAY_MAX])
{
	const json_t *v = json_object_get(doc, key);
	double percent = json_number_value(v) * 100;

	if (!json_is_number(v))
		snprintf(out, SAY_MAX, "-");
	else if (percent == 0 || percent >= 10 || fabs(percent - round(percent)) < 0.005)
		snprintf(out, SAY_MAX, "%.0f%%", percent);
	else
		snprintf(out, SAY_MAX, "%.2g%%", percent);
	return out;
}

const char *say_time(const json_t *doc, const char *key, char out[SAY_MAX])
{
	const char *text = json_string_value(json_object_get(doc, key));

	if (!text || strlen(text) < 19 || text[10] != 'T')
		return say_text(doc, key, out);
	snprintf(out, SAY_MAX, "%.10s %.8s", text, text + 11);
	return out;
}

static void seconds_text(double s, char *out, size_t room)
{
	unsigned long long whole = s < 1e15 ? (unsigned long long)s : 0;

	if (s < 10)
		snprintf(out, room, "%.1fs", s);
	else if (whole < 60)
		snprintf(out, room, "%llus", whole);
	else if (whole < 3600)
		snprintf(out, room, "%llum %llus", whole / 60, whole % 60);
	else if (whole < 86400)
		snprintf(out, room, "%lluh %llum", whole / 3600, whole % 3600 / 60);
	else
		snprintf(out, room, "%llud %lluh", whole / 86400, whole % 86400 / 3600);
}

const char *say_seconds(const json_t *doc, const char *key, char out[SAY_MAX])
{
	const json_t *v = json_object_get(doc, key);

	snprintf(out, SAY_MAX, "-");
	if (json_is_number(v) && json_number_value(v) >= 0)
		seconds_text(json_number_value(v), out, SAY_MAX);
	return out;
}

const char *say_forced(const json_t *doc, char out[SAY_MAX])
{
	const json_t *forced = json_object_get(doc, "forced");
	char kind[SAY_MAX], by[SAY_MAX], until[SAY_MAX];
	const char *reason = json_string_value(json_object_get(forced, "reason"));
	bool has_reason = reason && reason[0];
	bool has_end = json_is_string(json_object_get(forced, "until"));

	if (!json_is_object(forced)) {
		snprintf(out, SAY_MAX, "-");
		return out;
	}
	snprintf(out, SAY_MAX, "%.40s%s%.120s%s by %.80s%s%.40s", say_text(forced, "kind", kind),
		 has_reason ? " (" : "", has_reason ? reason : "", has_reason ? ")" : "",
		 say_text(forced, "by", by), has_end ? " until " : "",
		 has_end ? say_time(forced, "until", until) : "");
	return out;
}

bool say_is_narrow(const struct cli *cli)
{
	return cli->style.width && cli->style.width < WIDE;
}

const char *say_forced_in(const struct cli *cli, const json_t *doc, char out[SAY_MAX])
{
	const json_t *forced = json_object_get(doc, "forced");
	char kind[SAY_MAX], id[SAY_MAX];

	if (!say_is_narrow(cli) || !json_is_object(forced))
		return say_forced(doc, out);
	snprintf(out, SAY_MAX, "%.40s, id %.40s", say_text(forced, "kind", kind),
		 say_text(forced, "id", id));
	return out;
}

/* < 0: not known. */
static double load_of(const json_t *doc)
{
	double capacity = json_number_value(json_object_get(doc, "capacity"));
	double used = json_number_value(json_object_get(doc, "used"));

	return capacity > 0 && used >= 0 ? used / capacity : -1;
}

const char *say_load(const json_t *doc, char out[SAY_MAX])
{
	double load = load_of(doc);
	int full = load >= 1 ? BAR_LEN : (int)(load * BAR_LEN + 0.5);

	if (load < 0)
		snprintf(out, SAY_MAX, "-");
	else
		snprintf(out, SAY_MAX, "[%.*s%.*s] %3.0f%%", full, "##########", BAR_LEN - full,
			 "..........", load * 100);
	return out;
}

/* ---- colours ---- */

struct colour {
	const char *word, *colour;
};

static const char *colour_of(const json_t *doc, const char *key, const struct colour *known)
{
	const char *text = json_string_value(json_object_get(doc, key));

	for (; text && known->word; known++)
		if (strcmp(known->word, text) == 0)
			return known->colour;
	return NULL;
}

const char *say_health_colour(const json_t *doc)
{
	static const struct colour known[] = {
		{ "up", "green" }, { "degraded", "yellow" }, { "stale", "yellow" },
		{ "down", "red" }, { "unknown", "gray" },    { 0 },
	};

	return colour_of(doc, "health", known);
}

const char *say_health_change_colour(const char *to)
{
	return strcmp(to, "down") == 0 ? "red" : strcmp(to, "stale") == 0 ? "yellow" : NULL;
}

const char *say_severity_colour(const json_t *doc)
{
	static const struct colour known[] = {
		{ "critical", "red" }, { "error", "red" }, { "warning", "yellow" }, { 0 }
	};

	return colour_of(doc, "severity", known);
}

const char *say_load_colour(const json_t *doc)
{
	double load = load_of(doc);

	if (load >= 0.95)
		return "red";
	return load >= 0.8 ? "yellow" : NULL;
}

/* ---- lines ---- */

static const char *escape_of(const char *colour)
{
	static const struct colour known[] = { { "red", "\033[31m" },	 { "green", "\033[32m" },
					       { "yellow", "\033[33m" }, { "gray", "\033[90m" },
					       { "bold", "\033[1m" },	 { 0 } };

	for (size_t i = 0; colour && known[i].word; i++)
		if (strcmp(known[i].word, colour) == 0)
			return known[i].colour;
	return NULL;
}

/* What a daemon says may hold what somebody else wrote: no escape sequence gets through. */
static void put_plain(FILE *out, const char *text, size_t len)
{
	while (len) {
		size_t n = utf8_char_len(text, len);

		if (!n || utf8_is_control(text, n)) {
			fputc('?', out);
			n = n ? n : 1;
		} else {
			fwrite(text, 1, n, out);
		}
		text += n;
		len -= n;
	}
}

void say_lines(FILE *out, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n\t");

		put_plain(out, text, len);
		text += len;
		if (*text)
			fputc(*text++, out);
	}
}

void say_line(const struct cli *cli, const char *colour, const char *fmt, ...)
{
	const char *escape = cli->style.has_colours ? escape_of(colour) : NULL;
	va_list args;
	char *text;
	int len;

	va_start(args, fmt);
	len = vasprintf(&text, fmt, args);
	va_end(args);
	if (len < 0)
		return;
	if (escape)
		fputs(escape, cli->out);
	put_plain(cli->out, text, (size_t)len);
	fputs(escape ? "\033[0m\n" : "\n", cli->out);
	free(text);
}

void say_heading(const struct cli *cli, const char *text)
{
	fputc('\n', cli->out);
	say_line(cli, "bold", "%s", text);
}
