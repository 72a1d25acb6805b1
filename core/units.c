/* SPDX-License-Identifier: Apache-2.0 */
/* units: durations, sizes and shares as people write them. */
#include "core/units.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define PPM_PER_PERCENT	  10000u
#define SHARE_DECIMALS	  4 /* as many as a ppm has */
#define SHOWN_MAX	  64
#define DURATION_DECIMALS 6 /* 0.000001d is 86.4 ms: more would not be whole milliseconds */
#define DURATION_TEXT_MAX 32

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit durations[] = {
	{ "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 },
};
static const struct unit sizes[] = {
	{ "", 1 },
	{ "KiB", 1ull << 10 },
	{ "MiB", 1ull << 20 },
	{ "GiB", 1ull << 30 },
	{ "TiB", 1ull << 40 },
};
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The digits at *text, which move on; false without any, over 2^64, or with a zero before others.
 */
static bool has_number(const char **text, uint64_t *out)
{
	const char *at = *text;
	uint64_t n = 0;

	if (at[0] == '0' && at[1] >= '0' && at[1] <= '9')
		return false;
	for (; *at >= '0' && *at <= '9'; at++)
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(*at - '0'), &n))
			return false;
	if (at == *text)
		return false;
	*text = at;
	*out = n;
	return true;
}

static bool has_unit_number(const char *text, const struct unit *units, size_t count, uint64_t *out)
{
	uint64_t n;

	if (!has_number(&text, &n))
		return false;
	for (size_t i = 0; i < count; i++)
		if (strcmp(text, units[i].name) == 0)
			return !__builtin_mul_overflow(n, units[i].factor, out);
	return false;
}

/* "1.5h": the decimals are exact, so they must make whole milliseconds. */
static bool parse_duration(const char *text, uint64_t *out_ms)
{
	char unit[DURATION_TEXT_MAX];
	const char *point = strchr(text, '.');
	size_t digits = point ? strspn(point + 1, "0123456789") : 0;
	uint64_t whole, part = 0, scale = 1;

	if (!point)
		return has_unit_number(text, durations, COUNT(durations), out_ms);
	if (digits == 0 || digits > DURATION_DECIMALS || strlen(text) >= sizeof(unit))
		return false;
	for (size_t i = 0; i < digits; i++) {
		part = part * 10 + (uint64_t)(point[1 + i] - '0');
		scale *= 10;
	}
	snprintf(unit, sizeof(unit), "%.*s%s", (int)(point - text), text, point + 1 + digits);
	if (!has_unit_number(unit, durations, COUNT(durations), &whole))
		return false;
	for (size_t i = 0; i < COUNT(durations); i++)
		if (strcmp(point + 1 + digits, durations[i].name) == 0)
			part *= durations[i].factor;
	if (part % scale != 0)
		return false;
	return !__builtin_add_overflow(whole, part / scale, out_ms);
}

enum err_code units_parse_duration(const char *text, uint64_t *out_ms, struct err *e)
{
	uint64_t ms;

	if (!parse_duration(text, &ms))
		return err_set(
			e, ERR_INPUT,
			"`%.*s` is not a duration, expected a number and ms, s, m, h or d, in "
			"whole milliseconds",
			SHOWN_MAX, text);
	*out_ms = ms;
	return ERR_OK;
}

enum err_code units_parse_size(const char *text, uint64_t *out_bytes, struct err *e)
{
	uint64_t bytes;

	if (!has_unit_number(text, sizes, COUNT(sizes), &bytes))
		return err_set(e, ERR_INPUT,
			       "`%.*s` is not a size, expected a whole number of bytes, or of KiB, "
			       "MiB, GiB or TiB",
			       SHOWN_MAX, text);
	*out_bytes = bytes;
	return ERR_OK;
}

/* What stands after the point, in ppm: up to four digits, at least one. */
static bool has_decimals(const char **text, uint64_t *ppm)
{
	uint64_t scale = PPM_PER_PERCENT / 10, sum = 0;
	const char *at = *text;

	for (; *at >= '0' && *at <= '9'; at++, scale /= 10)
		sum += (uint64_t)(*at - '0') * scale;
	if (at == *text || at - *text > SHARE_DECIMALS)
		return false;
	*text = at;
	*ppm += sum;
	return true;
}

static bool has_share(const char *text, uint64_t *out)
{
	uint64_t percent, ppm;

	if (!has_number(&text, &percent) || percent > 100)
		return false;
	ppm = percent * PPM_PER_PERCENT;
	if (*text == '.') {
		text++;
		if (!has_decimals(&text, &ppm))
			return false;
	}
	*out = ppm;
	return strcmp(text, "%") == 0 && ppm <= 100 * PPM_PER_PERCENT;
}

enum err_code units_parse_share(const char *text, uint32_t *out_ppm, struct err *e)
{
	uint64_t ppm;

	if (!has_share(text, &ppm))
		return err_set(
			e, ERR_INPUT,
			"`%.*s` is not a share, expected 0%% to 100%% with at most %d decimals",
			SHOWN_MAX, text, SHARE_DECIMALS);
	*out_ppm = (uint32_t)ppm;
	return ERR_OK;
}

void units_duration_text(uint64_t ms, char out[UNITS_TEXT_MAX])
{
	size_t i = COUNT(durations) - 1;

	if (ms == 0) {
		snprintf(out, UNITS_TEXT_MAX, "0s");
		return;
	}
	while (ms % durations[i].factor != 0)
		i--;
	snprintf(out, UNITS_TEXT_MAX, "%" PRIu64 "%s", ms / durations[i].factor, durations[i].name);
}

void units_share_text(uint32_t ppm, char out[UNITS_TEXT_MAX])
{
	char *end;
	int len = snprintf(out, UNITS_TEXT_MAX, "%u.%04u", ppm / PPM_PER_PERCENT,
			   ppm % PPM_PER_PERCENT);

	for (end = out + len; end[-1] == '0'; end--)
		;
	if (end[-1] == '.')
		end--;
	memcpy(end, "%", 2);
}
