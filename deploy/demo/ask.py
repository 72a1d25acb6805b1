#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# ask.py: what the demo measures with: DNS questions every 20 ms, on a clock that started with a signal.
#
#   ask.py until SERVER PORT NAME CLIENT WHAT [LIMIT_S [SIGNAL PID...]]
#        asks for NAME's address, as for a client at CLIENT, until the first answer is WHAT, and prints
#        'MS ADDRESS', counted from the start, or from the moment SIGNAL went to the PIDs.
#        WHAT: an address, !ADDRESS for any other, or * for any. Exits 1 after LIMIT_S (30).
#   ask.py port FIRST ADDRESS...   the first port from FIRST on that is free on all addresses, UDP and TCP
#
# Needs only python3-minimal.

import os
import socket
import struct
import sys
import time

EVERY_S = 0.02
SIGNALS = {"TERM": 15, "KILL": 9, "STOP": 19}


def question(number, name, client):
    """A query for A with the client's /24 as EDNS client subnet (RFC 7871)."""
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    subnet = struct.pack("!HBB", 1, 24, 0) + socket.inet_aton(client)[:3]
    option = struct.pack("!HH", 8, len(subnet)) + subnet
    return (struct.pack("!HHHHHH", number, 0, 1, 0, 0, 1) + labels + b"\0" + struct.pack("!HH", 1, 1)
            + b"\0" + struct.pack("!HHIH", 41, 1232, 0, len(option)) + option)


def skip_name(reply, at):
    while reply[at]:
        if reply[at] >= 0xC0:
            return at + 2
        at += reply[at] + 1
    return at + 1


def first_address(reply, number):
    """The first A of a good reply to this question, or None."""
    if len(reply) < 12 or struct.unpack_from("!H", reply)[0] != number or reply[3] & 15:
        return None
    at = skip_name(reply, 12) + 4
    for _ in range(struct.unpack_from("!H", reply, 6)[0]):
        at = skip_name(reply, at)
        kind, _, _, length = struct.unpack_from("!HHIH", reply, at)
        at += 10
        if kind == 1 and length == 4:
            return socket.inet_ntoa(reply[at:at + 4])
        at += length
    return None


def ask(sock, number, name, client):
    try:
        sock.send(question(number, name, client))
        return first_address(sock.recv(4096), number)
    except OSError:  # refused while nobody listens, or no answer in time
        return None


def is_wanted(answer, what):
    if what.startswith("!"):
        return answer != what[1:]
    return what in ("*", answer)


def until(server, port, name, client, what, limit="30", signal="", *pids):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.connect((server, int(port)))
    sock.settimeout(0.2)
    start = time.monotonic()
    for pid in pids:
        os.kill(int(pid), SIGNALS[signal])
    number = 0
    while time.monotonic() - start < float(limit):
        asked = time.monotonic()
        number += 1
        answer = ask(sock, number & 0xFFFF, name, client)
        if answer and is_wanted(answer, what):
            print(round((time.monotonic() - start) * 1000), answer)
            return 0
        time.sleep(max(0.0, asked + EVERY_S - time.monotonic()))
    return 1


def is_free(port, addresses):
    for address in addresses:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            sock = socket.socket(socket.AF_INET, kind)
            try:
                if kind == socket.SOCK_STREAM:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                sock.bind((address, port))
            except OSError:
                return False
            finally:
                sock.close()
    return True


def free_port(first, *addresses):
    for candidate in range(int(first), int(first) + 200):
        if is_free(candidate, addresses):
            print(candidate)
            return 0
    return 1


def main(args):
    verbs = {"until": until, "port": free_port}
    if not args or args[0] not in verbs:
        print("ask.py: until or port was expected", file=sys.stderr)
        return 2
    try:
        return verbs[args[0]](*args[1:])
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
