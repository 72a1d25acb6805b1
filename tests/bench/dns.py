#!/usr/bin/env python3
"""dns.py: answers a second and processor time of fairlead-dnsd beside gdnsd, NSD and Knot, in one run.

    tests/bench/dns.py BUILD_DIR [--kit DIR] [--secs S] [--rows "echo gdnsd nsd knot"] [--only rates|start|records|large]

The kit (load generator, peers, real city database) is the folder bench/dns named by --kit or
FAIRLEAD_BENCH; run its setup.sh once before. Needs root: the kit makes a network namespace. Prints the
kit's table, then the ratios that docs/benchmarks.md records. Nothing else may run on the machine.
"""
import argparse, csv, os, signal, socket, struct, subprocess, sys, tempfile, time

REGIONS = [("iad", 38.95, -77.45, "US"), ("gru", -23.43, -46.47, "BR"), ("fra", 50.03, 8.56, "DE"),
           ("jnb", -26.13, 28.24, "ZA"), ("sin", 1.36, 103.99, "SG"), ("syd", -33.94, 151.18, "AU")]
# The peers' policy: continents, with four countries apart (lib/mkconf.sh of the kit).
RULES = [("country: AE", "fra sin"), ("country: IL", "fra sin"), ("country: SA", "fra sin"),
         ("country: TR", "fra sin"), ("continent: NA", "iad fra"), ("continent: SA", "gru iad"),
         ("continent: EU", "fra iad"), ("continent: AF", "jnb fra"), ("continent: OC", "syd sin"),
         ("continent: AS", "sin syd")]


def config(run, port, database, zone, kind, name="geo.example.test"):
    """kind: continents (the peers' geo), nearest (gdnsd's auto), weighted (gdnsd's gw)."""
    weights = [10, 10, 5] if kind == "weighted" else [100]
    members = [f"      - {{region: {r[0]}, addresses: [192.0.2.{j if len(weights) > 1 else ''}{i}], weight: {w}}}"
               for i, r in enumerate(REGIONS, 1) for j, w in enumerate(weights, 1)]
    text = [f"fleet: bench\nnode: ns1\nlisten: {{dns: [127.0.0.1:{port}], admin: {run}/{kind}.sock}}",
            f"workers: 1\nstate: {{path: {run}/{kind}.db}}", f"geo: {{databases: [{database}]}}",
            f"zones: [{{name: example.test, file: {zone}}}]", "regions:"]
    text += [f"  {n}: {{at: [{a}, {o}], country: {c}}}" for n, a, o, c in REGIONS]
    text += ["pools:", "  p:", "    method: geo", "    members:"] + members
    text += ["services:", f"  {name}: {{pool: p, ttl: 60s}}"]
    if kind == "continents":
        text.append("topology:")
        for client, first in RULES:
            order = first.split() + [r[0] for r in REGIONS if r[0] not in first.split()]
            text.append(f"  - {{client: {{{client}}}, prefer: [{', '.join(order)}]}}")
    path = f"{run}/{kind}.yaml"
    with open(path, "w") as f:
        f.write("\n".join(text) + "\n")
    return path


def rates(args, run, work):
    """The kit's table with our three rows, and the ratios to the anchors of the same run."""
    out = f"{run}/rows.tsv"
    command = [f"{args.kit}/run.sh", "-w", work, "-t", str(args.secs), "-s", args.rows, "-o", out]
    for port, kind in ((5310, "continents"), (5311, "nearest"), (5312, "weighted")):
        path = config(run, port, f"{work}/mmdb/GeoLite2-City.mmdb", f"{work}/conf/base.zone", kind)
        command += ["-X", f"{kind}|{port}|{args.build}/fairlead-dnsd -c {path} --foreground"]
    subprocess.run(command, check=True)
    rows = {(r["server"], r["workload"]): r for r in csv.DictReader(open(out), delimiter="\t")}
    print("\nwork                      ours qps  user us   anchor             anchor qps  user us  ratio")
    for label, ours, theirs in (
            ("geo + ECS, continents", ("continents", "geo-ecsmix"), ("gdnsd", "geo-ecsmix")),
            ("geo + ECS, nearest", ("nearest", "geo-ecsmix"), ("gdnsd", "auto-ecsmix")),
            ("mixed", ("continents", "mixed"), ("gdnsd", "mixed")),
            ("weighted geo", ("weighted", "geo-ecsmix"), ("gdnsd", "gw-ecsmix")),
            ("static, 10 k names", ("continents", "h10k"), ("nsd", "h10k")),
            ("geo + ECS, floor", ("continents", "geo-ecsmix"), ("echo", "geo-ecsmix"))):
        if ours in rows and theirs in rows:
            a, b = rows[ours], rows[theirs]
            quiet = "" if a["quiet"] == b["quiet"] == "1" else "  noisy"
            print(f"{label:<24} {float(a['qps']):>9.0f} {float(a['user_us']):>8.3f}   {'/'.join(theirs):<18}"
                  f" {float(b['qps']):>9.0f} {float(b['user_us']):>8.3f} {float(a['qps']) / float(b['qps']):>6.2f}{quiet}")


