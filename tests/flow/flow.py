# SPDX-License-Identifier: Apache-2.0
"""flow: what the flow tests share: claims, a fleet of real daemons, questions, and a clean end.

A flow is a program `test_X BUILD_DIR`. Its claims are functions whose names are sentences:

    @claim
    def a_region_that_is_killed_leaves_the_answers(f): ...

They run in the order in which they stand, on one fleet that `flow.main(setup)` makes. A claim fails by
an exception; what it returns, if anything, is a figure that is printed beside it. Daemons are real, on addresses 127.x.y.z that belong to this
process alone, in a directory of their own, and all are gone at the end, whatever the end was.
"""

import contextlib
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import sys
import tempfile

import dns.edns
import dns.flags
import dns.message
import dns.query
import dns.rdatatype

# The tests have all names from here.
from beside import (  # noqa: F401
    HERE, Authority, Backend, Nginx, Process, Wire, accepts, need, run, split, write_file)
from claims import (  # noqa: F401
    CLAIMS, Skip, check, claim, equal, holds_for, run_claim, wait_until)

SECONDS = 280  # tests/run gives a flow 300
TREE = HERE.parent.parent
GEO = TREE / "tests" / "golden" / "geo"
LONG = bool(os.environ.get("FAIRLEAD_LONG"))

# Clients whose places the golden databases know.
FRANKFURT, SAO_PAULO, SYDNEY = "192.0.2.1", "203.0.113.1", "2001:db8:8000::1"
PLACES = {
    "eu": {"at": [50.11, 8.68], "country": "DE"},
    "sa": {"at": [-23.55, -46.63], "country": "BR"},
    "oc": {"at": [-33.87, 151.21], "country": "AU"},
}


def all_daemons_end_well_when_they_are_told_to(fleet):
    """With 0, and in a sanitized build without a word of the sanitizer: leaks are told at the end."""
    running = [p for p in fleet.processes if isinstance(p, Daemon) and p.is_running]
    for p in running:
        p.signal(signal.SIGCONT)
        p.signal(signal.SIGTERM)
    for p in running:
        equal(p.child.wait(30), 0, f"exit code of {p.name}")
    for p in fleet.processes:
        if os.path.exists(p.log):
            found = re.search(r".*(Sanitizer:|runtime error:)(.*\n){0,40}", p.text())
            check(not found, f"{p.name}:\n{found and found[0]}")


def main(setup, seconds=None):
    """Runs the claims on `setup(fleet)`; exits 0 when all held."""
    if len(sys.argv) < 2:
        sys.exit(f"usage: {sys.argv[0]} BUILD_DIR [CLAIM-PART]")
    wanted = sys.argv[2] if len(sys.argv) > 2 else ""

    def give_up(signum, _frame):
        raise SystemExit(f"ended by {signal.Signals(signum).name}")

    signal.signal(signal.SIGTERM, give_up)
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(seconds or SECONDS)
    with Fleet(sys.argv[1]) as fleet:
        try:
            setup(fleet)
            chosen = [c for c in CLAIMS if wanted in c.__name__]
            held = [run_claim(fleet, function) for function in chosen]
            held.append(run_claim(fleet, all_daemons_end_well_when_they_are_told_to))
        except BaseException:
            fleet.show_logs()
            raise
        if not all(held):
            fleet.show_logs()
    sys.exit(0 if all(held) else 1)


class Daemon(Process):
    """One of ours: started with --foreground, ready when its admin socket answers."""

    def __init__(self, fleet, program, name, config):
        self.fleet, self.config = fleet, config
        self.file = fleet.dir / f"{name}.yaml"
        self.socket = str(fleet.dir / f"{name}.sock")
        config.setdefault("listen", {})["admin"] = self.socket
        super().__init__(name, [fleet.build / program, "--foreground", "-c", self.file],
                         str(fleet.dir / f"{name}.log"))
        fleet.processes.append(self)

    def write(self):
        """The configuration as it stands in `config`: JSON is YAML. Renamed into place."""
        write_file(self.file, json.dumps(self.config, indent=1) + "\n")

    def start(self, seconds=20):
        self.write()
        super().start()
        wait_until(self.is_ready, seconds, f"{self.name} is ready")
        return self

    def is_ready(self):
        check(self.is_running, f"{self.name} ended with {self.child.returncode}:\n{self.text()}")
        try:
            return self.get("/v1/status")[0] == 200
        except OSError:
            return False

    def reload(self):
        self.signal(signal.SIGHUP)

    def request(self, method, path, body=None, timeout=10):
        return unix_request(self.socket, method, path, body, timeout)

    def get(self, path, **kw):
        return self.request("GET", path, **kw)

    def post(self, path, expect=200, **body):
        """A change over the admin API, which has to be answered with `expect`."""
        status, doc = self.request("POST", path, body)
        equal(status, expect, f"POST {path} {body} -> {doc}")
        return doc

    def view(self, path):
        status, doc = self.get(path)
        equal(status, 200, f"GET {path} -> {doc}")
        return doc

    def metrics(self):
        status, text = tcp_request(self.config["listen"]["http"], "/metrics")
        equal(status, 200, "/metrics")
        return text

    def metric(self, name, **labels):
        """The sum of the samples that have these labels; 0 when there is none."""
        total = 0.0
        for line in self.metrics().splitlines():
            m = re.match(rf"{name}(?:{{(.*)}})? (\S+)$", line)
            if m and all(f'{k}="{v}"' in (m[1] or "") for k, v in labels.items()):
                total += float(m[2])
        return total


