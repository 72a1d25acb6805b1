# SPDX-License-Identifier: Apache-2.0
"""flow: what the flow tests share: claims, a fleet of real daemons, questions, and a clean end.

A flow is a program `test_X BUILD_DIR`. Its claims are functions whose names are sentences:

    @claim
    def a_region_that_is_killed_leaves_the_answers(f): ...

They run in the order in which they stand, on one fleet that `flow.main(setup)` makes. A claim fails by
an exception; what it returns, if anything, is a figure that is printed beside it. `@claim(tries=2)` is
for what a busy machine may spoil once. Daemons are real, on addresses 127.x.y.z that belong to this
process alone, in a directory of their own, and all are gone at the end, whatever the end was.
"""

import contextlib
import ctypes
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import traceback

import dns.edns
import dns.flags
import dns.message
import dns.query
import dns.rdatatype

SECONDS = 280  # tests/run gives a flow 300
HERE = pathlib.Path(__file__).resolve().parent
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


# ---- claims ----------------------------------------------------------------------------------

CLAIMS = []


class Skip(Exception):
    """What this machine cannot show; the text says why."""


def claim(function=None, tries=1):
    def add(f):
        CLAIMS.append((f, tries))
        return f

    return add(function) if function else add


def check(condition, text):
    if not condition:
        raise AssertionError(text)


def equal(got, expected, what="got"):
    if got != expected:
        raise AssertionError(f"{what}: {got!r}, expected {expected!r}")


def wait_until(predicate, seconds, what=None, every=0.01):
    """The seconds until the predicate held; what it returned last stands in the error."""
    began = time.monotonic()
    while True:
        last = predicate()
        took = time.monotonic() - began
        if last:
            return took
        if took > seconds:
            raise AssertionError(f"{what or predicate.__name__}: not within {seconds} s")
        time.sleep(every)


def holds_for(predicate, seconds, what=None):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        check(predicate(), f"{what or predicate.__name__}: no longer")
        time.sleep(0.02)


def run_claim(fleet, function, tries):
    name = function.__name__.replace("_", " ")
    for attempt in range(1, tries + 1):
        try:
            figure = function(fleet)
            print(f"ok - {name}" + (f" ({figure})" if figure else ""), flush=True)
            return True
        except Skip as why:
            print(f"# skipped - {name}: {why}", flush=True)
            return True
        except Exception:  # whatever it was, the others still run
            traceback.print_exc(file=sys.stdout)
            if attempt < tries:
                print(f"# again - {name}", flush=True)
    print(f"not ok - {name}", flush=True)
    return False


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
            chosen = [c for c in CLAIMS if wanted in c[0].__name__]
            held = [run_claim(fleet, function, tries) for function, tries in chosen]
            held.append(run_claim(fleet, all_daemons_end_well_when_they_are_told_to, 1))
        except BaseException:
            fleet.show_logs()
            raise
        if not all(held):
            fleet.show_logs()
    sys.exit(0 if all(held) else 1)


# ---- processes -------------------------------------------------------------------------------

_libc = ctypes.CDLL(None, use_errno=True)


def _die_with_parent():
    _libc.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: also when the test itself is killed


class Process:
    """A child with its output in a file."""

    def __init__(self, name, argv, log, env=None):
        self.name, self.argv, self.log, self.env = name, [str(a) for a in argv], log, env
        self.child = None

    def start(self):
        with open(self.log, "ab") as out:
            self.child = subprocess.Popen(
                self.argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                preexec_fn=_die_with_parent, env=self.env)
        return self

    @property
    def is_running(self):
        return self.child is not None and self.child.poll() is None

    def signal(self, number):
        if self.is_running:
            self.child.send_signal(number)

    def kill(self):
        """kill -9, and waits for the end."""
        if self.child:
            self.signal(signal.SIGKILL)
            self.child.wait()

    def stop(self, seconds=20):
        """SIGTERM; returns the exit code."""
        self.signal(signal.SIGTERM)
        return self.child.wait(seconds)

    def text(self, after=0):
        with open(self.log, "rb") as f:
            f.seek(after)
            return f.read().decode(errors="replace")

    def mark(self):
        """A place in the log, for text(after) and wait_log(after)."""
        return os.path.getsize(self.log) if os.path.exists(self.log) else 0

    def wait_log(self, pattern, after=0, seconds=10):
        return wait_until(lambda: re.search(pattern, self.text(after)), seconds,
                          f"{self.name} logs {pattern!r}")


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


def write_file(path, text):
    with open(f"{path}.new", "w", encoding="utf-8") as f:
        f.write(text)
    os.rename(f"{path}.new", path)


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


def split(endpoint):
    host, port = endpoint.rsplit(":", 1)
    return host, int(port)


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


# ---- certificates ----------------------------------------------------------------------------


