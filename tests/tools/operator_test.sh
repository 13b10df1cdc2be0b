#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The operator path against real hosts under load: ps, status, swap, rollback, unpin, and what they say when they cannot.
#
# Orders go to --all here, so these tests live in a $RUNTIME_DIRECTORY of their own, which is all that the tool then sees,
# and stop at once should it ever see a process that they did not start.
if [ $# = 0 ]; then
	# libtool replaces its wrappers by the programs and sets the library path, once for all.
	exec "${top_builddir:?}/libtool" --mode=execute sh "$0" "$top_builddir/tools/tenon" "$top_builddir/tests/hosts/host"
fi
tool=$1
program=$2
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
cd "$directory" || exit 99
plugins=${top_builddir:?}/backends/.libs
mkdir runtime elsewhere
chmod 700 runtime
export RUNTIME_DIRECTORY="$directory/runtime" TENON_BACKEND_PATH="$plugins" TENON_BACKEND=scalar
# shellcheck disable=SC2086 # EMULATOR is several words
tenon() { ${EMULATOR-} "$tool" "$@"; }

# shellcheck source=tests/hosts/hosts.sh
. "${top_srcdir:?}/tests/hosts/hosts.sh"

json() { python3 -c 'import json, sys; d = json.load(open("out")); sys.exit(not eval("(" + sys.argv[1] + ")"))' "$1"; }

run tenon ps
is "ps without processes succeeds" exits 0
is "... and prints the heading alone" test "$(wc -l < out)" = 1

start one on 2
one=$pid
start two on 0
two=$pid
start off off 0
off=$pid
start path "$directory/elsewhere/named.sock" 0

run tenon ps
is "ps lists a process" says out "^ *$one  .*  one  .*scalar"
is "... and another" says out "^ *$two  .*  two  "
is "... but none without a socket" test "$(grep -c " $off " out)" = 0
is "sockets are private" test "$(stat -c %a "runtime/tenon-$one.sock")" = 600
tenon ps > seen
if awk -v ours="$hosts" 'NR > 1 && index(ours " ", " " $1 " ") == 0 { found = 1 } END { exit !found }' seen; then
	echo "Bail out! the tool sees a process that this test did not start"
	exit 1
fi

run tenon status "$one"
is "status succeeds" exits 0
is "... names the process" says out "^process $one (.*), label one, Tenon"
is "... the backend" says out '^  backend  *scalar, generation'
is "... every kernel" test "$(grep -c '^  kernel' out)" = "$(grep -c '^TENON_KERNEL' "$top_srcdir/include/tenon/kernels.def")"
backend=$(sed -n 's/^  available  *\([^ ]*\)  *usable.*/\1/p' out | tail -n 1)

if [ "$backend" ]; then
	run tenon swap "$one" "$backend"
	is "swap succeeds" exits 0
	is "... and says what serves now" says out "^process $one (.*): swapped; backend $backend, generation [1-9][0-9]*, pinned"
	is "calls in flight are served by it" has one.out "^serving $backend generation"
	run tenon status "$one"
	is "status shows it" says out "^  backend  *$backend, .*pinned"
	is "... as active" says out "^  available  *$backend  *active"
	run tenon swap "$one" "$backend"
	is "repeating a finished swap succeeds" exits 0
	is "... and says that nothing changed" says out ': unchanged; backend'
	run tenon swap "$one" "$backend" --cold
	is "... but not with --cold" says out ': swapped; backend'
	run tenon rollback "$one" --to scalar
	is "rollback --to scalar succeeds" exits 0
	is "... and says so" says out "^process $one (.*): rolled back; backend scalar"
	is "calls in flight are served by scalar again" settled sh -c "tail -n 1 one.out | grep '^serving scalar '"
	run tenon swap --label one "$backend"
	is "swap --label finds the process" says out "^process $one (.*): swapped; backend $backend"
	is "... and no other" test "$(wc -l < out)" = 1
	run tenon swap --all "$backend"
	is "swap --all reaches every process" test "$(grep -c "; backend $backend," out)" = 2
	run tenon rollback --all
	is "so does rollback --all" test "$(grep -c ': rolled back; backend' out)" = 2
else
	skip "swap by name" "this CPU runs no backend but scalar"
fi

# By file: the reference as a plugin runs on every CPU. The path is relative to us, not to the host.
cp "$plugins/scalar.so" ./mine.so
run tenon swap "$two" ./mine.so
is "swap takes a file" exits 0
is "... relative to the caller" says two.err "swapped to $directory/mine.so"
run tenon swap "$two" ./absent.so
is "an absent file exits 3" exits 3
is "... and is named" says err '^tenon swap: ./absent.so: No such file'
echo hello > broken.so
run tenon swap "$two" ./broken.so
is "a file that is no backend exits 3" exits 3
is "... and says what it is" says err "^tenon swap: process $two: .*broken.so"
run tenon swap "$two" nosuch
is "an unknown backend exits 3" exits 3
is "... and lists those that there are" says err "there is no backend 'nosuch'; there are .*scalar"
run tenon status "$two"
is "after failures the backend stays" says out '^  backend  *scalar, .*pinned'

run tenon swap --all nosuch
is "swap --all stops at the first failure" exits 3
is "... tells which failed" test "$(grep -c 'failed: there is no backend' out)" = 1
is "... and which was not asked" test "$(grep -c 'not asked, because an earlier process failed' out)" = 1
run tenon unpin "$one"
is "unpin succeeds" exits 0
is "... and says so" says out "^process $one (.*): unpinned; backend [^,]*, generation [0-9]*$"

# shellcheck disable=SC2086
run env -u RUNTIME_DIRECTORY ${EMULATOR-} "$tool" status "$one"
is "a PID is found wherever its socket is" exits 0
run tenon status "$directory/elsewhere/named.sock"
is "a configured path designates its process" says out 'label path'
run tenon status "$off"
is "a process without a socket exits 4" exits 4
is "... and the message has the remedy" says err "process $off has no control socket: set .\[control\] socket = on. in"
run tenon status 99999999
is "no process exits 4" exits 4
is "... and says so" says err 'there is no process 99999999'
run tenon rollback --label nobody
is "a label that nobody has exits 4" exits 4
run tenon status ten
is "a word that is no PID exits 2" exits 2
run tenon swap "$one"
is "a missing backend exits 2" exits 2
run tenon rollback "$one" --to avx2
is "rollback to a backend exits 2" exits 2
is "... and says what to do" says err 'any other backend is a swap'
run tenon unpin "$one" --timeout 5
is "a timeout without a unit exits 2" exits 2

# A stopped process accepts connections (the kernel does) and never answers.
kill -STOP "$two"
runs() { cat /proc/"$two"/task/*/status | grep '^State:' | grep -qv '^State:.*T (stopped)'; }
for _ in $(seq 500); do runs || break; sleep 0.01; done # on a busy machine its threads stop one by one
run tenon status "$two" --timeout 200ms
is "no answer exits 4" exits 4
is "... after the time given" says err "process $two: no answer within 0.2 s"
is "... and a question changes nothing" test -z "$(grep 'take effect' err)"
run tenon pause "$two" --timeout 200ms
is "... but an order may still take effect" grep -q 'the order may still take effect: look with tenon status' out err
kill -CONT "$two"
settled tenon status "$two" --timeout 1s
is "... and is over when the process goes on" tenon status "$two" --timeout 5s --output /dev/null

# A reader that does not leave its kernel: nothing can be unloaded, and everything else goes on.
run tenon swap "$two" "$top_builddir/tests/plugins/.libs/hooked.so"
is "a backend to stall in" exits 0
kill -USR1 "$two"
is "a thread stays in a kernel" has two.out '^stalled'
stalled=$(sed -n 's/^stalled //p' two.out)
run tenon swap "$two" scalar --cold
is "swap does not wait for it" exits 0
run tenon swap "$two" ./mine.so # now no rollback can lead to the hooked one
is "... and neither does the next one" exits 0
is "status says that readers are waited for, and which" settled sh -c \
	"${EMULATOR-} '$tool' status $two | grep '^  waiting  *for readers since [0-9]* ms, thread $stalled$'"
run tenon status "$two"
is "... and what cannot be unloaded" says out '^  images .* 1 waiting for readers, 0 unloaded'
run tenon rollback "$two"
is "rollback does not wait for it" exits 0
is "... and takes effect" says out 'rolled back; backend scalar, generation'
kill -USR2 "$two"
is "the backend is unloaded when it has left" settled sh -c \
	"${EMULATOR-} '$tool' status $two | grep ' 0 waiting for readers, 1 unloaded'"

if ! built_with HAVE_JANSSON; then
	skip "JSON" "built without jansson"
elif ! command -v python3 > /dev/null; then
	skip "JSON" "no python3 to read it"
else
	run tenon ps --json
	is "ps --json" json "d['schema'] == 'tenon.ps/1' and sorted(p['pid'] for p in d['processes']) == sorted([$one, $two])"
	run tenon status "$one" --json
	is "status --json has the keys of list" json "all(b['name'] and b['state'] and 'reason' in b and 'isa' in b and
		'version' in b and 'path' in b and type(b['kernels']) is list for b in d['backends'])"
	is "... and its own" json "d['pid'] == $one and type(d['generation']) is int and d['degraded'] is False and
		d['pinned'] is False and d['rollout'] is None and d['arena']['resets'] >= 0"
	is "... and the grace period's" json "set(d['grace_period']) >= {'age_ms', 'blocker_tid', 'unload_disabled', 'reason'}"
	is "... with every kernel once" json "len([k for b in d['backends'] for k in b['kernels']]) ==
		$(grep -c '^TENON_KERNEL' "$top_srcdir/include/tenon/kernels.def")"
	run tenon status --all --json
	is "status --all --json" json "sorted(p['pid'] for p in d['processes']) == sorted([$one, $two])"
	run tenon swap "$one" nosuch --json
	is "a refusal is an object" json "d['schema'] == 'tenon.error/1' and d['error']['code'] == 3 and
		'nosuch' in d['error']['message']"
	run tenon rollback "$one" --json
	is "rollback --json" json "d['processes'][0]['pid'] == $one and d['processes'][0]['outcome'] == 'rolled back' and
		d['processes'][0]['pinned'] is True"
fi

kill -9 "$two"
settled sh -c "! kill -0 $two"
run tenon ps
is "ps leaves out the dead" test "$(grep -c " $two " out)" = 0
is "... whose socket is still there" test -S "runtime/tenon-$two.sock"
start three on 0
is "the next process removes it" test ! -e "runtime/tenon-$two.sock"
kill "$one"
is "a host under all this gave right answers only" has one.out '^calls [1-9][0-9]* wrong 0 failed 0$'
is "... and removed its socket" test ! -e "runtime/tenon-$one.sock"
finish
