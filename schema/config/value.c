/* SPDX-License-Identifier: Apache-2.0 */
/* value: one scalar of a configuration file, from text to its field. */
#include "schema/config/value.h"

#include "core/country.h"
#include "core/identity.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SHOWN_MAX	 64  /* bytes of a wrong value in a message */
#define DNS_NAME_MAX	 253 /* RFC 1035 2.3.4, as text without the final dot */
#define DNS_LABEL_MAX	 63
#define TEXT_MAX_DEFAULT 4096

uint64_t value_load(const void *field, uint32_t width)
{
	uint64_t wide = 0;
	uint32_t u32;
	uint16_t u16;

	switch (width) {
	case 1: return *(const uint8_t *)field;
	case 2: memcpy(&u16, field, 2); return u16;
	case 4: memcpy(&u32, field, 4); return u32;
	default: memcpy(&wide, field, 8); return wide;
	}
}

static void store(void *field, uint32_t width, uint64_t value)
{
	uint32_t u32 = (uint32_t)value;
	uint16_t u16 = (uint16_t)value;

	if (!field)
		return;
	switch (width) {
	case 1: *(uint8_t *)field = (uint8_t)value; break;
	case 2: memcpy(field, &u16, 2); break;
	case 4: memcpy(field, &u32, 4); break;
	default: memcpy(field, &value, 8); break;
	}
}

/* The largest unit that leaves a whole number. */
static void size_text(uint64_t bytes, char out[UNITS_TEXT_MAX])
{
	static const char *const units[] = { "", "KiB", "MiB", "GiB", "TiB" };
	size_t i = 0;

	while (i < 4 && bytes >= 1024 && bytes % 1024 == 0) {
		bytes /= 1024;
		i++;
	}
	snprintf(out, UNITS_TEXT_MAX, "%" PRIu64 "%s", bytes, units[i]);
}

void value_bound_text(const struct key *key, uint64_t value, char out[UNITS_TEXT_MAX])
{
	if (key->type == KEY_DURATION)
		units_duration_text(value, out);
	else if (key->type == KEY_SIZE)
		size_text(value, out);
	else if (key->type == KEY_SHARE)
		units_share_text((uint32_t)value, out);
	else
		snprintf(out, UNITS_TEXT_MAX, "%" PRIu64, value);
}

static enum err_code check_range(const struct key *key, const char *text, uint64_t value,
				 struct err *e)
{
	char min[UNITS_TEXT_MAX], max[UNITS_TEXT_MAX];

	if (value >= key->min && (key->max == 0 || value <= key->max))
		return ERR_OK;
	value_bound_text(key, key->min, min);
	if (key->max == 0)
		return err_set(e, ERR_INPUT, "`%s` is too little, expected at least %s", text, min);
	value_bound_text(key, key->max, max);
	return err_set(e, ERR_INPUT, "`%s` is too %s, expected %s to %s", text,
		       value < key->min ? "little" : "much", min, max);
}

static const struct key_word *find_word(const struct key *key, const char *text)
{
	for (const struct key_word *word = key->words; word && word->text; word++)
		if (!strcmp(word->text, text))
			return word;
	return NULL;
}

static enum err_code wrong_type(const struct key *key, const char *text, bool is_plain,
				struct err *e)
{
	struct buf expected;
	enum err_code code;

	buf_init(&expected);
	key_type_text(key, key->type, &expected);
	code = err_set(e, ERR_INPUT,
		       is_plain ? "`%.*s` is not %s" : "`%.*s` in quotes is a text, expected %s",
		       SHOWN_MAX, text, buf_text(&expected));
	buf_fini(&expected);
	return code;
}

static bool is_whole_number(const char *text, uint64_t *out)
{
	uint64_t n = 0;

	if (!*text || (*text == '0' && text[1])) /* 010 is eight to some, ten to others */
		return false;
	for (; *text; text++)
		if (*text < '0' || *text > '9' || __builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(*text - '0'), &n))
			return false;
	*out = n;
	return true;
}

static enum err_code read_number(const struct key *key, const char *text, bool is_plain,
				 void *field, const struct key_word **word, struct err *e)
{
	uint64_t value = 0;
	enum err_code code = ERR_OK;
	uint32_t ppm = 0;

	*word = find_word(key, text);
	if (*word) {
		store(field, key->width, (*word)->value);
		return ERR_OK;
	}
	switch (key->type) {
	case KEY_DURATION: code = units_parse_duration(text, &value, e); break;
	case KEY_SIZE: code = units_parse_size(text, &value, e); break;
	case KEY_SHARE:
		code = units_parse_share(text, &ppm, e);
		value = ppm;
		break;
	default:
		if (!is_plain || !is_whole_number(text, &value))
			return wrong_type(key, text, is_plain, e);
	}
	if (!code)
		code = check_range(key, text, value, e);
	if (code)
		return code;
	if (key->in_seconds && value % 1000 != 0)
		return err_set(e, ERR_INPUT, "`%s` is not a whole number of seconds", text);
	store(field, key->width, key->in_seconds ? value / 1000 : value);
	return ERR_OK;
}

