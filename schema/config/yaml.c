/* SPDX-License-Identifier: Apache-2.0 */
/* yaml: a YAML document as a tree in which every node knows where it stood. */
#include "schema/config/yaml.h"

#include "core/utf8.h"
#include "schema/config/environment.h"

#include <libfyaml.h>
#include <string.h>

/* A container that is being filled. */
struct open_node {
	struct yaml_node *node, *last, *key; /* key: read, its value not yet */
	const char *anchor;
};

struct anchor {
	const char *name;
	const struct yaml_node *node;
	struct anchor *next;
};

struct builder {
	struct arena *arena;
	struct config_report *report;
	uint32_t file;
	const char *text; /* the whole of it */
	size_t len;
	struct yaml_node *root;
	struct open_node open[YAML_DEPTH_MAX];
	size_t depth;
	struct anchor *anchors;
};

/* libfyaml counts from 0, and an implicit empty scalar has no mark at all. */
static struct report_place place_of(const struct builder *b, const struct fy_mark *start,
				    const struct fy_mark *end)
{
	struct report_place at = { 0, 0, 1, b->file };

	if (!start || start->line < 0)
		return at;
	at.line = (uint32_t)start->line + 1;
	at.column = (uint32_t)start->column + 1;
	if (end && end->line == start->line && end->column > start->column)
		at.width = (uint32_t)(end->column - start->column);
	return at;
}

static struct report_place event_place(const struct builder *b, struct fy_event *event)
{
	struct fy_token *token = fy_event_get_token(event);

	return place_of(b, fy_event_start_mark(event), token ? fy_token_end_mark(token) : NULL);
}

static const char *token_text(struct builder *b, struct fy_token *token, size_t *len)
{
	const char *text = token ? fy_token_get_text(token, len) : NULL;

	if (!text)
		*len = 0;
	return arena_text(b->arena, text ? text : "", *len);
}

static enum err_code out_of_memory(struct builder *b)
{
	report_error(b->report, (struct report_place){ .file = b->file }, "out of memory");
	return ERR_MEMORY;
}

static struct yaml_node *node_new(struct builder *b, enum yaml_kind kind, struct fy_event *event)
{
	struct yaml_node *node = arena_array(b->arena, 1, sizeof(*node));

	if (node) {
		node->kind = kind;
		node->at = event_place(b, event);
	}
	return node;
}

/* "[2001:db8::1]:53" at `at` without quotes: its length; else 0. */
static size_t bare_endpoint(const char *at)
{
	size_t inside = strspn(at + 1, "0123456789abcdefABCDEF:."), port;

	if (*at != '[' || at[1 + inside] != ']' || at[2 + inside] != ':' ||
	    !memchr(at + 1, ':', inside))
		return 0;
	port = strspn(at + 3 + inside, "0123456789");
	return port ? 3 + inside + port : 0;
}

/* A line of the text, NULL without one. */
static const char *line_text(struct builder *b, uint32_t number)
{
	const char *line = b->text, *end = b->text + b->len, *stop;

	for (uint32_t n = 1; line && n < number; n++) {
		line = memchr(line, '\n', (size_t)(end - line));
		line = line ? line + 1 : NULL;
	}
	if (!line)
		return NULL;
	stop = memchr(line, '\n', (size_t)(end - line));
	return arena_text(b->arena, line, (size_t)((stop ? stop : end) - line));
}

/* What is no YAML, at a place in a line. YAML takes the bracket of an IPv6 address and port for a
 * list, and stumbles over what follows: that is said instead. */
static void tell_syntax(struct builder *b, struct report_place at, const char *why)
{
	struct report_place here = { at.line, 1, 1, b->file };
	const char *line = line_text(b, at.line);

	for (const char *p = line; p && *p; here.column++) {
		size_t len = p > line && (p[-1] == '"' || p[-1] == '\'') ? 0 : bare_endpoint(p);

		if (len > 0) {
			here.width = (uint32_t)len;
			report_error(b->report, here, "quote it: \"%.*s\"", (int)len, p);
			return;
		}
		len = utf8_char_len(p, strnlen(p, 4));
		p += len ? len : 1;
	}
	report_error(b->report, at, "%s", why);
}

/* Puts a finished or just opened node where it belongs. */
static enum err_code place_node(struct builder *b, struct yaml_node *node)
{
	struct open_node *in = b->depth ? &b->open[b->depth - 1] : NULL;

