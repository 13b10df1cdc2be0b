# shellcheck shell=sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A real Prometheus, with the rules and the configuration of examples/prometheus, scrapes two live soaks: one whose counts
# must be found again to the last, and one with rollouts and turncoats, of which the alerts must tell and the dashboard must
# have something to show. Sourced by check-monitoring.sh.
# shellcheck disable=SC2154
built=$(cd "$top_builddir" && pwd)

free_ports() { # N
	python3 -c 'import socket, sys
s = [socket.socket() for _ in range(int(sys.argv[1]))]
for i in s: i.bind(("127.0.0.1", 0))
print(*[i.getsockname()[1] for i in s])' "$1"
}

# start_soak NAME PORT OPTION...: its result will be in NAME.json, its exit code in NAME.code.
start_soak() {
	name=$1
	port=$2
	shift 2
	{
		"$tool" soak --json --metrics "127.0.0.1:$port" --linger 8 "$@" > "$name.json" 2> "$name.err"
		echo $? > "$name.code"
	} &
}

start_prometheus() { # PORT TARGET...
	url=http://127.0.0.1:$1
	shift
	targets=
	for target in "$@"; do targets="$targets, '127.0.0.1:$target'"; done
	sed -e 's/_interval: 15s/_interval: 1s/' -e "s|- targets:|- targets: [${targets#, }]|" -e '/- 127.0.0.1:9464/d' \
		-e "s|tenon.rules.yml|$examples/prometheus/tenon.rules.yml|" "$examples/prometheus/prometheus.yml" > prometheus.yml
	prometheus --config.file=prometheus.yml --storage.tsdb.path="$directory/data" --web.listen-address="${url#http://}" \
		--log.level=warn > prometheus.out 2>&1 &
	hosts="$hosts $!"
	for _ in 1 2 3 4 5 6; do
		if settled curl -fsS "$url/-/ready"; then return 0; fi
	done
	return 1
}

# figure QUERY: its one value, rounded.
figure() {
	curl -fsS -G "$url/api/v1/query" --data-urlencode "query=round($1)" |
		python3 -c 'import json, sys
r = json.load(sys.stdin)["data"]["result"]
print(r[0]["value"][1] if len(r) == 1 else f"{len(r)} series")'
}

counted() { python3 -c 'import json, sys; d = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$1.json" "$2"; }

# agrees NAME EXPRESSION QUERY: what Prometheus has is what the soak counted.
agrees() {
	want=$(counted "$1" "$2")
	got=$(figure "$3")
	is "$1: Prometheus counts $2: $want" test "$got" = "$want"
	if [ "$got" != "$want" ]; then echo "# Prometheus: $got"; fi
}

has_all() { # KEY QUERY
	want=$(counted troubled "d['$1']")
	is "troubled: Prometheus counts at least $1: $want" test "$want" -gt 0 -a "$(figure "$2")" -ge "$want"
}

ended() { # NAME: within two minutes
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do
		if settled test -s "$1.code"; then return 0; fi
	done
	return 1
}

# The last of a target that is gone.
last() { echo "sum(last_over_time($1{instance=\"127.0.0.1:$2\"${3-}}[10m]))"; }

compare_counts() { # PORT OF PLAIN, OF TROUBLED
	agrees plain "d['swaps']" "$(last tenon_swaps_total "$1")"
	agrees plain "d['rollbacks']" "$(last tenon_rollbacks_total "$1" ',reason="manual"')"
	agrees plain "d['calls']" "$(last tenon_calls_total "$1")"
	# What happened to a rollout while somebody else ended it the soak does not count.
	has_all divergences_caught "$(last tenon_divergences_total "$2")"
	has_all faults_caught "$(last tenon_faults_total "$2")"
}

# tells ALERT: it fires, and its text has no gap.
tells() {
	settled sh -c "curl -fsS '$url/api/v1/alerts' > alerts.json && python3 -c '
import json, sys
a = [a for a in json.load(open(\"alerts.json\"))[\"data\"][\"alerts\"] if a[\"labels\"][\"alertname\"] == sys.argv[1]]
text = \" \".join(v for i in a for v in i[\"annotations\"].values())
sys.exit(not (a and \"no value\" not in text and \"error\" not in text and \"127.0.0.1\" in text))' $1"
}

check_live() {
	none='--forks-per-second 0 --signals-per-second 0 --faults-per-second 0 --reloads-per-second 0 --canaries-per-second 0'
	# shellcheck disable=SC2046
	set -- $(free_ports 3)
	is 'Prometheus starts with the rules' start_prometheus "$1" "$2" "$3"
	# Cold, because a swap to what serves already would be none.
	# shellcheck disable=SC2086
	start_soak plain "$2" --cold --seconds 12 --threads 4 --swaps-per-second 50 $none
	start_soak troubled "$3" --seconds 30 --threads 4 --swaps-per-second 50 --canaries-per-second 10 \
		--reloads-per-second 1 --turncoats "$built/tests/plugins/turncoats/.libs"
	is 'it scrapes both soaks' settled sh -c "curl -fsS '$url/api/v1/query?query=sum(up)' | grep -q '\"2\"\\]'"
	ended plain
	curl -fsS "http://127.0.0.1:$3/metrics" > exposed
	run promtool check metrics < exposed
	is 'promtool finds no fault in what a soak exposes' exits 0
	for alert in TenonDivergence TenonFault TenonRollback; do is "$alert fires" tells $alert; done
	python3 "$monitoring/dashboard.py" "$url" "$examples/grafana/tenon.json" "$top_srcdir/runtime/metrics.def" > dashboard.tap 2> err
	is 'the dashboard asks its queries' empty err
	relay dashboard.tap 'dashboard: '
	ended troubled
	is 'both soaks found nothing' test "$(cat plain.code troubled.code | tr -d '\n')" = 00
	compare_counts "$2" "$3"
}

if ! lacks_http 'Prometheus' && ! lacks 'Prometheus' prometheus prometheus && ! lacks 'Prometheus' curl curl; then
	export TENON_BACKEND_PATH="$built/backends/.libs" STATE_DIRECTORY=
	check_live
fi