# ---- HTTP ------------------------------------------------------------------------------------


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def _exchange(connection, method, path, body):
    with contextlib.closing(connection) as c:
        data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
        c.request(method, path, data)
        reply = c.getresponse()
        raw = reply.read()
        is_json = "json" in (reply.getheader("Content-Type") or "")
        return reply.status, json.loads(raw) if is_json else raw.decode()


def unix_request(path, method, url, body=None, timeout=10):
    return _exchange(_UnixConnection(path, timeout), method, url, body)


def tcp_request(endpoint, path, method="GET", body=None, timeout=5):
    host, port = split(endpoint)
    return _exchange(http.client.HTTPConnection(host, port, timeout=timeout), method, path, body)


def tls_request(endpoint, pair, ca, path, method="GET", body=None, timeout=10):
    """Over mutual TLS: pair = (certificate, key), or None for a caller without one."""
    host, port = split(endpoint)
    context = tls_context(pair, ca)
    connection = http.client.HTTPSConnection(host, port, timeout=timeout, context=context)
    return _exchange(connection, method, path, body)


def tls_context(pair, ca):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # the fleet's certificates carry no host names
    context.load_verify_locations(ca)
    if pair:
        context.load_cert_chain(*pair)
    return context


# ---- questions -------------------------------------------------------------------------------


def question(name, rdtype="A", client=None, prefix=None, edns=None, dnssec=False):
    """A query; client = an address or a dns.edns.ECSOption, sent as its client subnet."""
    q = dns.message.make_query(name, rdtype, want_dnssec=dnssec)
    q.flags &= ~dns.flags.RD
    options = []
    if isinstance(client, str):
        client = dns.edns.ECSOption(client, prefix or (56 if ":" in client else 24))
    if client:
        options.append(client)
    if options or edns is not None:
        q.use_edns(edns or 0, dns.flags.DO if dnssec else 0, 1232, options=options)
    return q


def ask(endpoint, name, rdtype="A", client=None, tcp=False, timeout=3, **kw):
    host, port = split(endpoint)
    q = question(name, rdtype, client, **kw)
    send = dns.query.tcp if tcp else dns.query.udp
    return send(q, host, timeout=timeout, port=port)


def addresses(reply):
    """The addresses of the answer section, sorted."""
    return sorted(r.address for s in reply.answer for r in s
                  if r.rdtype in (dns.rdatatype.A, dns.rdatatype.AAAA))


def ttl(reply):
    return reply.answer[0].ttl if reply.answer else None


# ---- the fleet -------------------------------------------------------------------------------


