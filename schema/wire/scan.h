/* SPDX-License-Identifier: Apache-2.0 */
/* scan: walks packed bytes against a message descriptor, allocating nothing.
 *
 * protobuf-c allocates for every field it meets and hands out C strings, so that a frame of empty
 * submessages costs 40 times its size, and a text with a zero byte in it looks shorter than it is.
 * Both are found here, before it sees the frame.
 *
 * Threads    any, no state
 * Errors     ERR_INPUT: cut short, a wrong wire type, bad text; ERR_LIMIT: over a bound of wire.h
 * Source     protobuf encoding, "Wire types": varint 0, 64-bit 1, length-delimited 2, 32-bit 5
 */
#ifndef FAIRLEAD_SCHEMA_WIRE_SCAN_H
#define FAIRLEAD_SCHEMA_WIRE_SCAN_H

#include "core/err.h"

#include <protobuf-c/protobuf-c.h>

enum err_code scan_message(const ProtobufCMessageDescriptor *kind, const uint8_t *bytes, size_t len,
			   struct err *e);

#endif
