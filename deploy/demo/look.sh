# SPDX-License-Identifier: Apache-2.0
# look.sh: what the demo prints: scenes, commands as a user types them, checks, progress.
#
# Sourced by run. $out is what the last command of show() printed; $failed counts checks.

failed=0
out=""

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
	bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' green=$'\e[32m' cyan=$'\e[36m' plain=$'\e[0m'
else
	bold="" dim="" red="" green="" cyan="" plain=""
fi

say() { printf '%s\n' "$@"; }

scene() { # scene NUMBER TITLE SENTENCE...
	printf '\n%s%s  %s%s\n' "$bold" "$1" "$2" "$plain"
	shift 2
	[ $# = 0 ] || printf '   %s\n' "$@"
}

# show COMMAND: prints the line, runs it in this shell, prints what it says; its result is the command's.
show() {
	local rc
	printf '   %s$ %s%s\n' "$cyan" "$1" "$plain"
	out=$(eval "$1" 2>&1)
	rc=$?
	[ -z "$out" ] || sed 's/^/     /' <<<"$out"
	return $rc
}

# told COMMAND: only the line, for what the demo does by other means (a measured kill).
told() { printf '   %s$ %s%s\n' "$cyan" "$1" "$plain"; }

# check CLAIM COMMAND...: the step held when the command succeeds.
check() {
	local claim=$1
	shift
	if "$@"; then
		printf '   %sok%s      %s\n' "$green" "$plain" "$claim"
	else
		failed=$((failed + 1))
		printf '   %sFAILED%s  %s\n' "$red$bold" "$plain" "$claim"
	fi
}

die() {
	progress_end
	printf '%sdemo: %s%s\n' "$red" "$1" "$plain" >&2
	shift
	[ $# = 0 ] || printf '%s\n' "$@" >&2
	exit 1
}

# ---- progress: one line that is written over on a terminal; elsewhere only its beginning and end

progress_text=""

progress() { # progress WHAT DETAIL
	if [ -t 1 ]; then
		progress_text=$1
		printf '\r\e[K%s  %s' "$1" "$2"
	elif [ "$progress_text" != "$1" ]; then
		progress_text=$1
		printf '%s ...\n' "$1"
	fi
}

progress_end() { # progress_end [LAST LINE]
	if [ -t 1 ] && [ -n "$progress_text" ]; then
		printf '\r\e[K'
	fi
	progress_text=""
	[ $# = 0 ] || printf '%s\n' "$1"
}

bar() { # bar DONE TOTAL: thirty cells
	local cells=$(($1 * 30 / ($2 > 0 ? $2 : 1)))
	[ "$cells" -le 30 ] || cells=30
	printf '[%s%s]' "$(printf '%*s' "$cells" '' | tr ' ' '#')" "$(printf '%*s' $((30 - cells)) '')"
}

took() { # took MS: 4 ms, or 1.24 s
	if [ "$1" -lt 1000 ]; then
		printf '%d ms' "$1"
	else
		printf '%d.%02d s' $(($1 / 1000)) $(($1 % 1000 / 10))
	fi
}