	if (!in) {
		b->root = node;
		return ERR_OK;
	}
	if (in->node->kind == YAML_MAPPING && !in->key) {
		if (node->kind != YAML_SCALAR) {
			tell_syntax(b, node->at, "a key must be a word");
			return ERR_INPUT;
		}
		in->key = node;
		return ERR_OK;
	}
	node->key = in->key;
	in->key = NULL;
	if (node->at.line == 0)
		node->at = node->key ? node->key->at : in->node->at;
	if (in->last)
		in->last->next = node;
	else
		in->node->first = node;
	in->last = node;
	in->node->n++;
	return ERR_OK;
}

static enum err_code keep_anchor(struct builder *b, const char *name, const struct yaml_node *node)
{
	struct anchor *a;

	if (!name)
		return ERR_OK;
	a = arena_array(b->arena, 1, sizeof(*a));
	if (!a)
		return out_of_memory(b);
	*a = (struct anchor){ name, node, b->anchors };
	b->anchors = a;
	return ERR_OK;
}

static enum err_code refuse_tag(struct builder *b, struct fy_token *tag)
{
	if (!tag)
		return ERR_OK;
	report_error(b->report, place_of(b, fy_token_start_mark(tag), fy_token_end_mark(tag)),
		     "a tag has no meaning here");
	return ERR_INPUT;
}

/* A value of which a variable is missing is told, and left out by the walker. */
static enum err_code expand(struct builder *b, struct yaml_node *node)
{
	const struct open_node *in = b->depth ? &b->open[b->depth - 1] : NULL;
	bool is_key = in && in->node->kind == YAML_MAPPING && !in->key;
	enum err_code code;
	struct err e;

	if (is_key)
		return ERR_OK;
	code = environment_expand(b->arena, &node->text, &node->len, &e);
	if (code == ERR_MEMORY)
		return out_of_memory(b);
	if (code) {
		report_error(b->report, node->at, "%s", e.text);
		node->is_broken = true;
	}
	return ERR_OK;
}

static enum err_code on_scalar(struct builder *b, struct fy_event *event)
{
	struct fy_token *value = event->scalar.value;
	enum fy_scalar_style style = value ? fy_token_scalar_style(value) : FYSS_PLAIN;
	struct yaml_node *node = node_new(b, YAML_SCALAR, event);
	enum err_code code = refuse_tag(b, event->scalar.tag);
	const char *anchor = NULL;
	size_t len;

	if (code)
		return code;
	if (!node)
		return out_of_memory(b);
	node->text = token_text(b, value, &node->len);
	node->is_plain = style == FYSS_PLAIN;
	if ((style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED) && node->at.column > 1) {
		node->at.column--; /* libfyaml's mark is behind the quote */
		node->at.width += 2;
	}
	if (event->scalar.anchor)
		anchor = token_text(b, event->scalar.anchor, &len);
	if (arena_is_exhausted(b->arena))
		return out_of_memory(b);
	if (memchr(node->text, 0, node->len)) {
		report_error(b->report, node->at, "a zero byte in a text");
		return ERR_INPUT;
	}
	code = expand(b, node);
	if (!code)
		code = keep_anchor(b, anchor, node);
	return code ? code : place_node(b, node);
}

/* An alias stands for what its anchor held when it was whole, so that no tree contains itself. */
static enum err_code on_alias(struct builder *b, struct fy_event *event)
{
	struct yaml_node *node = node_new(b, YAML_SCALAR, event);
	size_t len;
	const char *name = token_text(b, event->alias.anchor, &len);

	if (!node || !name)
		return out_of_memory(b);
	for (const struct anchor *a = b->anchors; a; a = a->next) {
		struct report_place at = node->at;

		if (strcmp(a->name, name) != 0)
			continue;
		*node = *a->node;
		node->at = at;
		node->next = NULL;
		node->key = NULL;
		return place_node(b, node);
	}
	report_error(b->report, node->at, "no anchor `&%s` ends before this alias", name);
	return ERR_INPUT;
}

static enum err_code on_open(struct builder *b, struct fy_event *event, enum yaml_kind kind,
			     struct fy_token *tag, struct fy_token *anchor)
{
	struct yaml_node *node = node_new(b, kind, event);
	enum err_code code = refuse_tag(b, tag);
	size_t len;

	if (code)
		return code;
	if (!node)
		return out_of_memory(b);
	if (b->depth == YAML_DEPTH_MAX) {
		report_error(b->report, node->at, "nested more than %d deep", YAML_DEPTH_MAX);
		return ERR_INPUT;
	}
	code = place_node(b, node);
	if (code)
		return code;
	b->open[b->depth++] = (struct open_node){
		.node = node,
		.anchor = anchor ? token_text(b, anchor, &len) : NULL,
	};
	return arena_is_exhausted(b->arena) ? out_of_memory(b) : ERR_OK;
}

