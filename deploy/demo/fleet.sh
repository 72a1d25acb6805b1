# SPDX-License-Identifier: Apache-2.0
# fleet.sh: the demo's processes: what each is told, its start, its end.
#
#   127.0.0.1     ns1        fairlead-dnsd, and the prober
#   127.N0.0.1    a region   fairlead-regiond, where its traffic arrives     (N: 1 eu-west, 2 us-east, 3 ap-south)
#   127.N0.1.1-2  zone a     two nginx backends
#   127.N0.2.1-2  zone b     two more
#
# Sourced by run. Everything a process writes is in $dir; every process is in $pid_of by its name.

zone=fairlead.test
service=www.$zone
regions=(eu-west us-east ap-south)
declare -A net_of=([eu-west]=127.10 [us-east]=127.20 [ap-south]=127.30)
declare -A at_of=([eu-west]="53.35, -6.26" [us-east]="39.04, -77.49" [ap-south]="19.08, 72.88")
declare -A country_of=([eu-west]=IE [us-east]=US [ap-south]=IN)

hold_down=5s # short, so that the story is

declare -A pid_of=()
dns_port="" web_port="" control_port="" http_port=""

ask() { python3 -I -S "$here/ask.py" "$@"; }
front_of() { echo "${net_of[$1]}.0.1"; }
backends_of() { printf "${net_of[$1]}.%s\n" 1.1 1.2 2.1 2.2; }

# ---- processes

# start NAME COMMAND...: in a session of its own, so that Ctrl-C reaches this script alone; it dies
# with this script, however that ends.
start() {
	local name=$1
	shift
	setsid setpriv --pdeathsig KILL -- "$@" </dev/null >>"$dir/log/$name.log" 2>&1 &
	pid_of[$name]=$!
	disown $!
}

is_alive() { kill -0 "${pid_of[$1]:-none}" 2>/dev/null; }

# gone PID...: waits up to 5 s until none is left.
gone() {
	local pid left i
	for ((i = 0; i < 100; i++)); do
		left=""
		for pid in "$@"; do
			! kill -0 "$pid" 2>/dev/null || left=yes
		done
		[ -n "$left" ] || return 0
		sleep 0.05
	done
	return 1
}

# Those of the names that are processes no more are forgotten, lest their numbers be used again.
forget() {
	local name
	for name in "$@"; do
		unset "pid_of[$name]"
	done
}

