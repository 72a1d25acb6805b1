/* SPDX-License-Identifier: Apache-2.0 */
/* wire: frames in and out of the fleet's messages (fleet.proto), bounded and checked.
 *
 * A frame is first walked as bytes against the message descriptors: counts, text lengths, UTF-8 and
 * nesting are judged before anything is allocated for it. Then it is unpacked and its values are
 * judged. What was accepted needs no further check by its reader: names that must be there are not
 * empty, addresses have 4 or 16 bytes, enums are known, exactly one body is set, or one of a kind
 * that only newer peers know: its receiver counts and ignores it. A kind that we know and that the
 * sender has no business to send is its receiver's to refuse. Packing goes through the same two
 * sieves, so that a node never sends what its peers would refuse.
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
#include "schema/wire/limits.h"

typedef Fairlead__Wire__Message wire_message;

/* Checks counts, string lengths, address sizes and enum ranges, so that no reader has to. */
enum err_code wire_unpack(const uint8_t *bytes, size_t len, wire_message **out, struct err *e);
void wire_free(wire_message *m);

/* Appends the packed bytes (without the length prefix, which core/link adds). On failure nothing
 * is appended. */
enum err_code wire_pack(const wire_message *m, struct buf *out, struct err *e);

/* Of a kind that is newer than this code. */
bool wire_is_unknown(const wire_message *m);

/* "hello", "report", ...: the body's name, for messages. "nothing" when none is set. */
const char *wire_kind(const wire_message *m);

#endif