static enum err_code read_bool(const struct key *key, const char *text, bool is_plain, void *field,
			       struct err *e)
{
	bool value = !strcmp(text, "true");

	if (!is_plain || (!value && strcmp(text, "false") != 0))
		return wrong_type(key, text, is_plain, e);
	store(field, key->width, value);
	return ERR_OK;
}

static enum err_code read_enum(const struct key *key, const char *text, void *field,
			       const struct key_word **word, struct err *e)
{
	*word = find_word(key, text);
	if (!*word)
		return wrong_type(key, text, true, e);
	store(field, key->width, (*word)->value);
	return ERR_OK;
}

static enum err_code check_text(const struct key *key, const char *text, struct err *e)
{
	size_t len = strlen(text), max = key->max ? key->max : TEXT_MAX_DEFAULT;

	if (len == 0 && key->type != KEY_TEXT)
		return err_set(e, ERR_INPUT, "an empty %s",
			       key->type == KEY_PATH ? "path" : "name");
	if (len < key->min)
		return err_set(e, ERR_INPUT, "a text of %zu bytes, expected at least %" PRIu64, len,
			       key->min);
	if (len > max)
		return err_set(e, ERR_INPUT, "a text of %zu bytes, expected at most %zu", len, max);
	if (key->type != KEY_PATH)
		return ERR_OK;
	for (const char *p = text; *p; p++)
		if ((unsigned char)*p < 0x20)
			return err_set(e, ERR_INPUT, "a control character in a path");
	return ERR_OK;
}

static bool is_dns_char(char c)
{
	/* Hyphen and letters (RFC 1123), underscore (service labels), slash (RFC 2317). */
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '/';
}

/* Lower-cases in place and drops the final dot, then judges label by label. */
static enum err_code normalize_dns_name(char *name, bool any_star, struct err *e)
{
	size_t len = strlen(name), label = 0;

	if (!strcmp(name, ".")) /* the root has no other way to be written */
		return ERR_OK;
	if (len > 1 && name[len - 1] == '.')
		name[--len] = '\0';
	if (len > DNS_NAME_MAX)
		return err_set(e, ERR_INPUT, "a DNS name of %zu bytes, expected at most %d", len,
			       DNS_NAME_MAX);
	for (size_t i = 0; i <= len; i++) {
		if (name[i] >= 'A' && name[i] <= 'Z')
			name[i] = (char)(name[i] - 'A' + 'a');
		if (i == len || name[i] == '.') {
			if (label == 0)
				return err_set(e, ERR_INPUT, "`%s` has an empty label", name);
			if (label > DNS_LABEL_MAX)
				return err_set(e, ERR_INPUT, "`%s` has a label over %d bytes", name,
					       DNS_LABEL_MAX);
			label = 0;
			continue;
		}
		if (name[i] == '*') {
			if (label || (i && !any_star) || (name[i + 1] != '.' && name[i + 1]))
				return err_set(e, ERR_INPUT,
					       "`%s`: `*` may only be the whole first label", name);
		} else if (!is_dns_char(name[i])) {
			return err_set(e, ERR_INPUT,
				       "`%s` is not a DNS name: expected letters, digits, `-`, "
				       "`_` and dots",
				       name);
		}
		label++;
	}
	return ERR_OK;
}

static enum err_code read_text(const struct key *key, const char *text, struct arena *arena,
			       char **out, struct err *e)
{
	enum err_code code = check_text(key, text, e);
	char *copy = code ? NULL : arena_text(arena, text, strlen(text));

	if (code)
		return code;
	if (!copy)
		return err_set(e, ERR_MEMORY, "out of memory");
	if (key->type == KEY_NAME && !identity_part_is_valid(text))
		return err_set(e, ERR_INPUT,
			       "`%.*s` is not a name: expected 1 to 63 letters, digits, `.`, `_` "
			       "or `-`",
			       SHOWN_MAX, text);
	if (key->type == KEY_DNS_NAME)
		code = normalize_dns_name(copy, key->any_star, e);
	if (!code && out)
		*out = copy;
	return code;
}