fleet_stop() {
	[ ${#pid_of[@]} = 0 ] && return
	kill -TERM "${pid_of[@]}" 2>/dev/null
	gone "${pid_of[@]}" || kill -KILL "${pid_of[@]}" 2>/dev/null
	gone "${pid_of[@]}"
	pid_of=()
}

# ---- where everybody listens

fleet_ports() {
	local name fronts=() all=(127.0.0.1)
	for name in "${regions[@]}"; do
		fronts+=("$(front_of "$name")")
		mapfile -t -O ${#fronts[@]} fronts < <(backends_of "$name")
	done
	all+=("${fronts[@]}")
	{
		dns_port=$(ask port 5354 127.0.0.1) && control_port=$(ask port 7353 127.0.0.1) &&
			http_port=$(ask port 9353 "${all[@]}") && web_port=$(ask port 8080 "${fronts[@]}")
	} || die "no free port was found on loopback"
	[ "$dns_port" = 5354 ] || say "port 5354 is taken: DNS is on 127.0.0.1:$dns_port"
	[ "$web_port" = 8080 ] || say "port 8080 is taken: the regions serve on $web_port"
}

# ---- configuration

write_certificates() {
	local name
	{
		fairlead cert init "$dir/tls" --fleet demo &&
			fairlead cert issue "$dir/tls" dnsd ns1 &&
			fairlead cert issue "$dir/tls" prober probe-1
		for name in "${regions[@]}"; do
			fairlead cert issue "$dir/tls" regiond "$name-1" --region "$name" || return
		done
	} >"$dir/log/cert.log" 2>&1
}

tls_lines() { # tls_lines NAME
	echo "tls: {certificate: $dir/tls/$1.crt, key: $dir/tls/$1.key, ca: $dir/tls/ca.crt}"
}

write_zone() {
	cat >"$dir/$zone.zone" <<-Z
		\$ORIGIN $zone.
		\$TTL 300
		@        SOA  ns1 hostmaster 1 3600 900 604800 60
		         NS   ns1
		ns1      A    127.0.0.1
		about    TXT  "static names stand beside the services"
	Z
}

write_dnsd() {
	local name
	{
		cat <<-C
			fleet: demo
			node: ns1
			listen:
			  dns: [127.0.0.1:$dns_port]
			  control: 127.0.0.1:$control_port
			  http: 127.0.0.1:$http_port
			  admin: $dir/dnsd.sock
			state: {path: $dir/dnsd.db}
			$(tls_lines ns1)
			geo: {databases: [$(printf '"%s", ' "${geo_files[@]}" | sed 's/, $//')]}
			zones: [{name: $zone, file: $dir/$zone.zone}]
			regions:
		C
		for name in "${regions[@]}"; do
			echo "  $name: {at: [${at_of[$name]}], country: ${country_of[$name]}}"
		done
		cat <<-C
			monitors:
			  healthz: {type: http, port: $web_port, path: /healthz, expect: {status: 200},
			            interval: 500ms, timeout: 300ms, rise: 2, fall: 2}
			pools:
			  web:
			    method: geo
			    monitor: healthz
			    members:
		C
		for name in "${regions[@]}"; do
			echo "      - {region: $name, addresses: [$(front_of "$name")]}"
		done
		cat <<-C
			services:
			  $service: {pool: web, ttl: 5s, answers: 1, hold_down: $hold_down}
		C
	} >"$dir/dnsd.yaml"
}

write_proberd() {
	cat >"$dir/proberd.yaml" <<-C
		fleet: demo
		node: probe-1
		at: [50.11, 8.68]
		directors: [127.0.0.1:$control_port]
		listen: {admin: $dir/proberd.sock}
		$(tls_lines probe-1)
	C
}

write_regiond() { # write_regiond REGION
	local address
	{
		cat <<-C
			fleet: demo
			region: $1
			node: $1-1
			directors: [127.0.0.1:$control_port]
			listen: {http: $(front_of "$1"):$http_port, admin: $dir/$1.sock}
			workers: 2
			$(tls_lines "$1-1")
			state: {path: $dir/$1.db}
			heartbeat: 500ms
			drain: 1s
			monitors:
			  live: {type: http, path: /healthz, expect: {status: 200},
			         interval: 500ms, timeout: 300ms, rise: 2, fall: 2}
			pools:
			  web:
			    local_az: a
			    monitors: [live]
			    backends:
		C
		for address in $(backends_of "$1"); do
			echo "      - {az: $(az_of "$address"), address: $address:$web_port, max: 4}"
		done
		cat <<-C
			services:
			  $service: {listen: [$(front_of "$1"):$web_port], protocol: tcp, routes: [{pool: web}]}
		C
	} >"$dir/$1.yaml"
}

az_of() { # az_of ADDRESS: 127.10.2.1 is in b
	case $1 in
	*.*.1.*) echo a ;;
	*) echo b ;;
	esac
}

# One process for each backend, so that one can be killed. /slow takes two seconds.
write_backend() { # write_backend REGION ADDRESS
	local at=$dir/nginx/$2 name
	name="$1, zone $(az_of "$2"), backend ${2##*.}"
	mkdir -p "$at"
	cat >"$at/nginx.conf" <<-C
		daemon off;
		master_process off;
		pid $at/nginx.pid;
		error_log stderr warn;
		events { worker_connections 256; }
		http {
			access_log off;
			default_type text/plain;
			client_body_temp_path $at/body;
			proxy_temp_path $at/proxy;
			fastcgi_temp_path $at/fastcgi;
			uwsgi_temp_path $at/uwsgi;
			scgi_temp_path $at/scgi;
			server {
				listen $2:$web_port;
				location = /healthz { return 200 "ok\n"; }
				add_header X-Backend "$name";
				location = /slow {
					limit_rate 64;
					return 200 "$(printf '%126s' '')\n";
				}
				location / { return 200 "$name\n"; }
			}
		}
	C
}

fleet_write() {
	local name address
	write_certificates || die "the certificates could not be made" "$(cat "$dir/log/cert.log")"
	write_zone
	write_dnsd
	write_proberd
	for name in "${regions[@]}"; do
		write_regiond "$name"
		for address in $(backends_of "$name"); do
			write_backend "$name" "$address"
		done
	done
}

# ---- start

start_dnsd() { start ns1 "$build/fairlead-dnsd" -c "$dir/dnsd.yaml" --foreground; }
start_regiond() { start "$1" "$build/fairlead-regiond" -c "$dir/$1.yaml" --foreground; }
start_backends() {
	local address
	for address in $(backends_of "$1"); do
		start "$address" nginx -e stderr -p "$dir/nginx/$address" -c "$dir/nginx/$address/nginx.conf"
	done
}
start_region() {
	start_backends "$1"
	start_regiond "$1"
}

# names_of REGION: its processes by name.
names_of() {
	echo "$1"
	backends_of "$1"
}

all_up() {
	[ "$(fairlead -o json regions 2>/dev/null | grep -c '"health": *"up"')" = ${#regions[@]} ]
}

fleet_start() {
	local name i
	start_dnsd
	for name in "${regions[@]}"; do
		start_region "$name"
	done
	start probe-1 "$build/fairlead-proberd" -c "$dir/proberd.yaml" --foreground
	for ((i = 0; i < 150; i++)); do
		! all_up || return 0
		for name in "${!pid_of[@]}"; do
			is_alive "$name" || die "$name did not start" "$(tail -n 10 "$dir/log/$name.log")"
		done
		sleep 0.2
	done
	die "the regions did not come up within 30 s" "$(fairlead status 2>&1)" "$(tail -n 5 "$dir"/log/*)"
}
