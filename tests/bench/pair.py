#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pair: what a request costs two builds of fairlead-regiond, measured in turn.

    tests/bench/pair.py BUILD_BEFORE BUILD_AFTER [--pairs N] [--tests ka,nc,bulk]

For a machine that others use: each pair runs the two after each other for a second, in changing
order, and what counts is the median over pairs of the ratio of CPU time a request (or byte). Needs wrk,
gcc and the bench kit's sources ($FAIRLEAD_BENCH, else ../shared/bench beside the tree). Loopback only:
regiond with one worker on core 0, client and four backends on core 1.
"""

import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
KIT = pathlib.Path(os.environ.get("FAIRLEAD_BENCH", TOP / "../shared/bench")) / "proxy/src"
BACKENDS = [9001, 9002, 9003, 9004]
CLOSE = 'wrk.headers["Connection"] = "close"\n'


def options():
    ap = argparse.ArgumentParser(description=__doc__, usage=argparse.SUPPRESS,
                                 formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("builds", nargs=2, type=pathlib.Path)
    ap.add_argument("--pairs", type=int, default=21)
    ap.add_argument("--tests", default="ka,nc,bulk")
    return ap.parse_args()


def pinned(core, *argv, **kw):
    return subprocess.Popen(["taskset", "-c", str(core), *map(str, argv)],
                            stdout=subprocess.DEVNULL, **kw)


class Proxy:
    def __init__(self, folder, build, port):
        self.port = port
        config = {
            "fleet": "bench", "region": "here", "node": "one", "workers": 1, "drain": "0s",
            "listen": {"admin": f"{folder}/{port}.sock"},
            "pools": {"be": {"backends": [{"az": "a", "address": f"127.0.0.1:{p}"}
                                          for p in BACKENDS]}},
            "services": {"bench.example.com": {
                "listen": [f"127.0.0.1:{port}"], "routes": [{"pool": "be"}],
                "limits": {"idle": "300s"}}},
        }
        file = folder / f"{port}.yaml"
        file.write_text(json.dumps(config))
        self.child = pinned(0, build / "fairlead-regiond", "-c", file, "--foreground",
                            stderr=subprocess.DEVNULL)

    def cpu_s(self):
        tasks = pathlib.Path(f"/proc/{self.child.pid}/task").iterdir()
        return sum(int((t / "schedstat").read_text().split()[0]) for t in tasks) / 1e9

    def cost(self, folder, test):
        """CPU microseconds a request, or seconds a GB."""
        before = self.cpu_s()
        if test == "bulk":
            command, found, unit = ["./ld", "bulk", self.port, 8, 100, 1], r"bytes=(\d+)", 1e-9
        else:
            command = ["wrk", "-t1", "-c64", "-d1s", f"http://127.0.0.1:{self.port}/"]
            command += ["-s", "close.lua"] if test == "nc" else []
            found, unit = r"(\d+) requests in", 1e-6
        done = subprocess.run(["taskset", "-c", "1", *map(str, command)], cwd=folder,
                              capture_output=True, text=True, check=True)
        return (self.cpu_s() - before) / (int(re.search(found, done.stdout)[1]) * unit)


def main():
    o = options()
    with tempfile.TemporaryDirectory() as name:
        folder, started = pathlib.Path(name), []
        (folder / "close.lua").write_text(CLOSE)
        for tool in ("be", "ld"):
            subprocess.run(["gcc", "-O2", "-o", folder / tool, KIT / f"{tool}.c"], check=True)
        try:
            started.append(pinned(1, folder / "be", *BACKENDS))
            proxies = [Proxy(folder, b.resolve(), 8711 + i) for i, b in enumerate(o.builds)]
            started += [p.child for p in proxies]
            time.sleep(1.5)
            for test in o.tests.split(","):
                costs = []
                for i in range(o.pairs):
                    order = proxies if i % 2 else proxies[::-1]
                    pair = {p: p.cost(folder, test) for p in order}
                    costs.append([pair[p] for p in proxies])
                ratio = statistics.median(after / before for before, after in costs)
                a, b = (statistics.median(c) for c in zip(*costs))
                print(f"{test:5} before {a:8.3f}  after {b:8.3f}  ratio {ratio:.3f}", flush=True)
        finally:
            for child in reversed(started):
                child.terminate()
                child.wait()


if __name__ == "__main__":
    main()