class Authority:
    """A fleet's CA by `fairlead cert`; lie() issues what that would refuse to."""

    def __init__(self, build, directory, fleet):
        self.cli, self.dir, self.fleet = build / "fairlead", pathlib.Path(directory), fleet
        run(self.cli, "cert", "init", self.dir, "--fleet", fleet)
        self.ca = str(self.dir / "ca.crt")

    def issue(self, role, name, region=None):
        """(certificate, key)"""
        run(self.cli, "cert", "issue", self.dir, role, name,
            *(("--region", region) if region else ()))
        return str(self.dir / f"{name}.crt"), str(self.dir / f"{name}.key")

    def lie(self, name, *uris, days=2):
        """(certificate, key) of this CA that says whatever `uris` are."""
        pair = str(self.dir / f"{name}.crt"), str(self.dir / f"{name}.key")
        names = ",".join(f"URI:{u}" for u in uris) or f"DNS:{name}"
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-subj", f"/CN={name}", "-keyout", pair[1], "-out", pair[0],
            "-CA", self.ca, "-CAkey", self.dir / "ca.key", "-days", days,
            "-addext", f"subjectAltName={names}", "-addext", "keyUsage=critical,digitalSignature",
            "-addext", "basicConstraints=critical,CA:false",
            "-addext", "extendedKeyUsage=serverAuth,clientAuth")
        return pair

    def tls(self, role, name, region=None):
        """What `tls:` of a configuration says."""
        certificate, key = self.issue(role, name, region)
        return {"certificate": certificate, "key": key, "ca": self.ca}


def run(*argv, ok=(0,), timeout=60):
    done = subprocess.run([str(a) for a in argv], capture_output=True, text=True, timeout=timeout,
                          stdin=subprocess.DEVNULL, check=False)
    if ok is not None and done.returncode not in ok:
        raise AssertionError(f"{argv} exits {done.returncode}:\n{done.stdout}{done.stderr}")
    return done


def need(program):
    path = shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not path:
        raise Skip(f"{program} is not installed")
    return path


# ---- a wire that can be cut ------------------------------------------------------------------


class Wire:
    """A TCP relay in front of `target`: hold() lets nothing through, cut() closes all, mend()."""

    def __init__(self, listen, target):
        self.target, self.pairs = split(target), []
        self.is_cut = self.is_held = self.is_over = False
        self.server = socket.create_server(split(listen), reuse_port=False)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while not self.is_over:
            try:
                near, _ = self.server.accept()
            except OSError:
                continue
            try:
                far = None if self.is_cut else socket.create_connection(self.target)
            except OSError:
                far = None
            if not far:
                near.close()
                continue
            self.pairs.append((near, far))
            for a, b in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(a, b), daemon=True).start()

    def _pump(self, a, b):
        with contextlib.suppress(OSError):
            while data := a.recv(65536):
                while self.is_held and not self.is_cut:
                    time.sleep(0.01)
                b.sendall(data)
        self._shut(a, b)

    @staticmethod
    def _shut(*sockets):
        for s in sockets:
            with contextlib.suppress(OSError):
                s.shutdown(socket.SHUT_RDWR)

    def hold(self):
        self.is_held = True

    def cut(self):
        self.is_cut = True
        for pair in self.pairs:
            self._shut(*pair)
        self.pairs.clear()

    def mend(self):
        self.is_cut = self.is_held = False

    def close(self):
        self.is_over = True
        self.cut()
        self.server.close()


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


class Backend(Process):
    """An HTTP server of our own, for several endpoints at a time; dies by kill()."""

    def __init__(self, fleet, name, endpoints):
        super().__init__(name, [sys.executable, HERE / "backend.py", *endpoints],
                         str(fleet.dir / f"{name}.log"))
        fleet.processes.append(self)
        self.endpoints = endpoints

    def begin(self):
        super().start()

    def wait(self, seconds=15):
        wait_until(lambda: all(accepts(e) for e in self.endpoints), seconds, f"{self.name} serves")

    def start(self):
        self.begin()
        self.wait()
        return self


class Nginx(Process):
    """A real nginx in one process; says `name` to every request."""

    def __init__(self, fleet, name, endpoint, extra=""):
        directory = fleet.dir / name
        directory.mkdir()
        file = directory / "nginx.conf"
        file.write_text(f"""daemon off; master_process off; pid {directory}/pid;
error_log stderr warn;
events {{ worker_connections 2048; }}
http {{
  access_log off; client_body_temp_path {directory}; proxy_temp_path {directory};
  fastcgi_temp_path {directory}; uwsgi_temp_path {directory}; scgi_temp_path {directory};
  keepalive_requests 100000; root {directory}; client_max_body_size 0;
  server {{
    listen {endpoint};
    add_header X-Backend {name};
    location / {{ return 200 "{name}\\n"; }}
    {extra}
  }}
}}
""")
        super().__init__(name, [need("nginx"), "-c", file, "-p", directory, "-e", "stderr"],
                         str(fleet.dir / f"{name}.log"))
        fleet.processes.append(self)
        self.endpoint, self.dir = endpoint, directory

    def start(self, seconds=15):
        super().start()
        wait_until(lambda: accepts(self.endpoint), seconds, f"{self.name} serves")
        return self


def accepts(endpoint):
    try:
        socket.create_connection(split(endpoint), timeout=1).close()
        return True
    except OSError:
        return False
