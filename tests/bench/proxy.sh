#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# proxy.sh: what a request costs fairlead-regiond, beside HAProxy in the same run.
#
#   tests/bench/proxy.sh [BUILD [run.py's options...]]
#
# BUILD is where fairlead-regiond was built (default: this directory). The bench kit is found in
# $FAIRLEAD_BENCH, else in ../shared/bench beside the tree; its setup.sh must have been run. Loopback
# only: regiond on one core with one worker, client and backends on another. Results: docs/benchmarks.md.
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
kit=${FAIRLEAD_BENCH:-$top/../shared/bench}/proxy
build=${1:-.}
[ $# -eq 0 ] || shift
regiond=$(cd "$build" && pwd)/fairlead-regiond

[ -x "$kit/run.py" ] || {
	echo "proxy.sh: no bench kit at $kit (FAIRLEAD_BENCH names its folder)" >&2
	exit 1
}
[ -x "$regiond" ] || {
	echo "proxy.sh: no $regiond: make it first, or name the build directory" >&2
	exit 1
}

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cat >"$dir/regiond.yaml" <<EOF
fleet: bench
region: here
node: one
workers: 1
drain: 0s
listen: {admin: $dir/regiond.sock}
monitors:
  live: {type: tcp, interval: 1s, timeout: 500ms}
pools:
  be:
    monitors: [live]
    backends:
      - {az: a, address: 127.0.0.1:9001}
      - {az: a, address: 127.0.0.1:9002}
      - {az: a, address: 127.0.0.1:9003}
      - {az: a, address: 127.0.0.1:9004}
services:
  bench.example.com:
    listen: [127.0.0.1:8701]
    protocol: tcp
    limits: {idle: 300s}
    routes: [{pool: be}]
EOF

[ $# -gt 0 ] || set -- --tests ka,nc,bulk --reps 3 --secs 3
"$kit/run.py" --rows haproxy2.6-http,haproxy2.6-tcp,haproxy2.6-tcp-splice "$@" \
	--extra-cmd "regiond,http=8701:: $regiond -c $dir/regiond.yaml --foreground"
