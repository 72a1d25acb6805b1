/* SPDX-License-Identifier: Apache-2.0 */
/* check_common: what the programs' files have in common: monitors, lists without doubles, places
 * that are listened at. */
#include "schema/config/check.h"
#include "schema/config/proberd_config.h"

#include <regex.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool has_only(const char *text, bool (*is_allowed)(unsigned char c))
{
	for (; *text; text++)
		if (!is_allowed((unsigned char)*text))
			return false;
	return true;
}

/* RFC 9110 5.6.2 */
static bool is_token_char(unsigned char c)
{
	return c > 0x20 && c < 0x7f && !strchr("\"(),/:;<=>?@[\\]{}", c);
}

static bool is_target_char(unsigned char c)
{
	return c > 0x20 && c != 0x7f;
}

static bool is_field_char(unsigned char c)
{
	return c == '\t' || (c >= 0x20 && c != 0x7f);
}

/* Says that the text under `name` holds what would break a request. */
static void check_chars(struct walker *w, const struct yaml_node *node, const char *name,
			bool (*is_allowed)(unsigned char c), const char *what)
{
	const struct yaml_node *value = yaml_get(node, name);

	if (value && value->kind == YAML_SCALAR && !has_only(value->text, is_allowed))
		walker_error(w, value, "not %s", what);
}

static void check_headers(struct walker *w, const struct yaml_node *node)
{
	const struct yaml_node *headers = yaml_get(node, "headers");

	if (!headers || headers->kind != YAML_MAPPING)
		return;
	for (const struct yaml_node *h = headers->first; h; h = h->next) {
		if (h->key->len == 0 || !has_only(h->key->text, is_token_char))
			walker_error_key(w, h, "not the name of an HTTP header");
		else if (!strcasecmp(h->key->text, "content-length") ||
			 !strcasecmp(h->key->text, "transfer-encoding"))
			walker_error_key(w, h, "`%s` follows from the body", h->key->text);
		else if (!strcasecmp(h->key->text, "host"))
			walker_error_key(w, h, "expected as the key `host` of the monitor");
		if (h->kind == YAML_SCALAR && !has_only(h->text, is_field_char))
			walker_error(w, h, "a control character in an HTTP header");
	}
}

static void check_http(struct walker *w, const struct yaml_node *node)
{
	const struct yaml_node *path = yaml_get(node, "path");

	check_chars(w, node, "method", is_token_char, "an HTTP method");
	check_chars(w, node, "path", is_target_char, "a path: a blank or a control character");
	check_chars(w, node, "host", is_target_char, "a host: a blank or a control character");
	if (path && path->kind == YAML_SCALAR && path->len > 0 && path->text[0] != '/')
		walker_error(w, path, "a path begins with `/`");
	check_headers(w, node);
}

/* "http, https and dns": the types that have one of these keys. */
static void types_with(unsigned keys, char *out, size_t room)
{
	size_t len = 0, left = 0;

	for (int t = 0; t < MONITOR_TYPES; t++)
		left += (monitor_kind_keys((enum monitor_type)t) & keys) != 0;
	for (int t = 0; t < MONITOR_TYPES && len < room; t++) {
		if (!(monitor_kind_keys((enum monitor_type)t) & keys))
			continue;
		left--;
		len += (size_t)snprintf(out + len, room - len, "%s%s",
					monitor_kind_name((enum monitor_type)t),
					left > 1 ? ", "
					: left	 ? " and "
						 : "");
	}
}