class Fleet:
    """A directory, addresses of its own, certificates, and whatever runs there."""

    def __init__(self, build, name="flow"):
        self.build = pathlib.Path(build).resolve()
        self.name = name
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="flow-", dir="/tmp"))
        self.processes, self.wires, self.regions, self.last = [], [], {}, []
        self.director = self.prober = None
        # 127.64.0.0/10 by process: flows that run side by side do not meet.
        pid = os.getpid()
        self.prefix = f"127.{64 + pid % 64}.{pid // 64 % 250 + 1}"
        self._authority = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for p in reversed(self.processes):
            with contextlib.suppress(ProcessLookupError):
                p.kill()
        for function in reversed(self.last):
            function()
        for wire in self.wires:
            wire.close()
        shutil.rmtree(self.dir, ignore_errors=True)

    def at_end(self, function):
        """Called when all processes are gone."""
        self.last.append(function)

    @property
    def authority(self):
        if not self._authority:
            self._authority = Authority(self.build, self.dir / "tls", self.name)
        return self._authority

    def show_logs(self, lines=25):
        for p in self.processes:
            if os.path.exists(p.log):
                print(f"# ---- {p.name}")
                for line in p.text().splitlines()[-lines:]:
                    print(f"#   {line}")

    def address(self, n):
        return f"{self.prefix}.{n}"

    def port(self, *hosts):
        """A port that is free on all of these addresses, for TCP and UDP."""
        for _ in range(50):
            held = []
            try:
                port = 0
                for host in hosts:
                    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                        s = socket.socket(socket.AF_INET, kind)
                        held.append(s)
                        s.bind((host, port))
                        port = s.getsockname()[1]
                return port
            except OSError:
                continue
            finally:
                for s in held:
                    s.close()
        raise AssertionError(f"no port is free on {hosts}")

    def endpoint(self, n):
        host = self.address(n)
        return f"{host}:{self.port(host)}"

    def process(self, name, *argv, env=None):
        p = Process(name, argv, str(self.dir / f"{name}.log"), env)
        self.processes.append(p)
        return p.start()

    def wire(self, target, n=9):
        w = Wire(self.endpoint(n), target)
        w.endpoint = "%s:%d" % w.server.getsockname()
        self.wires.append(w)
        return w

    # -- what the daemons are told

    def dnsd(self, name="ns1", n=1, **keys):
        """A name server's Daemon, not started; keys are added to its configuration."""
        config = {
            "fleet": self.name, "node": name,
            "listen": {"dns": [self.endpoint(n)], "control": self.endpoint(n),
                       "http": self.endpoint(n)},
            "workers": 1,
            "tls": self.authority.tls("dnsd", name),
            "state": {"path": str(self.dir / f"{name}.db")},
            "geo": {"databases": [str(GEO / "flat-v4.mmdb"), str(GEO / "nested-v6.mmdb")]},
        }
        config.update(keys)
        d = Daemon(self, "fairlead-dnsd", name, config)
        d.dns = config["listen"]["dns"][0]
        self.director = self.director or d
        return d

    def zone(self, text, name="example.test"):
        """{name, file} of a zone with this text."""
        file = self.dir / f"{name}.zone"
        write_file(file, text)
        return {"name": name, "file": str(file)}

    def add_prober(self, name="probe-1", **keys):
        config = {"fleet": self.name, "node": name, "at": [51.5, -0.1],
                  "directors": [self.director.config["listen"]["control"]],
                  "listen": {"http": self.endpoint(2)},
                  "tls": self.authority.tls("prober", name)}
        config.update(keys)
        self.prober = Daemon(self, "fairlead-proberd", name, config)
        return self.prober

    def cli(self, *verb, code=0):
        """The document that `fairlead -o json VERB...` prints; it must exit with `code`."""
        done = run(self.build / "fairlead", "-s", self.director.socket, "-o", "json", "--yes",
                   *verb, ok=(code,))
        return json.loads(done.stdout) if done.stdout else None

    def ask(self, name, rdtype="A", client=None, **kw):
        return ask(self.director.dns, name, rdtype, client, **kw)


class Region:
    """A region: a regiond on an address of its own, and HTTP backends in two availability zones.

    services = {name: port}; all go to one pool. Its link to the director goes over `wire`."""

    def __init__(self, fleet, name, n, services, **keys):
        self.fleet, self.name, self.address = fleet, name, fleet.address(n)
        self.services, self.wire = services, fleet.wire(fleet.director.config["listen"]["control"])
        self.zones = {az: fleet.endpoint(n + 1 + i) for i, az in enumerate("ab")}
        self.backends = [Backend(fleet, f"{name}-{az}", [e]) for az, e in self.zones.items()]
        config = {
            "fleet": fleet.name, "region": name, "node": f"{name}-1",
            "directors": [self.wire.endpoint], "listen": {"http": fleet.endpoint(n)},
            "workers": 1, "tls": fleet.authority.tls("regiond", f"{name}-1", name),
            "heartbeat": "500ms", "drain": "5s",
            "monitors": {"live": {"type": "http", "path": "/healthz", "interval": "500ms",
                                  "timeout": "300ms", "rise": 2, "fall": 2}},
            "pools": {"web": {"monitors": ["live"], "local_az": "a", "backends": [
                {"az": az, "address": e, "max": 64} for az, e in self.zones.items()]}},
            "services": {s: {"listen": [f"{self.address}:{p}"], "routes": [{"pool": "web"}]}
                         for s, p in services.items()},
        }
        config.update(keys)
        self.daemon = Daemon(fleet, "fairlead-regiond", f"{name}-1", config)
        fleet.regions[name] = self

    def start(self):
        for b in self.backends:
            b.begin()
        for b in self.backends:
            b.wait()
        self.daemon.start()
        return self

    def kill(self):
        """As when the power goes: all of it at once."""
        for p in (self.daemon, *self.backends):
            p.signal(signal.SIGKILL)
        for p in (self.daemon, *self.backends):
            p.child.wait()

    def signal(self, number):
        for p in (self.daemon, *self.backends):
            p.signal(number)