/* Codes that are often written and are none. */
static const char *code_meant(const char *text)
{
	return !strcmp(text, "UK")   ? "; the United Kingdom is GB"
	       : !strcmp(text, "EN") ? "; the United Kingdom is GB"
	       : !strcmp(text, "EL") ? "; Greece is GR"
				     : "";
}

static enum err_code read_place_code(const struct key *key, const char *text, char *field,
				     struct err *e)
{
	bool is_code = strlen(text) == 2 && text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'A' &&
		       text[1] <= 'Z';

	if (key->type == KEY_CONTINENT && country_continent_index(text) < 0)
		return err_set(e, ERR_INPUT,
			       "`%.*s` is not a continent, expected one of: AF AN AS EU NA OC SA",
			       SHOWN_MAX, text);
	if (!is_code)
		return err_set(e, ERR_INPUT,
			       "`%.*s` is not a country, expected two capital letters of "
			       "ISO 3166, such as IE",
			       SHOWN_MAX, text);
	if (key->type == KEY_COUNTRY && country_continent_of(text) < 0)
		return err_set(e, ERR_INPUT, "`%s` is no country of ISO 3166%s", text,
			       code_meant(text));
	if (field)
		memcpy(field, text, 3);
	return ERR_OK;
}

static enum err_code read_endpoint(const char *text, void *field, struct err *e)
{
	struct endpoint at;
	enum err_code code = endpoint_parse(text, &at, e);

	if (code)
		return code;
	if (at.port == 0)
		return err_set(e, ERR_INPUT, "`%s`: the port must be 1 to 65535", text);
	if (field)
		memcpy(field, &at, sizeof(at));
	return ERR_OK;
}

/* HOST:PORT, where HOST is a DNS name, an IPv4 address or an IPv6 address in brackets. */
static enum err_code read_host_port(const char *text, struct arena *arena,
				    struct config_host_port *field, struct err *e)
{
	const struct key host_key = { .type = KEY_DNS_NAME };
	const char *colon = strrchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : 0;
	enum err_code code;
	struct addr ignored;
	uint64_t port = 0;
	char *host;

	if (!colon || len == 0 || !is_whole_number(colon + 1, &port) || port == 0 ||
	    port > UINT16_MAX)
		return err_set(e, ERR_INPUT,
			       "`%.*s` is not HOST:PORT, expected one like ns1.example.net:7353",
			       SHOWN_MAX, text);
	if (text[0] == '[' && text[len - 1] == ']') {
		text++;
		len -= 2;
	}
	host = arena_text(arena, text, len);
	if (!host)
		return err_set(e, ERR_MEMORY, "out of memory");
	if (strchr(host, ':'))
		code = addr_parse(host, &ignored, e);
	else
		code = read_text(&host_key, host, arena, &host, e);
	if (!code && field) {
		field->host = host;
		field->port = (uint16_t)port;
	}
	return code;
}

enum err_code value_read(const struct key *key, const char *text, bool is_plain,
			 struct arena *arena, void *field, const struct key_word **word,
			 struct err *e)
{
	struct addr addr;
	struct prefix prefix;
	enum err_code code;

	*word = NULL;
	switch (key->type) {
	case KEY_TEXT:
	case KEY_PATH:
	case KEY_NAME:
	case KEY_DNS_NAME: return read_text(key, text, arena, field, e);
	case KEY_BOOL: return read_bool(key, text, is_plain, field, e);
	case KEY_UINT:
	case KEY_DURATION:
	case KEY_SIZE:
	case KEY_SHARE: return read_number(key, text, is_plain, field, word, e);
	case KEY_ENUM: return read_enum(key, text, field, word, e);
	case KEY_ADDRESS:
		code = addr_parse(text, &addr, e);
		if (!code && field)
			memcpy(field, &addr, sizeof(addr));
		return code;
	case KEY_PREFIX:
		code = prefix_parse(text, &prefix, e);
		if (!code && field)
			memcpy(field, &prefix, sizeof(prefix));
		return code;
	case KEY_ENDPOINT: return read_endpoint(text, field, e);
	case KEY_HOST_PORT: return read_host_port(text, arena, field, e);
	case KEY_COUNTRY:
	case KEY_CONTINENT: return read_place_code(key, text, field, e);
	default: return err_set(e, ERR_INPUT, "not a scalar");
	}
}

enum err_code value_name(const struct key *key, const char *text, struct arena *arena, char **out,
			 struct err *e)
{
	const struct key name = { .type = key->names };

	return read_text(&name, text, arena, out, e);
}
