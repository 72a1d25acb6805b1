# SPDX-License-Identifier: Apache-2.0
# story.sh: the scenes. Each shows what a user would type, and checks that what was said came true.
#
# Sourced by run; the fleet is up.

# Three universities, so that everyone can tell where they are.
declare -A client_of=([eu-west]=134.226.0.0 [us-east]=128.2.0.0 [ap-south]=103.21.124.0)
declare -A place_of=([eu-west]="Trinity College, Dublin" [us-east]="Carnegie Mellon, Pittsburgh"
	[ap-south]="IIT Bombay, Mumbai")

dublin=${client_of[eu-west]}
url="" # of the service, once the ports are known

until_answer() { ask until 127.0.0.1 "$dns_port" "$service" "$@"; }
answer_for() { dig @127.0.0.1 -p "$dns_port" "$service" +subnet="$1/24" +short +timeout=1 +tries=2; }
answers() { [ "$(answer_for "$1")" = "$2" ]; }
said() { grep -qE -- "$1" <<<"$out"; }
not_said() { ! said "$1"; }

# check_moved CLAIM LIMIT_MS RESULT: RESULT is what ask.py printed, "" when no such answer came.
check_moved() {
	local ms=${3%% *} address=${3##* }
	if [ -n "$3" ]; then
		check "$1 after $(took "$ms") (promised: $(took "$2")); now: $address" test "$ms" -lt "$2"
	else
		check "$1" false
	fi
}

scene_answers() {
	local name
	scene 1 "Three clients, three answers" \
		"A resolver passes on its client's network (EDNS client subnet); the nearest region answers," \
		"and the scope says for how wide a network that answer holds."
	for name in "${regions[@]}"; do
		say "   ${dim}${place_of[$name]}${plain}"
		show "dig @127.0.0.1 -p $dns_port $service +subnet=${client_of[$name]}/24 +noall +comments +answer | grep -w -e A -e SUBNET"
		check "$name answers, with a scope" said "CLIENT-SUBNET: ${client_of[$name]}/24/[1-9]"
		check "$name's address is $(front_of "$name")" said "A[[:space:]]$(front_of "$name")$"
	done
	show "dig @127.0.0.1 -p $dns_port about.$zone TXT +short"
	check "static names of the zone file stand beside the service" said "static names"
}

scene_http() {
	local address
	address=$(answer_for "$dublin")
	scene 2 "HTTP through the chosen region" \
		"The region sends each connection to the backend with the fewest, in its own zone first; when a" \
		"zone is three quarters full, the rest goes to the other."
	show "curl -s --resolve $service:$web_port:$address $url"
	check "a backend of eu-west answers" said "^eu-west, zone a"
	show "curl -s -H 'Connection: close' --resolve $service:$web_port:$address '$url?[1-8]' | sort | uniq -c"
	check "one after another, all stay in zone a" said "zone a"
	check "none needs zone b" not_said "zone b"
	show "curl -sZ --no-progress-meter --parallel-immediate --parallel-max 12 -o /dev/null -w '%header{x-backend}\n' --resolve $service:$web_port:$address '${url}slow?[1-12]' | sort | uniq -c"
	check "twelve slow ones at once: zone a carries its share" said "zone a"
	check "the rest flowed over to zone b" said "zone b"
	check "none was lost" test "$(awk '{ n += $1 } END { print n }' <<<"$out")" = 12
	show "fairlead -s \$demo/eu-west.sock backends"
	check "four backends are up" test "$(grep -cw up <<<"$out")" -ge 4
}

scene_look() {
	scene 3 "What an operator sees" "The whole fleet on one screen, and why a client gets its answer."
	show "fairlead status"
	check "status shows the three regions" said "ap-south"
	show "fairlead explain $service --client $dublin"
	check "explain names the region and the rule" said "eu-west"
}

# back REGION: waits until clients near it are sent there again.
back() {
	local result
	result=$(until_answer "${client_of[$1]}" "$(front_of "$1")" 40)
	if [ -n "$result" ]; then
		check "$1 is back after $(took "${result%% *}") (two good checks, and hold_down $hold_down since it went)" true
	else
		check "$1 is back" false
	fi
}

scene_killed() {
	local pids=() name result killed
	scene 4 "A region dies" \
		"kill -9 of eu-west's regiond and of its four backends: nothing is left that could say goodbye." \
		"From then on a client in Dublin asks every 20 ms. What resolvers hold is theirs for its TTL, 5 s here."
	killed=$(names_of eu-west)
	for name in $killed; do
		pids+=("${pid_of[$name]}")
	done
	told "kill -9 ${pids[*]}"
	result=$(until_answer "$dublin" "!$(front_of eu-west)" 30 KILL "${pids[@]}")
	# shellcheck disable=SC2086
	forget $killed
	check_moved "the answers left eu-west" 3000 "$result"
	sleep 0.5
	show "dig @127.0.0.1 -p $dns_port $service +subnet=$dublin/24 +short"
	check "Dublin's clients are in us-east, the next nearest" said "^$(front_of us-east)$"
	check "Mumbai's never moved" answers "${client_of[ap-south]}" "$(front_of ap-south)"
	show "fairlead members $service"
	check "members shows it down" said "eu-west.*down"
	say "   ${dim}its processes are started again${plain}"
	start_region eu-west
	back eu-west
}

scene_says_down() {
	local pid=${pid_of[us-east]} result
	scene "4b" "A region says that it is going down" \
		"SIGTERM to us-east's regiond: it tells every dnsd before it stops, nobody has to find out."
	told "kill -TERM $pid"
	result=$(until_answer "${client_of[us-east]}" "!$(front_of us-east)" 30 TERM "$pid")
	check_moved "the answers left us-east" 300 "$result"
	check "it stopped by itself" gone "$pid"
	forget us-east
	start_regiond us-east
	back us-east
}

scene_by_hand() {
	scene 5 "An operator moves the service, and back" \
		"Each change is on disk before it is acknowledged, with who, when and why."
	show "fairlead failover $service --to us-east --reason 'storage work in Dublin' --dry-run"
	check "the dry run moved nothing" answers "$dublin" "$(front_of eu-west)"
	show "fairlead failover $service --to us-east --reason 'storage work in Dublin'"
	check "clients of eu-west are in us-east" answers "$dublin" "$(front_of us-east)"
	check "those of ap-south too" answers "${client_of[ap-south]}" "$(front_of us-east)"
	show "fairlead override list"
	check "the override is listed with its reason" said "storage work in Dublin"
	show "fairlead failback $service --reason 'storage work is done'"
	check "everyone is home: Dublin" answers "$dublin" "$(front_of eu-west)"
	check "everyone is home: Mumbai" answers "${client_of[ap-south]}" "$(front_of ap-south)"
	show "fairlead audit"
	check "the audit holds it, with the reason" said "failback.*done"
	show "fairlead audit --verify"
	check "and its chain of hashes is whole" test $? = 0
}

scene_restart() {
	local before result pid=${pid_of[ns1]}
	scene 6 "The name server dies, and forgets nothing" \
		"eu-west is drained by hand; then kill -9 of dnsd, and a new one on the same state."
	show "fairlead drain eu-west --reason 'power work'"
	check "it was acknowledged" test $? = 0
	before=$(answer_for "$dublin")
	say "   ${dim}the last answer before: $before${plain}"
	check "Dublin was moved to us-east" test "$before" = "$(front_of us-east)"
	told "kill -9 $pid"
	kill -KILL "$pid"
	gone "$pid"
	forget ns1
	told "fairlead-dnsd -c $dir/dnsd.yaml"
	start_dnsd
	result=$(until_answer "$dublin" '*' 30)
	check "the first answer, $(took "${result%% *}") after the start, is the last one before: ${result##* }" \
		test "${result##* }" = "$before"
	show "fairlead override list"
	check "the drain is still there" said "power work"
	show "fairlead undrain eu-west --reason 'power work is done'"
	result=$(until_answer "$dublin" "$(front_of eu-west)" 10)
	check "Dublin is home again" test -n "$result"
}

story_tell() {
	export demo=$dir
	url=http://$service:$web_port/
	scene_answers
	scene_http
	scene_look
	scene_killed
	scene_says_down
	scene_by_hand
	scene_restart
}

story_what_next() {
	scene 7 "It is yours now" "In another terminal:"
	cat <<-T
		     export demo=$dir PATH=$dir/bin:\$PATH
		     dig @127.0.0.1 -p $dns_port $service +subnet=YOUR.NET.WORK.0/24
		     fairlead status
		     fairlead dial eu-west 20% --reason 'try it'       # most of its clients go elsewhere
		     fairlead events --follow
		     kill ${pid_of[127.20.1.1]}                             # a backend of us-east; then:
		     fairlead -s \$demo/us-east.sock backends
		     curl -s http://127.0.0.1:$http_port/metrics
		     less $dir/dnsd.yaml                  # and edit it, then: fairlead config reload

	T
	[ -n "${FAIRLEAD_GEO:-}" ] || geo_credit
	say "" "${bold}Ctrl-C ends everything and removes $dir.${plain}"
}