/* A key that the monitor's type does not use is not ignored in silence. */
static void check_unused(struct walker *w, const struct yaml_node *node, enum monitor_type type)
{
	static const struct {
		const char *around, *name; /* around NULL = at the monitor itself */
		unsigned keys;
	} rows[] = {
		{ NULL, "method", MONITOR_HAS_REQUEST },
		{ NULL, "path", MONITOR_HAS_REQUEST },
		{ NULL, "host", MONITOR_HAS_REQUEST },
		{ NULL, "headers", MONITOR_HAS_REQUEST },
		{ NULL, "body", MONITOR_HAS_REQUEST },
		{ NULL, "query", MONITOR_HAS_QUERY },
		{ NULL, "port", MONITOR_HAS_PORT },
		{ NULL, "expect", MONITOR_HAS_REQUEST | MONITOR_HAS_QUERY },
		{ "expect", "status", MONITOR_HAS_REQUEST },
		{ "expect", "body_regex", MONITOR_HAS_REQUEST },
		{ "expect", "rcode", MONITOR_HAS_QUERY },
		{ "expect", "address", MONITOR_HAS_QUERY },
	};
	unsigned has = monitor_kind_keys(type);
	bool expects = has & (MONITOR_HAS_REQUEST | MONITOR_HAS_QUERY);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct yaml_node *around = node, *value;
		char types[64] = "";

		if (rows[i].around)
			around = expects ? yaml_get(node, rows[i].around) : NULL;
		value = yaml_get(around, rows[i].name);
		if (!value || (has & rows[i].keys))
			continue;
		types_with(rows[i].keys, types, sizeof(types));
		walker_error_key(w, value, "`%s` is for monitors of type %s", rows[i].name, types);
	}
}

static void check_regex(struct walker *w, const struct yaml_node *node)
{
	const struct yaml_node *regex = yaml_get(yaml_get(node, "expect"), "body_regex");
	char reason[128];
	regex_t compiled;
	int code;

	if (!regex || regex->kind != YAML_SCALAR)
		return;
	code = regcomp(&compiled, regex->text, REG_EXTENDED | REG_NOSUB);
	if (code == 0) {
		regfree(&compiled);
		return;
	}
	regerror(code, &compiled, reason, sizeof(reason));
	walker_error(w, regex, "not a POSIX extended regular expression: %s", reason);
}

/* An address can only stand in an answer with records of its family. */
static void check_expected_address(struct walker *w, const struct yaml_node *node,
				   const struct config_monitor *m)
{
	const struct yaml_node *address = yaml_get(yaml_get(node, "expect"), "address");
	const char *needed = m->expect_address.family == 4 ? "A" : "AAAA";

	if (!address || !m->expect_address.family)
		return;
	if (!m->query_type || strcasecmp(m->query_type, needed) != 0)
		walker_error(w, address, "`query.type` is %s, expected %s with this address",
			     m->query_type ? m->query_type : "NS", needed);
	else if (m->expect_rcode)
		walker_error(w, address, "with another `rcode` than NOERROR there is no address");
}

/* The key that makes a monitor one of others; NULL for a check of its own. Says when there are two,
 * or none and no type. */
static const struct yaml_node *composite_key(struct walker *w, const struct yaml_node *node)
{
	static const char *const names[] = { "all", "any", "at_least" };
	const struct yaml_node *found = NULL;

	for (size_t i = 0; i < 3; i++) {
		const struct yaml_node *value = yaml_get(node, names[i]);

		if (value && found)
			walker_error_key(w, value, "`%s` beside `%s`, expected one of them",
					 names[i], found->key->text);
		found = found ? found : value;
	}
	if (!found && !yaml_get(node, "type"))
		walker_error_key(w, node,
				 "`type` is missing, expected one of: tcp, http, https, dns, icmp; "
				 "or a monitor made of others by `all`, `any` or `at_least`");
	return found;
}

static void check_composite(struct walker *w, const struct yaml_node *node,
			    const struct yaml_node *key, struct config_monitor *m)
{
	const struct yaml_node *list = yaml_get(key, "of"), *n = yaml_get(key, "n");

	for (const struct yaml_node *other = node->first; other; other = other->next)
		if (other != key && strcmp(other->key->text, "all") != 0 &&
		    strcmp(other->key->text, "any") != 0 &&
		    strcmp(other->key->text, "at_least") != 0)
			walker_error_key(w, other,
					 "`%s` is of a check, and this monitor is made of others",
					 other->key->text);
	check_texts_differ(w, list ? list : key);
	if (!m)
		return;
	if (!strcmp(key->key->text, "all"))
		m->n_least = (uint32_t)m->n_of;
	else if (!strcmp(key->key->text, "any"))
		m->n_least = 1;
	else if (n && m->n_of > 0 && m->n_least > m->n_of)
		walker_error(w, n, "%u of %zu monitors cannot pass", m->n_least, m->n_of);
}

