/* SPDX-License-Identifier: Apache-2.0 */
/* wire: frames in and out of the fleet's messages (fleet.proto), bounded and checked.
 *
 * Threads    any, no state
 * Ownership  wire_unpack's message is freed with wire_free
 * Units      see fleet.proto
 * Errors     ERR_INPUT: not a message of ours, or a field outside its bounds, said by name;
 *            ERR_LIMIT: more of something than WIRE_*_MAX; *out untouched
 * Source     fleet.proto, docs/wire.md
 */
#ifndef FAIRLEAD_SCHEMA_WIRE_H
#define FAIRLEAD_SCHEMA_WIRE_H

#include "core/buf.h"
#include "core/err.h"
#include "schema/wire/fleet.pb-c.h"

#define WIRE_PROTOCOL	  1
#define WIRE_PROTOCOL_MIN 1
#define WIRE_FRAME_MAX	  (1u << 20)
#define WIRE_SERVICES_MAX 4096
#define WIRE_TARGETS_MAX  16384
#define WIRE_NAME_MAX	  255
#define WIRE_REASON_MAX	  255

typedef Fairlead__Wire__Message wire_message;

/* Checks counts, string lengths, address sizes and enum ranges, so that no reader has to. */
enum err_code wire_unpack(const uint8_t *bytes, size_t len, wire_message **out, struct err *e);
void wire_free(wire_message *m);

/* Appends the packed bytes (without the length prefix, which core/link adds). */
enum err_code wire_pack(const wire_message *m, struct buf *out, struct err *e);

#endif
