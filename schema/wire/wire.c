/* SPDX-License-Identifier: Apache-2.0 */
/* wire: frames in and out of the fleet's messages, bounded and checked. */
#include "schema/wire/wire.h"

#include "schema/wire/scan.h"

#define LAT_MAX_E4 900000
#define LON_MAX_E4 1800000

static bool is_empty(const char *text)
{
	return !text || !*text;
}

static enum err_code check_hello(const Fairlead__Wire__Hello *h, struct err *e)
{
	if (h->protocol == 0)
		return err_set(e, ERR_INPUT, "protocol: missing");
	if (h->lat_e4 < -LAT_MAX_E4 || h->lat_e4 > LAT_MAX_E4)
		return err_set(e, ERR_INPUT, "lat_e4: %d is not a latitude", h->lat_e4);
	if (h->lon_e4 < -LON_MAX_E4 || h->lon_e4 > LON_MAX_E4)
		return err_set(e, ERR_INPUT, "lon_e4: %d is not a longitude", h->lon_e4);
	return ERR_OK;
}

static enum err_code check_welcome(const Fairlead__Wire__Welcome *w, struct err *e)
{
	if (w->protocol == 0)
		return err_set(e, ERR_INPUT, "protocol: missing");
	return is_empty(w->node) ? err_set(e, ERR_INPUT, "node: missing") : ERR_OK;
}

static enum err_code check_service(const Fairlead__Wire__ServiceReport *s, struct err *e)
{
	if (is_empty(s->service))
		return err_set(e, ERR_INPUT, "service: missing");
	for (const char *p = s->service; *p; p++)
		if ((*p >= 'A' && *p <= 'Z') || (*p == '.' && p[1] == '\0'))
			return err_set(e, ERR_INPUT,
				       "service: not in lower case without final dot");
	switch (s->health) {
	case FAIRLEAD__WIRE__HEALTH__HEALTH_UNKNOWN:
	case FAIRLEAD__WIRE__HEALTH__HEALTH_UP:
	case FAIRLEAD__WIRE__HEALTH__HEALTH_DEGRADED:
	case FAIRLEAD__WIRE__HEALTH__HEALTH_DOWN:
	case FAIRLEAD__WIRE__HEALTH__HEALTH_WITHDRAWN: break;
	default: return err_set(e, ERR_INPUT, "health: %d is not a health", (int)s->health);
	}
	if (s->backends_up > s->backends_all)
		return err_set(e, ERR_INPUT, "backends_up: %u of %u", s->backends_up,
			       s->backends_all);
	return ERR_OK;
}

static enum err_code check_report(const Fairlead__Wire__Report *r, struct err *e)
{
	if (r->seq == 0)
		return err_set(e, ERR_INPUT, "seq: begins with 1");
	for (size_t i = 0; i < r->n_services; i++) {
		enum err_code code = check_service(r->services[i], e);

		if (code)
			return err_wrap(e, code, "services[%zu]", i);
	}
	return ERR_OK;
}

static enum err_code check_monitor(const Fairlead__Wire__Monitor *m, struct err *e)
{
	if (is_empty(m->name))
		return err_set(e, ERR_INPUT, "name: missing");
	if (is_empty(m->type))
		return err_set(e, ERR_INPUT, "type: missing");
	if (m->port > UINT16_MAX)
		return err_set(e, ERR_INPUT, "port: %u is not a port", m->port);
	if (m->expect_status != 0 && (m->expect_status < 100 || m->expect_status > 599))
		return err_set(e, ERR_INPUT, "expect_status: %u is not 100 to 599",
			       m->expect_status);
	if (m->interval_ms == 0 || m->timeout_ms == 0 || m->timeout_ms > m->interval_ms)
		return err_set(e, ERR_INPUT, "timeout_ms: %u is not 1 to interval_ms (%u)",
			       m->timeout_ms, m->interval_ms);
	if (m->rise == 0 || m->fall == 0)
		return err_set(e, ERR_INPUT, "rise, fall: at least 1");
	for (size_t i = 0; i < m->n_headers; i++)
		if (is_empty(m->headers[i]->name))
			return err_set(e, ERR_INPUT, "headers[%zu]: name: missing", i);
	return ERR_OK;
}

static enum err_code check_target(const Fairlead__Wire__Target *t, struct err *e)
{
	if (is_empty(t->pool))
		return err_set(e, ERR_INPUT, "pool: missing");
	if (is_empty(t->region))
		return err_set(e, ERR_INPUT, "region: missing");
	if (is_empty(t->monitor))
		return err_set(e, ERR_INPUT, "monitor: missing");
	if (t->address.len != 4 && t->address.len != 16)
		return err_set(e, ERR_INPUT, "address: %zu bytes, not 4 or 16", t->address.len);
	return ERR_OK;
}

static enum err_code check_parts(uint32_t part, uint32_t parts, struct err *e)
{
	if (parts > WIRE_PARTS_MAX)
		return err_set(e, ERR_LIMIT, "parts: %u, at most %d", parts, WIRE_PARTS_MAX);
	if (part && part >= parts)
		return err_set(e, ERR_INPUT, "part: %u of %u, counted from 0", part, parts);
	return ERR_OK;
}