static enum err_code on_close(struct builder *b)
{
	struct open_node *done = &b->open[--b->depth];

	return keep_anchor(b, done->anchor, done->node);
}

static enum err_code on_event(struct builder *b, struct fy_event *event)
{
	switch (event->type) {
	case FYET_DOCUMENT_START:
		if (!b->root)
			return ERR_OK;
		report_error(b->report, event_place(b, event), "a second document, expected one");
		return ERR_INPUT;
	case FYET_MAPPING_START:
		return on_open(b, event, YAML_MAPPING, event->mapping_start.tag,
			       event->mapping_start.anchor);
	case FYET_SEQUENCE_START:
		return on_open(b, event, YAML_SEQUENCE, event->sequence_start.tag,
			       event->sequence_start.anchor);
	case FYET_MAPPING_END:
	case FYET_SEQUENCE_END: return on_close(b);
	case FYET_SCALAR: return on_scalar(b, event);
	case FYET_ALIAS: return on_alias(b, event);
	default: return ERR_OK;
	}
}

static enum err_code syntax_errors(struct builder *b, struct fy_diag *diag)
{
	struct fy_diag_error *error;
	void *at = NULL;
	unsigned n = 0;

	while ((error = fy_diag_errors_iterate(diag, &at)) != NULL) {
		struct report_place place = { 0, 0, 1, b->file };

		if (error->line > 0 && error->column > 0)
			place = (struct report_place){ (uint32_t)error->line,
						       (uint32_t)error->column, 1, b->file };
		tell_syntax(b, place, error->msg ? error->msg : "not YAML");
		n++;
	}
	if (n == 0)
		report_error(b->report, (struct report_place){ .file = b->file }, "not YAML");
	return ERR_INPUT;
}

static enum err_code read_events(struct builder *b, struct fy_parser *parser, struct fy_diag *diag)
{
	enum err_code code = ERR_OK;
	struct fy_event *event;

	while (!code && (event = fy_parser_parse(parser)) != NULL) {
		code = on_event(b, event);
		fy_parser_event_free(parser, event);
	}
	if (!code && fy_parser_get_stream_error(parser))
		code = syntax_errors(b, diag);
	return code;
}

/* libfyaml takes a byte that is not UTF-8 for the end of the text. */
static enum err_code check_utf8(const struct builder *b, const char *text, size_t len)
{
	struct report_place at = { 1, 1, 1, b->file };

	for (size_t i = 0; i < len;) {
		size_t n = utf8_char_len(text + i, len - i);

		if (n == 0) {
			report_error(b->report, at, "a byte that is not UTF-8");
			return ERR_INPUT;
		}
		at.column++;
		if (text[i] == '\n') {
			at.line++;
			at.column = 1;
		}
		i += n;
	}
	return ERR_OK;
}

enum err_code yaml_parse(struct arena *arena, const char *text, size_t len, uint32_t file,
			 struct config_report *report, struct yaml_node **out)
{
	struct builder b = {
		.arena = arena, .report = report, .file = file, .text = text, .len = len
	};
	struct fy_parse_cfg config = { .flags = FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE };
	struct fy_parser *parser = NULL;
	enum err_code code = check_utf8(&b, text, len);

	if (code)
		return code;
	config.diag = fy_diag_create(NULL);
	if (config.diag) {
		fy_diag_set_collect_errors(config.diag, true);
		parser = fy_parser_create(&config);
	}
	if (!parser || fy_parser_set_string(parser, text, len) != 0)
		code = out_of_memory(&b);
	else
		code = read_events(&b, parser, config.diag);
	fy_parser_destroy(parser);
	if (config.diag)
		fy_diag_destroy(config.diag);
	if (!code)
		*out = b.root;
	return code;
}

const struct yaml_node *yaml_get(const struct yaml_node *mapping, const char *key)
{
	if (!mapping || mapping->kind != YAML_MAPPING)
		return NULL;
	for (const struct yaml_node *child = mapping->first; child; child = child->next)
		if (child->key && !strcmp(child->key->text, key))
			return child;
	return NULL;
}

bool yaml_is_null(const struct yaml_node *node)
{
	return node->kind == YAML_SCALAR && node->is_plain &&
	       (node->len == 0 || !strcmp(node->text, "null") || !strcmp(node->text, "~"));
}

struct report_place yaml_place(const struct yaml_node *node)
{
	return node->key ? node->key->at : node->at;
}
