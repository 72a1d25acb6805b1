/* SPDX-License-Identifier: Apache-2.0 */
/* limits: the protocol's number and the bounds of what its messages may hold.
 *
 * Source     docs/wire.md, "What is refused"
 */
#ifndef FAIRLEAD_SCHEMA_WIRE_LIMITS_H
#define FAIRLEAD_SCHEMA_WIRE_LIMITS_H

/* 2: a verdict of `fails` says whether it is proven. A prober of protocol 1 proves nothing. */
#define WIRE_PROTOCOL	  2
#define WIRE_PROTOCOL_MIN 1

#define WIRE_FRAME_MAX	  (1u << 20)
#define WIRE_SERVICES_MAX 4096
#define WIRE_NOTES_MAX	  16	/* of one node */
#define WIRE_CHECKERS_MAX 1024	/* proberds of one director */
#define WIRE_TARGETS_MAX  16384 /* of one part of a plan; and verdicts: one a target */
#define WIRE_MONITORS_MAX 1024
#define WIRE_PARTS_MAX	  32 /* of one plan or one full set of verdicts */
#define WIRE_HEADERS_MAX  64
#define WIRE_NAME_MAX	  255 /* a DNS name; every text that has no other bound */
#define WIRE_REASON_MAX	  255
#define WIRE_TEXT_MAX	  4096	/* path, header value, regular expression */
#define WIRE_BODY_MAX	  65536 /* of a monitor's request */
/* Fields of one message that are not in a bounded list: known ones said twice, and unknown ones,
 * which a newer peer may send and which are ignored. */
#define WIRE_FIELDS_MAX 256

#endif