def query(name):
    labels = b"".join(bytes([len(l)]) + l.encode() for l in name.split(".")) + b"\0"
    return struct.pack(">6H", 7, 0, 1, 0, 0, 0) + labels + struct.pack(">2H", 1, 1)


def first_answer(build, path, port, name):
    """Seconds from the start to the first answer, processor seconds, and memory in MB, peak and after."""
    began = time.monotonic()
    daemon = subprocess.Popen([f"{build}/fairlead-dnsd", "-c", path, "--foreground"], stderr=subprocess.DEVNULL)
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(0.02)
    try:
        while time.monotonic() - began < 60:
            try:
                s.sendto(query(name), ("127.0.0.1", port))
                s.recv(4096)
                break
            except OSError:
                time.sleep(0.005)
        took = time.monotonic() - began
        time.sleep(1)
        status = dict(l.split(":", 1) for l in open(f"/proc/{daemon.pid}/status"))
        ticks = open(f"/proc/{daemon.pid}/stat").read().split()[13:15]
        mb = [int(status[k].split()[0]) / 1024 for k in ("VmHWM", "VmRSS")]
        return took, sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK"), mb, daemon
    finally:
        s.close()


def stop(daemon):
    daemon.send_signal(signal.SIGTERM)
    daemon.wait()


def start(args, run, work):
    """City database: start to the first answer, memory, and a new file put in its place."""
    database = f"{run}/city.mmdb"
    source = f"{work}/mmdb/GeoLite2-City.mmdb"
    subprocess.run(["cp", source, database], check=True)
    path = config(run, 5320, database, f"{work}/conf/base.zone", "nearest")
    for _ in range(3):
        took, cpu, mb, daemon = first_answer(args.build, path, 5320, "geo.example.test")
        print(f"city database: first answer {took:.2f} s (processor {cpu:.2f} s), resident {mb[1]:.0f} MB, peak {mb[0]:.0f} MB")
        if _ < 2:
            stop(daemon)
    log = f"{run}/nearest.sock"
    before = generation(log)
    subprocess.run(["cp", source, database + ".new"], check=True)
    began = time.monotonic()
    os.rename(database + ".new", database)
    while generation(log) == before and time.monotonic() - began < 60:
        time.sleep(0.02)
    print(f"city database: a new file is live after {time.monotonic() - began:.2f} s")
    stop(daemon)


def generation(sock):
    return status_field(sock, "generation")


def status_field(sock, field):
    s = socket.socket(socket.AF_UNIX)
    s.connect(sock)
    s.sendall(b"GET /v1/status HTTP/1.0\r\n\r\n")
    data = b""
    while chunk := s.recv(65536):
        data += chunk
    s.close()
    return data.split(f'"{field}":'.encode(), 1)[1].split(b",", 1)[0].strip(b"} ]").decode()


def records(args, run, work):
    """A million static records."""
    zone = f"{run}/million.zone"
    with open(zone, "w") as f:
        f.write("$ORIGIN example.test.\n$TTL 300\n@ SOA ns1 hostmaster 1 7200 1800 1209600 60\n@ NS ns1\nns1 A 192.0.2.53\n")
        f.writelines(f"n{i} A 10.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}\n" for i in range(1000000))
    path = f"{run}/million.yaml"
    with open(path, "w") as f:
        f.write(f"fleet: bench\nnode: ns1\nlisten: {{dns: [127.0.0.1:5321], admin: {run}/m.sock}}\nworkers: 1\n"
                f"state: {{path: {run}/m.db}}\nzones: [{{name: example.test, file: {zone}}}]\n")
    took, cpu, mb, daemon = first_answer(args.build, path, 5321, "n77.example.test")
    stop(daemon)
    print(f"1 M static records: first answer {took:.2f} s (processor {cpu:.2f} s), resident {mb[1]:.0f} MB, peak {mb[0]:.0f} MB")


