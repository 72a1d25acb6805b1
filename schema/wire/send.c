/* SPDX-License-Identifier: Apache-2.0 */
/* send: messages onto a link, and those that every link of the fleet has. */
#include "schema/wire/send.h"

enum err_code send_message(struct link *link, const wire_message *m, struct err *e)
{
	struct buf bytes = BUF_INIT;
	enum err_code code = wire_pack(m, &bytes, e);

	if (code != ERR_OK) {
		code = code == ERR_MEMORY ? code : ERR_INPUT;
		err_wrap(e, code, "a %s cannot be said", wire_kind(m));
	} else {
		code = link_send(link, bytes.data, bytes.len);
		if (code != ERR_OK)
			err_set(e, code, "a %s is not sent: the link is down or stuck",
				wire_kind(m));
	}
	buf_fini(&bytes);
	return code;
}

enum err_code send_hello(struct link *link, const struct send_self *self, struct err *e)
{
	wire_message m = FAIRLEAD__WIRE__MESSAGE__INIT;
	Fairlead__Wire__Hello hello = FAIRLEAD__WIRE__HELLO__INIT;

	hello.protocol = WIRE_PROTOCOL;
	hello.software = (char *)self->software;
	hello.incarnation = self->incarnation;
	hello.heartbeat_ms = self->heartbeat_ms;
	hello.lat_e4 = self->lat_e4;
	hello.lon_e4 = self->lon_e4;
	m.body_case = FAIRLEAD__WIRE__MESSAGE__BODY_HELLO;
	m.hello = &hello;
	return send_message(link, &m, e);
}

enum err_code send_welcome(struct link *link, const char *software, const char *node, struct err *e)
{
	wire_message m = FAIRLEAD__WIRE__MESSAGE__INIT;
	Fairlead__Wire__Welcome welcome = FAIRLEAD__WIRE__WELCOME__INIT;

	welcome.protocol = WIRE_PROTOCOL;
	welcome.software = (char *)software;
	welcome.node = (char *)node;
	m.body_case = FAIRLEAD__WIRE__MESSAGE__BODY_WELCOME;
	m.welcome = &welcome;
	return send_message(link, &m, e);
}

enum err_code send_heartbeat(struct link *link, uint64_t seq, uint64_t now_us, uint32_t period_ms,
			     struct err *e)
{
	wire_message m = FAIRLEAD__WIRE__MESSAGE__INIT;
	Fairlead__Wire__Heartbeat beat = FAIRLEAD__WIRE__HEARTBEAT__INIT;

	beat.seq = seq;
	beat.sent_us = now_us;
	beat.period_ms = period_ms;
	m.body_case = FAIRLEAD__WIRE__MESSAGE__BODY_HEARTBEAT;
	m.heartbeat = &beat;
	return send_message(link, &m, e);
}

enum err_code send_goodbye(struct link *link, const char *reason, struct err *e)
{
	wire_message m = FAIRLEAD__WIRE__MESSAGE__INIT;
	Fairlead__Wire__Goodbye goodbye = FAIRLEAD__WIRE__GOODBYE__INIT;

	goodbye.reason = (char *)reason;
	m.body_case = FAIRLEAD__WIRE__MESSAGE__BODY_GOODBYE;
	m.goodbye = &goodbye;
	return send_message(link, &m, e);
}
