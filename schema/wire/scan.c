/* SPDX-License-Identifier: Apache-2.0 */
/* scan: walks packed bytes against a message descriptor, allocating nothing. */
#include "schema/wire/scan.h"

#include "core/utf8.h"
#include "schema/wire/limits.h"

#include <string.h>

/* No message has more fields than this; their occurrences are counted on the stack. */
#define FIELDS_MAX 32

struct cursor {
	const uint8_t *at, *end;
};

/* Bounds of the fields that have one of their own: bytes of a text, entries of a list. */
static const struct bound {
	const char *message, *field;
	size_t max;
} bounds[] = {
	{ "Report", "services", WIRE_SERVICES_MAX },
	{ "Plan", "monitors", WIRE_MONITORS_MAX },
	{ "Plan", "targets", WIRE_TARGETS_MAX },
	{ "Verdicts", "verdicts", WIRE_TARGETS_MAX },
	{ "Monitor", "headers", WIRE_HEADERS_MAX },
	{ "Monitor", "path", WIRE_TEXT_MAX },
	{ "Monitor", "body", WIRE_BODY_MAX },
	{ "Monitor", "expect_body_regex", WIRE_TEXT_MAX },
	{ "Header", "value", WIRE_TEXT_MAX },
	{ "ServiceReport", "reason", WIRE_REASON_MAX },
	{ "Verdict", "reason", WIRE_REASON_MAX },
	{ "Withdraw", "reason", WIRE_REASON_MAX },
	{ "Goodbye", "reason", WIRE_REASON_MAX },
	{ "Target", "address", 16 },
	{ "Services", "not_here", WIRE_SERVICES_MAX },
	{ "Services", "missing", WIRE_SERVICES_MAX },
	{ "Report", "notes", WIRE_NOTES_MAX },
	{ "Note", "text", WIRE_REASON_MAX },
	{ "Checkers", "addresses", WIRE_CHECKERS_MAX },
};

static size_t bound_of(const ProtobufCMessageDescriptor *kind,
		       const ProtobufCFieldDescriptor *field)
{
	for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++)
		if (!strcmp(bounds[i].message, kind->short_name) &&
		    !strcmp(bounds[i].field, field->name))
			return bounds[i].max;
	/* A list must say how long it may be; a field that stands once may be there once. */
	return field->label == PROTOBUF_C_LABEL_REPEATED ? 0 : WIRE_NAME_MAX;
}

static bool take_varint(struct cursor *c, uint64_t *out)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 64 && c->at < c->end; shift += 7) {
		uint8_t byte = *c->at++;

		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			*out = value;
			return true;
		}
	}
	return false;
}

/* Steps over one value and gives its bytes (empty for a varint). Groups (3 and 4) are long dead. */
static bool take_value(struct cursor *c, unsigned wire_type, struct cursor *value)
{
	uint64_t len = 0;

	switch (wire_type) {
	case PROTOBUF_C_WIRE_TYPE_VARINT: {
		bool whole = take_varint(c, &len);

		*value = (struct cursor){ c->at, c->at };
		return whole;
	}
	case PROTOBUF_C_WIRE_TYPE_64BIT: len = 8; break;
	case PROTOBUF_C_WIRE_TYPE_32BIT: len = 4; break;
	case PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED:
		if (!take_varint(c, &len))
			return false;
		break;
	default: return false;
	}
	if (len > (uint64_t)(c->end - c->at))
		return false;
	*value = (struct cursor){ c->at, c->at + len };
	c->at += len;
	return true;
}

static bool is_utf8(const char *text, size_t len)
{
	while (len > 0) {
		size_t n = utf8_char_len(text, len);

		if (n == 0)
			return false;
		text += n;
		len -= n;
	}
	return true;
}

static bool has_length(ProtobufCType type)
{
	return type == PROTOBUF_C_TYPE_STRING || type == PROTOBUF_C_TYPE_BYTES ||
	       type == PROTOBUF_C_TYPE_MESSAGE;
}

/* A field we know, that stands `nth` in its message. */
static enum err_code scan_known(const ProtobufCMessageDescriptor *kind,
				const ProtobufCFieldDescriptor *field, const struct cursor *value,
				size_t nth, struct err *e)
{
	size_t max = bound_of(kind, field), len = (size_t)(value->end - value->at);
	enum err_code code;

	if (field->label == PROTOBUF_C_LABEL_REPEATED && nth > max)
		return err_set(e, ERR_LIMIT, "%s: more than %zu entries", field->name, max);
	if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
		/* protobuf would merge the two, past every bound on lists. */
		if (field->label != PROTOBUF_C_LABEL_REPEATED && nth > 1)
			return err_set(e, ERR_INPUT, "%s: said twice", field->name);
		code = scan_message(field->descriptor, value->at, len, e);
		return code ? err_wrap(e, code, "%s", field->name) : ERR_OK;
	}
	if (field->type != PROTOBUF_C_TYPE_STRING && field->type != PROTOBUF_C_TYPE_BYTES)
		return ERR_OK;
	if (len > max)
		return err_set(e, ERR_LIMIT, "%s: %zu bytes, at most %zu", field->name, len, max);
	if (field->type == PROTOBUF_C_TYPE_STRING && memchr(value->at, 0, len))
		return err_set(e, ERR_INPUT, "%s: a zero byte in a text", field->name);
	if (field->type == PROTOBUF_C_TYPE_STRING && !is_utf8((const char *)value->at, len))
		return err_set(e, ERR_INPUT, "%s: not valid UTF-8", field->name);
	return ERR_OK;
}

enum err_code scan_message(const ProtobufCMessageDescriptor *kind, const uint8_t *bytes, size_t len,
			   struct err *e)
{
	struct cursor c = { bytes, bytes + len };
	size_t count[FIELDS_MAX] = { 0 }, others = 0;

	if (kind->n_fields > FIELDS_MAX)
		return err_set(e, ERR_LIMIT, "%s: too many kinds of field", kind->short_name);
	while (c.at < c.end) {
		const ProtobufCFieldDescriptor *field;
		struct cursor value;
		enum err_code code;
		uint64_t tag;
		unsigned wire_type;

		if (!take_varint(&c, &tag) || tag >> 3 == 0 || tag > UINT32_MAX)
			return err_set(e, ERR_INPUT, "%s: a bad field tag", kind->short_name);
		wire_type = tag & 7;
		field = protobuf_c_message_descriptor_get_field(kind, (unsigned)(tag >> 3));
		if (!take_value(&c, wire_type, &value))
			return err_set(e, ERR_INPUT, "%s: field %u is cut short", kind->short_name,
				       (unsigned)(tag >> 3));
		if (!field || field->label != PROTOBUF_C_LABEL_REPEATED) {
			if (++others > WIRE_FIELDS_MAX)
				return err_set(e, ERR_LIMIT, "%s: more than %d fields",
					       kind->short_name, WIRE_FIELDS_MAX);
		}
		if (!field)
			continue;
		if (has_length(field->type) != (wire_type == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED))
			return err_set(e, ERR_INPUT, "%s: not of its type", field->name);
		code = scan_known(kind, field, &value, ++count[field - kind->fields], e);
		if (code)
			return code;
	}
	return ERR_OK;
}
