#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# failover.sh: how long the answers need to leave a region: killed, frozen, or saying that it is down.
#
#   tests/bench/failover.sh BUILD [ROUNDS]
#
# Runs the demo's fleet with the demo's settings (monitor 500 ms, timeout 300 ms, fall 2; heartbeat
# 500 ms) but no hold_down. A client near the region asks every 20 ms, from the moment of the signal. Needs the
# databases that deploy/demo/run has fetched, or FAIRLEAD_GEO. Prints milliseconds: least, median, most.
set -uo pipefail
[ $# -ge 1 ] || { sed -n '3,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" && exit 2; }
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../deploy/demo" && pwd)
top=$(cd "$here/../.." && pwd)
given=$(cd "$1" && pwd) || exit 2
rounds=${2:-10}
export PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin LC_ALL=C.UTF-8
. "$here/look.sh"
. "$here/prepare.sh"
. "$here/fleet.sh"
. "$here/story.sh"
build=$given
hold_down=0s

dir=$(mktemp -d "${TMPDIR:-/tmp}/fairlead-bench.XXXXXX") || exit 1
trap 'aside_stop; fleet_stop; rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM
mkdir "$dir/log" "$dir/nginx" "$dir/tls"
fairlead() {
	case $1 in
	cert) "$build/fairlead" "$@" ;;
	*) "$build/fairlead" -s "$dir/dnsd.sock" "$@" ;;
	esac
}

# Each round another region, back in the answers before the next.
measure() { # measure WHAT SIGNAL all|regiond
	local i region result name names pids times=()
	for ((i = 0; i < rounds; i++)); do
		region=${regions[i % ${#regions[@]}]}
		names=$region
		[ "$3" = regiond ] || names=$(names_of "$region")
		pids=()
		for name in $names; do
			pids+=("${pid_of[$name]}")
		done
		result=$(until_answer "${client_of[$region]}" "!$(front_of "$region")" 30 "$2" "${pids[@]}") ||
			die "$1: $region never left the answers"
		times+=("${result%% *}")
		if [ "$2" = STOP ]; then
			kill -CONT "${pids[@]}"
		else
			gone "${pids[@]}"
			start_regiond "$region"
			[ "$3" = regiond ] || start_backends "$region"
		fi
		until_answer "${client_of[$region]}" "$(front_of "$region")" 60 >/dev/null ||
			die "$1: $region never came back"
		sleep 1.$((RANDOM % 10)) # so that kills do not keep step with the checks
	done
	printf '%s\n' "${times[@]}" | sort -n |
		awk -v what="$1" '{ t[NR] = $1 } END { printf "%-28s %5d %5d %5d   of %d\n", what, t[1], t[int((NR + 1) / 2)], t[NR], NR }'
}

prepare_geo
fleet_ports
fleet_write
fleet_start
printf '%-28s %5s %5s %5s\n' "ms to the right answer" least med most
measure "killed (-9), backends too" KILL all
measure "frozen (-STOP)" STOP regiond
measure "says that it goes (-TERM)" TERM regiond
