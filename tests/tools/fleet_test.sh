#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# One order over several live processes: wave by wave, stopped by the first bad sign, with a report that tells what is done and
# the very command that takes it back; emergency orders reach everybody, whoever hangs.
# shellcheck disable=SC2046 # $(json) is a word or none
if [ $# = 0 ]; then
	exec "${top_builddir:?}/libtool" --mode=execute sh "$0" "$top_builddir/tools/tenon" "$top_builddir/tests/hosts/host"
fi
tool=$1
program=$2
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
cd "$directory" || exit 99
plugins=$(cd "${top_builddir:?}" && pwd)/tests/plugins/.libs
mkdir runtime state
chmod 700 runtime state
export RUNTIME_DIRECTORY="$directory/runtime" STATE_DIRECTORY="$directory/state" TENON_BACKEND=scalar
# shellcheck source=tests/hosts/hosts.sh
. "$top_srcdir/tests/hosts/hosts.sh"

# shellcheck disable=SC2086 # EMULATOR is several words
tenon() { ${EMULATOR-} "$tool" "$@"; }

for i in 1 2 3 4; do
	start fleet on 0
	eval "p$i=$pid"
done
# In the order of the tool: by PID.
# shellcheck disable=SC2154,SC2046
set -- $(printf '%s\n' "$p1" "$p2" "$p3" "$p4" | sort -n)
p1=$1 p2=$2 p3=$3 p4=$4
serves() { # PID PATTERN
	tenon status "$1" > state.txt
	says state.txt "^  backend  *$2"
}

# By themselves.
run tenon status "$p1,$p3"
is "a list of PIDs names several" test "$(grep -c '^process' out)" = 2
run tenon status "$p1,,$p2"
is "a list with a hole exits 2" exits 2
run tenon status "$p1,99999999"
is "a list with a PID that is not there exits 4" exits 4
is "... and asks nobody" empty out
run tenon explain scalar --pid "$p1,$p2"
is "what is for one process takes no list" exits 2
run tenon swap --label fleet scalar --waves 50,40
is "waves that do not grow exit 2" exits 2
run tenon swap --label fleet scalar --settle 3
is "a time without a unit exits 2" exits 2
is "... and is named" says err "settle takes a time with its unit, as 500ms, 30s or 5m, not '3'"

# Three of four; the fourth is there already, so that nothing may take it back.
run tenon swap "$p2" "$plugins/twin.so"
run tenon swap --label fleet "$plugins/twin.so" $(json)
is "a swap of all" exits 0
is_json "one, then two, then the rest" "[p['wave'] for p in d['processes']] == [1, 2, 2, 3]"
is_json "nothing stopped it" "d['stopped'] is None and d['take_back'] is None and len(d['done']) == 4 and not d['not_done']"
run tenon rollback "$p1,$p3,$p4"
is "rollback of a list" test "$(grep -c 'rolled back; backend scalar' out)" = 3
run tenon swap "$p1,$p2,$p3,$p4" "$plugins/twin.so" --waves 75,100 --settle 300ms $(json)
is_json "waves by percentage" "[p['wave'] for p in d['processes']] == [1, 1, 1, 2]"
run tenon rollback "$p1,$p3,$p4"
run tenon swap --label fleet "$plugins/twin.so" --waves off $(json)
is_json "all at once" "[p['wave'] for p in d['processes']] == [1, 1, 1, 1]"
run tenon rollback "$p1,$p3,$p4"

# A refusal in the second wave: what the first processes did is known and can be taken back.
run tenon quarantine add "$p1" "$plugins/liar.so"
run tenon swap --label fleet "$plugins/liar.so"
is "a refusal stops at once" exits 3
is "... nobody else is asked" test "$(grep -c 'not asked, because an earlier process failed' out)" = 3
is "... and nothing has to be taken back" test "$(grep -c 'take back' out)" = 0
run tenon quarantine clear all

# A process that gives up on the way.
kill -STOP "$p3"
stopped() { ! cat /proc/"$p3"/task/*/status | grep '^State:' | grep -qv 'T (stopped)'; }
settled stopped
run tenon swap "$p1,$p2,$p3,$p4" "$plugins/twin.so" --timeout 1s
is "one that does not say how it is stops everything" exits 4
is "... before the first change" serves "$p1" scalar
is "... and is named" says out "^stopped: process $p3: no answer within"
started=$(date +%s)
run tenon rollback --all --to scalar --timeout 1s
is "an emergency rollback reaches all that answer" test "$(grep -c ': rolled back; backend scalar' out)" = 3
is "... tells who did not" says out "^process $p3: failed: no answer within 1 s"
is "... and exits 4" exits 4
is "... in little more than the time given" test $(($(date +%s) - started)) -le 8
kill -CONT "$p3"
settled tenon status "$p3" --timeout 1s

# What is done is watched: here somebody rolls the first one back while it settles.
: > watched
tenon swap --label fleet "$plugins/twin.so" --settle 20s > watched 2>&1 &
waiter=$!
is "while the first one settles" settled serves "$p1" twin
run tenon rollback "$p1"
wait $waiter
is "a rollback of what is done stops the rest" test $? = 1
is "... is named" says watched "^stopped: process $p1: it was rolled back: backend scalar serves"
is "... nobody else was asked" says watched "^not done: $p1,$p2,$p3,$p4$"
is "... and that one is back already" test "$(grep -c 'take back' watched)" = 0

# The same, of a process that ends; the others are done and can be taken back, with the printed command.
tenon swap "$p1,$p2,$p3,$p4" "$plugins/twin.so" --waves 75,100 --settle 20s > watched 2>&1 &
waiter=$!
is "while three settle" settled serves "$p3" twin
kill -9 "$p2"
wait $waiter
is "a process that ended stops the rest" test $? = 4
is "... is named" says watched "^stopped: process $p2: \(nobody listens\|the process hung up\)"
is "... what is done is told" says watched "^done: $p1,$p3$"
is "... and what takes it back" says watched "^to take back what is done: tenon rollback $p1,$p3$"
# shellcheck disable=SC2046 # words
run $(sed -n 's/^to take back what is done: //p' watched)
is "that command does it" test "$(grep -c 'rolled back; backend scalar' out)" = 2
is "... the last one never changed" serves "$p4" scalar

# A rollout that is taken back, and one that somebody interrupts.
start fleet on 1
p5=$pid
run tenon swap "$p5,$p1" "$plugins/liar.so" --canary 50,100 --hold 30s --shadow 1/1 $(json)
is "a rollout that is taken back stops the rest" exits 1
is_json "... says why" "'rolled back: inner_product' in d['stopped'] and d['done'] == [] and d['take_back'] is None"
run tenon quarantine clear all
# shellcheck disable=SC2086
${EMULATOR-} "$tool" swap "$p1,$p3" "$plugins/twin.so" --canary 50,100 --hold 60s > watched 2>&1 &
waiter=$!
is "while a rollout holds" settled sh -c "${EMULATOR-} '$tool' status $p1 | grep '^  rollout *canary'"
kill -TERM $waiter
wait $waiter
is "an interrupted command exits 4" test $? = 4
is "... says that the rollout goes on" says watched 'not over as this command is interrupted: canary, 50 % of the calls; it goes on'
is "... and what takes it back" says watched "^to take back what is done: tenon rollback $p1$"
run tenon promote --label fleet
is "promote takes those that have a rollout" says out "^process $p1 (.*): promoted"
is "... and leaves the others alone" test "$(grep -c ': no rollout is under way' out)" = 3
is "... which is no failure" exits 0
run tenon unpin --label fleet
is "unpin of all" test "$(grep -c ': unpinned' out)" = 4
run tenon pause --label fleet
is "pause asks each, whatever the others answer" test "$(grep -c 'failed: pause: .*no rollout' out)" = 4
finish