static enum err_code check_verdicts(const Fairlead__Wire__Verdicts *v, struct err *e)
{
	if (v->parts > 1 && !v->full)
		return err_set(e, ERR_INPUT, "parts: %u of a set that is not full", v->parts);
	return check_parts(v->part, v->parts, e);
}

static enum err_code check_plan(const Fairlead__Wire__Plan *p, struct err *e)
{
	enum err_code parts = check_parts(p->part, p->parts, e);

	if (parts)
		return parts;
	for (size_t i = 0; i < p->n_monitors; i++) {
		enum err_code code = check_monitor(p->monitors[i], e);

		if (code)
			return err_wrap(e, code, "monitors[%zu]", i);
	}
	for (size_t i = 0; i < p->n_targets; i++) {
		enum err_code code = check_target(p->targets[i], e);

		if (code)
			return err_wrap(e, code, "targets[%zu]", i);
	}
	return ERR_OK;
}

/* What the bytes cannot tell: values. */
static enum err_code check_values(const wire_message *m, struct err *e)
{
	enum err_code code = ERR_OK;

	switch (m->body_case) {
	case FAIRLEAD__WIRE__MESSAGE__BODY_HELLO: code = check_hello(m->hello, e); break;
	case FAIRLEAD__WIRE__MESSAGE__BODY_WELCOME: code = check_welcome(m->welcome, e); break;
	case FAIRLEAD__WIRE__MESSAGE__BODY_REPORT: code = check_report(m->report, e); break;
	case FAIRLEAD__WIRE__MESSAGE__BODY_PLAN: code = check_plan(m->plan, e); break;
	case FAIRLEAD__WIRE__MESSAGE__BODY_VERDICTS: code = check_verdicts(m->verdicts, e); break;
	case FAIRLEAD__WIRE__MESSAGE__BODY_HEARTBEAT:
	case FAIRLEAD__WIRE__MESSAGE__BODY_SERVICES:
	case FAIRLEAD__WIRE__MESSAGE__BODY_CHECKERS:
	case FAIRLEAD__WIRE__MESSAGE__BODY_WITHDRAW:
	case FAIRLEAD__WIRE__MESSAGE__BODY_GOODBYE: break;
	default: return err_set(e, ERR_INPUT, "a frame without a body");
	}
	return code ? err_wrap(e, code, "%s", wire_kind(m)) : ERR_OK;
}

static enum err_code check_bytes(const uint8_t *bytes, size_t len, struct err *e)
{
	if (len > WIRE_FRAME_MAX)
		return err_set(e, ERR_LIMIT, "a frame of %zu bytes, at most %u", len,
			       WIRE_FRAME_MAX);
	return scan_message(&fairlead__wire__message__descriptor, bytes, len, e);
}

enum err_code wire_unpack(const uint8_t *bytes, size_t len, wire_message **out, struct err *e)
{
	enum err_code code = check_bytes(bytes, len, e);
	wire_message *m;

	if (code)
		return code;
	/* The scan has judged the shape: what fails here is memory, or an oddity of the encoding
	 * that protobuf-c refuses and the scan does not know. */
	m = fairlead__wire__message__unpack(NULL, len, bytes);
	if (!m)
		return err_set(e, ERR_INPUT, "not a message of the fleet");
	code = wire_is_unknown(m) ? ERR_OK : check_values(m, e);
	if (code) {
		wire_free(m);
		return code;
	}
	*out = m;
	return ERR_OK;
}

void wire_free(wire_message *m)
{
	if (m)
		fairlead__wire__message__free_unpacked(m, NULL);
}

/* protobuf-c writes through this; what follows it is where to. */
struct packer {
	ProtobufCBuffer base;
	struct buf *out;
};

static void packer_append(ProtobufCBuffer *base, size_t len, const uint8_t *bytes)
{
	buf_add(((struct packer *)base)->out, bytes, len);
}

enum err_code wire_pack(const wire_message *m, struct buf *out, struct err *e)
{
	struct packer packer = { { packer_append }, out };
	size_t before = out->len;
	enum err_code code = check_values(m, e);

	if (code)
		return code;
	protobuf_c_message_pack_to_buffer(&m->base, &packer.base);
	if (out->failed)
		return err_set(e, ERR_MEMORY, "out of memory to pack a %s", wire_kind(m));
	code = check_bytes(out->data + before, out->len - before, e);
	if (code)
		out->len = before;
	return code;
}

/* All that a Message can have is a body, so what is unknown in it is one. */
bool wire_is_unknown(const wire_message *m)
{
	return m->body_case == FAIRLEAD__WIRE__MESSAGE__BODY__NOT_SET && m->base.n_unknown_fields;
}

const char *wire_kind(const wire_message *m)
{
	const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field(
		&fairlead__wire__message__descriptor, (unsigned)m->body_case);

	return field ? field->name : "nothing";
}
