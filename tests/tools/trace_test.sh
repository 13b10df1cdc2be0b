#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# tenon trace against a live host: the document, what must be in it, and that the host is as before when it is over, however
# that came about.
if [ $# = 0 ]; then
	exec "${top_builddir:?}/libtool" --mode=execute sh "$0" "$top_builddir/tools/tenon" "$top_builddir/tests/hosts/host"
fi
tool=$1
program=$2
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
cd "$directory" || exit 99
plugins=$(cd "${top_builddir:?}" && pwd)/tests/plugins/.libs
mkdir -m 700 runtime state
export RUNTIME_DIRECTORY="$directory/runtime" STATE_DIRECTORY="$directory/state"
# shellcheck source=tests/hosts/hosts.sh
. "$top_srcdir/tests/hosts/hosts.sh"
# shellcheck disable=SC2086 # EMULATOR is several words
tenon() { ${EMULATOR-} "$tool" "$@"; }

# in_trace NAME EXPRESSION: a Python expression over d, the document in trace.json, and e, its events.
in_trace() {
	if ! command -v python3 > /dev/null; then skip "$1" "no python3"; return; fi
	is "$1" python3 -c 'import json, sys; d = json.load(open("trace.json")); e = d["traceEvents"]
sys.exit(not eval("(" + sys.argv[1] + ")"))' "$2"
}
told() { settled sh -c "${EMULATOR-} '$tool' history $1 | grep -q -e '$2'"; } # PID PATTERN
no_thread() { ! cat "/proc/$1"/task/*/comm | grep -q tenon-trace; }

start one on 2
one=$pid
tenon swap "$one" scalar > /dev/null
# Not by the function: the signals below are for the tracer, not for a shell around it.
# shellcheck disable=SC2086
${EMULATOR-} "$tool" trace "$one" --seconds 60 --output trace.json 2> trace.err &
tracer=$!
is "a trace begins" told "$one" 'trace 1 began'
run tenon trace "$one" --seconds 1
is "a second one is refused" exits 3
is "... with the reason" says err 'this process is traced already'
run tenon swap "$one" "$plugins/twin.so"
is "a swap goes on" exits 0
sleep 0.3
run tenon rollback "$one"
is "so does a rollback" exits 0
sleep 0.3
run tenon swap "$one" "$plugins/twin.so" --canary 40,100 --hold 200ms --wait
is "... and a rollout" exits 0
sleep 0.2
kill -TERM $tracer
wait $tracer
is "an interrupted trace is written" test $? = 0
if command -v python3 > /dev/null; then
	is "it obeys the rules of Trace Event documents" python3 "$top_srcdir/tests/tools/trace_rules.py" trace.json
	sed 's/"ph":"E"/"ph":"B","name":"x"/' trace.json > spoilt.json
	run python3 "$top_srcdir/tests/tools/trace_rules.py" spoilt.json
	is "... which find spans that do not end" says out 'never end'
	sed 's/"ts":[1-9]/"ts":-1/' trace.json > spoilt.json
	run python3 "$top_srcdir/tests/tools/trace_rules.py" spoilt.json
	is "... and times that fall" says out 'comes after'
else
	skip "it obeys the rules of Trace Event documents" "no python3"
fi
in_trace "the swap is in it" '[x["name"] for x in e if x.get("cat") == "swap"][0] == "swap: twin serves"'
in_trace "... and the rollback behind it" '[x["name"].split(":")[0] for x in e if x.get("cat") in ("swap", "rollback")][:2] == ["swap", "rollback"]'
in_trace "... and as what served" '[x["name"] for x in e if x["ph"] == "B" and x["tid"] == 1000000001][:3] == ["scalar", "twin", "scalar"]'
in_trace "... the steps of the rollout" 'any("40 % of the calls" in x["name"] for x in e if x["ph"] == "B" and x["tid"] == 1000000002) and
	{40, 100} & {x["args"]["percent"] for x in e if x["ph"] == "C" and x["name"] == "rollout"}'
in_trace "... and what the log said of it" 'any(x.get("cat") == "event" and "promoted: all steps held" in x["name"] for x in e)'
in_trace "two threads have calls" 'len({x["tid"] for x in e if x["ph"] == "X"}) == 2'
in_trace "... of the kernel, by both backends" '{(x["name"], x["args"]["backend"]) for x in e if x["ph"] == "X"} ==
	{("inner_product", "scalar"), ("inner_product", "twin")}'
# A millisecond for the error of the clock that calls are timed with.
in_trace "... by the other one not before the swap" 'min(x["ts"] for x in e if x["ph"] == "X" and x["args"]["backend"] == "twin") >
	[x["ts"] for x in e if x.get("cat") == "swap"][0] - 1000'
in_trace "... and calls a second" 'len({x["name"] for x in e if x["ph"] == "C" and x["name"].startswith("calls per second") and
	x["args"].get("inner_product", 0) > 100}) == 2'
in_trace "arenas are in it" 'any(x["ph"] == "C" and x["name"].startswith("arena bytes") and x["args"]["high_water"] >= x["args"]["used"] for x in e)'
in_trace "what was lost is counted" 'd["otherData"]["dropped"] >= 0 and d["otherData"]["sampled_calls"] == sum(x["ph"] == "X" for x in e)'
is "the host is as before" settled no_thread "$one"

# A tracer that dies, and a process that does.
${EMULATOR-} "$tool" trace "$one" --seconds 60 > /dev/null 2>&1 &
tracer=$!
is "another trace begins" told "$one" 'trace 2 began'
kill -KILL $tracer
wait $tracer 2> /dev/null
is "when the tracer is killed the process finds out" told "$one" 'trace 2 ended: its tracer says nothing any more'
is "... and is as before" settled no_thread "$one"
${EMULATOR-} "$tool" trace "$one" --seconds 60 --output cut.json 2> cut.err &
tracer=$!
is "a third one begins" told "$one" 'trace 3 began'
sleep 0.3
is "closing ends a trace, and every answer was right" stop one "$one"
wait $tracer
is "... the tracer exits 4" test $? = 4
is "... and says so" says cut.err '^tenon trace: cut short: '
is "... with what it had" says cut.json '"traceEvents"'

# Rollouts that are not counted.
start two on 1
two=$pid
tenon swap "$two" scalar > /dev/null
tenon swap "$two" "$plugins/twin.so" --canary 50,100 --hold 60s > /dev/null
run tenon trace "$two" --seconds 1
is "a rollout under way is not disturbed" exits 3
is "... and the remedy is named" says err 'a rollout is under way, .*\[metrics\] calls = on'
tenon promote "$two" > /dev/null
run tenon trace "$two" --seconds 1 --output trace.json
is "afterwards it can be traced" exits 0
in_trace "... for its time" '0.9 < d["otherData"]["seconds"] < 30'
is "... and what serves did not change" settled sh -c "${EMULATOR-} '$tool' status $two | grep -q '^  backend  *twin, '"
run tenon rollback "$two"
is "... nor what a rollback brings back" says out 'backend scalar'
is "all answers were right" stop two "$two"

run tenon trace 99999999 --seconds 1
is "no process exits 4" exits 4
run tenon trace
is "no PID exits 2" exits 2
run tenon trace "$two" --seconds 0
is "no time exits 2" exits 2
finish
