#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""backend: a small HTTP server for the flow tests. Each argument is an ADDRESS:PORT it serves, and
what it answers to every request, so that a test sees who answered."""

import http.server
import sys
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = "{}:{}\n".format(*self.server.server_address).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    """A client that goes away is no event."""

    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        pass


servers = []
for endpoint in sys.argv[1:]:
    host, port = endpoint.rsplit(":", 1)
    servers.append(Server((host, int(port)), Handler))
for server in servers[1:]:
    threading.Thread(target=server.serve_forever, daemon=True).start()
servers[0].serve_forever()
