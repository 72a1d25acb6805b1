#!/bin/sh
# autogen.sh: makes ./configure from configure.ac. Needs autoconf, automake and pkg-config.
set -e
cd "$(dirname "$0")"
for tool in autoreconf automake pkg-config; do
	command -v "$tool" >/dev/null 2>&1 || {
		echo "autogen.sh: $tool is missing; run ./deploy/install-deps (or apt-get install autoconf automake pkg-config)" >&2
		exit 1
	}
done
autoreconf --install --warnings=all,no-obsolete
echo "now: mkdir -p build && cd build && ../configure && make"