void check_composites(struct walker *w, const struct config_monitor *monitors, size_t n)
{
	const struct yaml_node *map = yaml_get(w->root, "monitors");
	const struct yaml_node *node = map ? map->first : NULL;

	for (size_t i = 0; i < n; i++, node = node->next)
		for (size_t k = 0; k < monitors[i].n_of; k++) {
			uint32_t index = monitors[i].of[k];

			/* One that was not found is said already, and its index is 0. */
			if (index < n && monitors[index].n_of > 0 && (index != 0 || i == 0)) {
				walker_error_key(w, node,
						 "`%s` is made of others itself, expected monitors "
						 "with a `type`",
						 monitors[index].name);
				break;
			}
		}
}

void check_monitor(struct walker *w, const struct yaml_node *node, void *entry)
{
	struct config_monitor *m = entry;
	const struct yaml_node *timeout = yaml_get(node, "timeout"), *type = yaml_get(node, "type");
	const struct yaml_node *composite = composite_key(w, node);

	if (composite) {
		check_composite(w, node, composite, m);
		return;
	}
	check_http(w, node);
	check_regex(w, node);
	if (!m)
		return;
	if (type)
		check_unused(w, node, m->type);
	check_expected_address(w, node, m);
	if (!timeout && m->timeout_ms > m->interval_ms)
		m->timeout_ms = m->interval_ms;
	if (timeout && m->timeout_ms > m->interval_ms)
		walker_error(w, timeout,
			     "the timeout is longer than the interval, expected at most "
			     "as long");
}

static void keep_place(const struct yaml_node *mapping, const char *key, struct config_pos *out)
{
	const struct yaml_node *value = yaml_get(mapping, key);

	if (value)
		*out = walker_pos(value);
}

void check_tls(struct walker *w, const struct yaml_node *node, void *entry)
{
	struct config_tls *tls = entry;

	if (!tls)
		return;
	keep_place(node, "certificate", &tls->certificate_pos);
	keep_place(node, "key", &tls->key_pos);
	keep_place(node, "ca", &tls->ca_pos);
}

void check_texts_differ(struct walker *w, const struct yaml_node *list)
{
	if (!list || list->kind != YAML_SEQUENCE || list->n > 256)
		return;
	for (const struct yaml_node *a = list->first; a; a = a->next)
		for (const struct yaml_node *b = list->first; b != a; b = b->next)
			if (a->kind == YAML_SCALAR && b->kind == YAML_SCALAR &&
			    !strcmp(a->text, b->text)) {
				walker_error(w, a, "`%s` is here twice, %s", a->text,
					     walker_first(w, walker_pos(b), a));
				break;
			}
}

struct check_endpoint_seen {
	struct endpoint at;
	const struct yaml_node *node;
	struct check_endpoint_seen *next;
};

void check_endpoint(struct check_endpoints *c, const struct yaml_node *node)
{
	struct check_endpoint_seen *one;
	struct endpoint at;

	if (!node || node->kind != YAML_SCALAR || endpoint_parse(node->text, &at, NULL) != ERR_OK)
		return;
	for (one = c->seen; one; one = one->next)
		if (one->at.port == at.port && addr_is_equal(&one->at.addr, &at.addr)) {
			walker_error(c->w, node, "`%s` is listened at twice, %s", node->text,
				     walker_first(c->w, walker_pos(one->node), node));
			return;
		}
	one = arena_array(c->w->memory, 1, sizeof(*one));
	if (!one)
		return;
	*one = (struct check_endpoint_seen){ at, node, c->seen };
	c->seen = one;
}

void check_endpoint_list(struct check_endpoints *c, const struct yaml_node *list)
{
	if (!list || list->kind != YAML_SEQUENCE)
		return;
	for (const struct yaml_node *node = list->first; node; node = node->next)
		check_endpoint(c, node);
}

void check_proberd(struct walker *w, void *config)
{
	check_texts_differ(w, yaml_get(w->root, "directors"));
}
