# SPDX-License-Identifier: Apache-2.0
"""beside: what stands beside the daemons: processes of others, backends, a CA, a wire that can be cut."""

import contextlib
import ctypes
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

from claims import Skip, wait_until

HERE = pathlib.Path(__file__).resolve().parent

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


def write_file(path, text):
    with open(f"{path}.new", "w", encoding="utf-8") as f:
        f.write(text)
    os.rename(f"{path}.new", path)


def split(endpoint):
    host, port = endpoint.rsplit(":", 1)
    return host.strip("[]"), int(port)


def accepts(endpoint):
    try:
        socket.create_connection(split(endpoint), timeout=1).close()
        return True
    except OSError:
        return False


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


# ---- backends --------------------------------------------------------------------------------


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