def large_config(run, database, zone):
    """1,000 services over 50 regions, and rules enough for 5,000 classes of clients."""
    n_regions, n_services, n_rules = 50, 1000, 3600
    text = [f"fleet: bench\nnode: ns1\nlisten: {{dns: [127.0.0.1:5322], admin: {run}/large.sock}}\nworkers: 1",
            f"state: {{path: {run}/large.db}}", f"geo: {{databases: [{database}]}}",
            f"zones: [{{name: example.test, file: {zone}}}]", "regions:"]
    text += [f"  r{i}: {{at: [{-50 + (i * 37) % 110}, {-170 + (i * 61) % 340}], country: US}}" for i in range(n_regions)]
    text.append("pools:")
    for p in range(n_services):
        text.append(f"  p{p}:\n    method: geo\n    members:")
        text += [f"      - {{region: r{i}, addresses: [10.{p >> 6}.{p & 63}.{i}]}}" for i in range(n_regions)]
    text.append("services:")
    text += [f"  s{p}.example.test: {{pool: p{p}}}" for p in range(n_services)]
    text.append("topology:")
    for k in range(n_rules):
        a, b = k % 50, (k // 50 + k % 50 + 1) % 50
        c = (k // 2450 + b + a + 1) % 50
        prefer = list(dict.fromkeys([f"r{a}", f"r{b}", f"r{c}"]))
        text.append(f"  - {{client: {{prefix: {11 + (k >> 8)}.{k & 255}.0.0/16}}, prefer: [{', '.join(prefer)}]}}")
    path = f"{run}/large.yaml"
    with open(path, "w") as f:
        f.write("\n".join(text) + "\n")
    return path


def post(sock, path, body):
    s = socket.socket(socket.AF_UNIX)
    s.connect(sock)
    s.sendall(f"POST {path} HTTP/1.0\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
    data = b""
    while chunk := s.recv(65536):
        data += chunk
    s.close()
    return data


def large(args, run, work):
    """Regions leave and return while queries come at a fixed rate: what is late, what is lost."""
    path = large_config(run, f"{work}/mmdb/GeoLite2-City.mmdb", f"{work}/conf/base.zone")
    took, cpu, mb, daemon = first_answer(args.build, path, 5322, "s7.example.test")
    classes = status_field(f"{run}/large.sock", "classes")
    print(f"1,000 services x 50 regions x {classes} classes: first answer {took:.2f} s, resident {mb[1]:.0f} MB, peak {mb[0]:.0f} MB")
    names = [a for i in range(0, 1000, 100) for a in ("-n", f"s{i}.example.test:A")]
    load = subprocess.Popen([f"{work}/bin/dnsblast", "-s", "127.0.0.1", "-p", "5322", "-e", "v4", "-4", f"{work}/mmdb/ecs4.txt",
                             "-r", "10000", "-B", "4", "-t", "6", "-c", "1"] + names, stdout=subprocess.PIPE, text=True)
    time.sleep(1.5)
    waits = []
    for i in range(8):
        for verb in ("drain", "undrain"):
            began = time.monotonic()
            reply = post(f"{run}/large.sock", f"/v1/{verb}", f'{{"region": "r{i}"}}')
            waits.append((time.monotonic() - began) * 1000)
            if b" 200 " not in reply.split(b"\r\n")[0]:
                print(reply.decode())
            time.sleep(0.2)
    figures = dict(f.split("=", 1) for f in load.communicate()[0].split())
    stop(daemon)
    print(f"region lost or back, 16 times: on disk and live after {sorted(waits)[len(waits) // 2]:.0f} ms (median), {max(waits):.0f} ms (most); "
          f"of {figures['sent']} queries {figures['lost']} lost, latest {float(figures['maxus']) / 1000:.1f} ms")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("build")
    p.add_argument("--kit", default=os.path.join(os.environ.get("FAIRLEAD_BENCH", "../shared/bench"), "dns"))
    p.add_argument("--secs", type=float, default=1.5)
    p.add_argument("--rows", default="echo gdnsd nsd")
    p.add_argument("--only", choices=["rates", "start", "records", "large"])
    args = p.parse_args()
    args.build, args.kit = os.path.abspath(args.build), os.path.abspath(args.kit)
    cache = os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache"))
    work = os.environ.get("DNS_BENCH_DIR", f"{cache}/fairlead-bench/dns")
    if not os.path.exists(f"{work}/conf/base.zone"):
        sys.exit(f"dns.py: nothing in {work}: run {args.kit}/setup.sh first")
    with tempfile.TemporaryDirectory(prefix="fairlead-bench-") as run:
        for part in (rates, start, records, large):
            if args.only in (None, part.__name__):
                part(args, run, work)


main()
