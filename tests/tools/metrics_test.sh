#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# tenon metrics: the text over the control socket and over HTTP, and whether its counts are those of a live host that is
# swapped, rolled back and reloaded under load.
if [ $# = 0 ]; then
	exec "${top_builddir:?}/libtool" --mode=execute sh "$0" "$top_builddir/tools/tenon" "$top_builddir/tests/hosts/host"
fi
tool=$1
program=$2
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
cd "$directory" || exit 99
mkdir runtime state
chmod 700 runtime state
export RUNTIME_DIRECTORY="$directory/runtime" STATE_DIRECTORY="$directory/state" TENON_BACKEND=scalar
# shellcheck source=tests/hosts/hosts.sh
. "$top_srcdir/tests/hosts/hosts.sh"
module=${TENON_HTTP_MODULE-}

# shellcheck disable=SC2086 # EMULATOR is several words
tenon() { ${EMULATOR-} "$tool" "$@"; }
total() { awk '/^tenon_calls_total\{/ { sum += $NF } END { printf "%d\n", sum }' out; }
# Each family has its HELP and TYPE, once, and only samples of its own.
is_well_formed() {
	awk '/^# HELP/ { if (seen[$3]++) exit 1; name = $3; next }
		/^# TYPE/ { if ($3 != name) exit 1; next }
		{ if (index($1, name) != 1 || $NF !~ /^[0-9.]+$/) exit 1 }
		END { if (NR < 60) exit 1 }' "$1"
}
backend=$(tenon list | awk '$2 == "usable" && $1 != "scalar" { print $1; exit }')
# What there is to swap with: a backend for this machine, or else a plugin of the tests.
offer=${backend:-$(cd "${top_builddir:?}" && pwd)/tests/plugins/.libs/twin.so}
backend=${backend:-twin}

# ---- Off --------------------------------------------------------------------------------------------------------------
start off on 1
run tenon metrics "$pid"
is "metrics of a process that counts nothing" exits 0
is "... are well-formed" is_well_formed out
is "... say so" says out '^tenon_calls_counted 0$'
is "... and have no calls" sh -c '! grep -q "^tenon_calls_total{" out'
is "... nor a thread more than the control socket's" sh -c "! cat /proc/$pid/task/*/comm | grep -q tenon-http"
is "... and name the process's label" says out '^tenon_process_info{label="off"} 1$'
is "every metric of the document is there, with its type and meaning, and no other" sh -c "
	awk '/^# HELP/ { name = \$3; \$1 = \$2 = \$3 = \"\"; help = substr(\$0, 4) } /^# TYPE/ { print name \"|\" \$4 \"|\" help }' out > have
	awk -F ' [|] ' '/^[|] .tenon_/ { gsub(/[|\`]/, \"\", \$1); gsub(/ /, \"\", \$1); sub(/ [|]\$/, \"\", \$4); print \$1 \"|\" \$2 \"|\" \$4 }' \
		'$top_srcdir/docs/METRICS.md' > want
	cmp have want"
is "the host went on well" stop off "$pid"

# ---- Exact ------------------------------------------------------------------------------------------------------------
start exact on 3 '[metrics]\ncalls = on\n'
tenon metrics "$pid" > first
last=0 fallen=0
for turn in 1 2 3 4 5 6; do
	tenon swap "$pid" "$offer" > /dev/null
	tenon swap "$pid" scalar --canary 50,100 --hold 20ms > /dev/null
	run tenon metrics "$pid"
	[ "$(total)" -ge "$last" ] || fallen=$((fallen + 1))
	last=$(total)
	tenon swap "$pid" "$offer" --cold > /dev/null
	if [ $((turn % 2)) = 0 ]; then tenon rollback "$pid" > /dev/null; else tenon rollback "$pid" --to scalar > /dev/null; fi
	run tenon metrics "$pid"
	[ "$(total)" -ge "$last" ] || fallen=$((fallen + 1))
	last=$(total)
done
is "counts never fall, whatever is swapped and rolled back" test $fallen = 0
# The host pauses.
kill -WINCH "$pid"
has exact.out '^paused calls'
run tenon metrics "$pid"
is "all calls, and no more, are counted: $(sed -n 's/^paused calls //p' exact.out)" \
	test "$(total)" = "$(sed -n 's/^paused calls //p' exact.out)"
is "... some of them by $backend" says out "^tenon_calls_total{kernel=\"inner_product\",backend=\"$backend\"} [1-9]"
is "... swaps are counted" sh -c "awk '/^tenon_swaps_total/ { exit !(\$2 >= 12) }' out"
is "... and rollbacks, by their reason" says out '^tenon_rollbacks_total{reason="manual"} 6$'
is "durations are sampled" sh -c "awk '/^tenon_call_duration_seconds_count/ { n += \$NF } END { exit !(n > 0) }' out"
is "... the last bucket is the count" sh -c "
	awk '/_bucket.*le=\"\\+Inf\"/ { last += \$NF } /duration_seconds_count/ { count += \$NF } END { exit !(last == count) }' out"
is "... and buckets do not fall" sh -c "
	awk '/_bucket/ { if (\$NF < before) exit 1; before = /Inf/ ? 0 : \$NF }' out"
run tenon metrics "$pid" --json
is_json "--json has samples with labels and values" \
	'[s for s in d["samples"] if s["name"] == "tenon_calls_total" and s["labels"]["kernel"] == "inner_product" and s["value"] > 0]'
exact=$pid

# ---- Several ----------------------------------------------------------------------------------------------------------
start other on 1 '[metrics]\ncalls = on\n'
run tenon metrics --all
is "those of several processes are one text" is_well_formed out
is "... in which samples say whose they are" says out "^tenon_process_info{pid=\"$exact\",label=\"exact\"} 1\$"
is "... each of them" says out "^tenon_generation{pid=\"$pid\"} "
run tenon metrics 999999999
is "a process that is not there exits 4" exits 4

# ---- Reload -----------------------------------------------------------------------------------------------------------
printf '[runtime]\nlabel = other\n[control]\nsocket = on\n[metrics]\ncalls = off\n' > other.ini
tenon config reload "$pid" > /dev/null
run tenon metrics "$pid"
is "counting ends with a reload" says out '^tenon_calls_counted 0$'
before=$(total)
sleep 0.2
run tenon metrics "$pid"
is "... and counts stay where they were" test "$(total)" -le $((before + 1))
printf '[runtime]\nlabel = other\n[control]\nsocket = on\n[metrics]\ncalls = on\n' > other.ini
tenon config reload "$pid" > /dev/null
grows() { run tenon metrics "$pid" && [ "$(total)" -gt "$before" ]; }
is "... and begins with another" settled grows
printf '[metrics]\nhttp = nonsense\n' > other.ini
tenon config reload "$pid" > /dev/null 2>&1
run tenon metrics "$pid"
is "a reload that fails is seen" says out '^tenon_config_last_reload_successful 0$'
is "the host went on well" stop other "$pid"

# ---- HTTP -------------------------------------------------------------------------------------------------------------
if ! [ -e "$module" ] || ! command -v curl > /dev/null; then
	skip "metrics over HTTP" "needs curl, and a build with libmicrohttpd"
	finish
	exit
fi
if command -v python3 > /dev/null && ! python3 -c 'import socket
server = socket.create_server(("127.0.0.1", 0))
socket.create_connection(server.getsockname(), 5)' 2> no-loopback; then
	skip "metrics over HTTP" "no loopback here: $(tail -n 1 no-loopback)"
	finish
	exit
fi
start web on 1 '[metrics]\nhttp = 0\n'
has web.err 'log 2 metrics: http://127.0.0.1:'
url=$(sed -n 's|.*metrics: \(http://.*\)/metrics.*|\1|p' web.err)
fetch() { curl -s -S -m 10 -o page -D head "$@"; }
is "/metrics is served" fetch "$url/metrics"
is "... as Prometheus wants it" grep -qi '^content-type: text/plain; version=0.0.4' head
is "... and well-formed" is_well_formed page
is "... with calls, since auto counts where HTTP is on" grep -q '^tenon_calls_counted 1$' page
is "/health is served" fetch -f "$url/health"
is "... by a kernel call" grep -q '^ok: ' page
is "/status is served" fetch -f "$url/status"
is "... as key=value" grep -q '^backend=scalar$' page
fetch "$url/else"
is "what is not there is 404" grep -q '^HTTP/1.1 404' head
fetch -d x=y "$url/metrics"
is "POST is refused" grep -q '^HTTP/1.1 405' head
fetch -I "$url/metrics"
is "HEAD is answered" grep -q '^HTTP/1.1 200' head
is "its thread blocks all signals" sh -c "
	for task in /proc/$pid/task/*; do
		grep -qx tenon-http \$task/comm || continue
		grep -q '^SigBlk:.*ffffff[0-9a-f]*\$' \$task/status && exit 0
	done
	exit 1"
web=$pid
start second on 1 "[metrics]\\nhttp = ${url##*:}\\n"
run tenon status "$pid" --json
is_json "a port that is taken degrades, says which, and fails nothing" \
	'd["degraded"] and "cannot serve there" in json.dumps(d)'
is "... and calls go on" stop second "$pid"
printf '[runtime]\nlabel = web\n[control]\nsocket = on\n[metrics]\nhttp = off\n' > web.ini
tenon config reload "$web" > /dev/null
is "a reload closes the port" sh -c "! curl -s -m 5 $url/metrics"
printf '[runtime]\nlabel = web\n[control]\nsocket = on\n[metrics]\nhttp = 0\n' > web.ini
tenon config reload "$web" > /dev/null
url=$(sed -n 's|.*metrics: \(http://.*\)/metrics.*|\1|p' web.err | tail -n 1)
is "... and another opens one" fetch -f "$url/health"
is "the host went on well" stop web "$web"
TENON_HTTP_MODULE=$directory/none.so
export TENON_HTTP_MODULE
start bare on 1 '[metrics]\nhttp = 0\n'
run tenon metrics "$pid"
is "without the module it degrades, and says so" says out '^tenon_degraded{reason="\[metrics\] http: the HTTP module cannot be loaded'
is "... and calls go on" stop bare "$pid"
finish
