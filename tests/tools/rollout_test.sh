#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Rollouts against a live host under load: a good backend is promoted; a lying, a faulting and a slow one are taken back and put
# into quarantine while every answer stays right; pause, resume, promote, rollback by hand; pins and quarantine across restarts.
# The backends are tests/plugins/turncoat.c, which no harness can see through.
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
export RUNTIME_DIRECTORY="$directory/runtime" STATE_DIRECTORY="$directory/state"
# shellcheck source=tests/hosts/hosts.sh
. "$top_srcdir/tests/hosts/hosts.sh"

# shellcheck disable=SC2086 # EMULATOR is several words
tenon() { ${EMULATOR-} "$tool" "$@"; }

# start NAME THREADS [LINE]: a host labelled NAME, and more of its configuration; its process id goes to $pid.
start() {
	printf '[runtime]\nlabel = %s\nbackend = scalar\n[control]\nsocket = on\n%b' "$1" "${3-}" > "$1.ini"
	: > "$1.out"
	# shellcheck disable=SC2086
	${EMULATOR-} "$program" "$directory/$1.ini" "$2" > "$1.out" 2> "$1.err" &
	settled grep -q '^ready' "$1.out"
	pid=$(sed -n 's/^ready //p' "$1.out")
	hosts="$hosts $pid"
}

end() { # NAME PID
	kill "$2"
	settled grep -q '^calls' "$1.out"
}

told() { # PID PATTERN, in the history within a minute
	settled sh -c "${EMULATOR-} '$tool' history $1 | grep -q -e '$2'"
}

start one 1
one=$pid
run tenon status "$one"
is "status says where state is" says out "^  state  *in $directory/state$"
is "... and of no rollout" test "$(grep -c '^  rollout' out)" = 0

run tenon swap "$one" "$plugins/twin.so" --dry-run --canary 50,100
is "a dry run succeeds" exits 0
is "... says what would happen" says out ': would begin a rollout; backend scalar, generation'
is "... kernel by kernel" says out '^  kernel  *inner_product  *twin$'
is "... and what would inherit" says out '^  kernel  *top_k  *scalar$'
run tenon status "$one"
is "... and changed nothing" says out '^  images  *0 loaded\|^  images  *1 loaded'
is "... nor what serves" says out '^  backend  *scalar, generation [0-9]*$'

run tenon swap "$one" "$plugins/twin.so" --canary 5,50,100 --hold 150ms --wait
is "a good backend is promoted" exits 0
is "... step by step" says out ': promoted: all steps held: [1-9][0-9]* calls, [0-9]* compared with scalar; backend twin, .*, pinned'
run tenon history "$one"
is "history has its beginning" says out '  info  *rollout 1 of .*twin.so: 5 % of the calls; guard on, 1/1024 compared'
is "... each step with its calls" says out 'twin.so: 50 % of the calls; 5 % held with [0-9]* calls'
is "... and its end" says out 'twin.so: promoted: all steps held'
run tenon swap "$one" "$plugins/twin.so" --canary 5,50,100 --hold 150ms --wait
is "a rollout of what serves succeeds at once" exits 0

run tenon swap "$one" "$plugins/liar.so" --canary 5,50,100 --hold 30s --shadow 1/1 --wait
is "a backend that gives wrong answers is rolled back" exits 1
is "... for what it said" says out ': rolled back: inner_product: scores\[3\] is 0x[0-9a-f]*, scalar says 0x[0-9a-f]*.*; backend twin'
run tenon quarantine list "$one"
is "... and quarantined" says out '^  liar  *inner_product .* build-id [0-9a-f]*: inner_product: scores\[3\]'
run tenon swap "$one" "$plugins/liar.so" --canary 50,100 --hold 100ms --dry-run
is "... so that it would serve its other kernel alone" says out '^  kernel  *inner_product  *scalar (quarantined)$'

if is_sanitized; then
	skip "a fault is recovered" "the guard is off under sanitizers"
else
	run tenon swap "$one" "$plugins/bomb.so" --canary 50,100 --hold 30s --wait
	is "a backend that faults is rolled back" exits 1
	is "... for the signal" says out ': rolled back: inner_product: SEGV'
fi
run tenon swap "$one" "$plugins/snail.so" --canary 50,100 --hold 30s --wait
if is_sanitized || [ "${EMULATOR-}" ]; then
	skip "a slow backend is rolled back" "its time is the sanitizer's or the emulator's"
else
	is "a slow backend is rolled back" exits 1
	is "... for its latency" says out ': rolled back: inner_product is too slow: its p99 is [0-9]* ns, that of what it replaces [0-9]* ns'
fi
run tenon rollback "$one" --to scalar
run tenon swap "$one" scalar

# By hand.
run tenon pause "$one"
is "nothing to pause exits 2" exits 2
is "... and says what was" says err 'pause: no rollout is under way'
run tenon swap "$one" "$plugins/twin.so" --canary 50,100 --hold 60s
is "without --wait a rollout only begins" exits 0
is "... and says so" says out ': rollout begun; backend scalar, .*; 50 % of the calls to .*twin.so$'
run tenon swap "$one" "$plugins/twin.so"
is "repeating it changes nothing" says out ': unchanged;'
run tenon pause "$one"
is "pause" says out ': paused; '
run tenon pause "$one"
is "... once" exits 2
run tenon status "$one"
is "status shows it" says out '^  rollout  *paused of .*twin.so: 50 % of the calls, step 1 of 2, .* (tenon resume)$'
run tenon swap "$one" "$plugins/twin.so" --wait --timeout 2s
is "a wait that is over exits 4" exits 4
is "... and says that the rollout is not" says err 'is not over in time: paused, 50 % of the calls; it goes on'
run tenon resume "$one"
is "resume" says out ': resumed; '
run tenon promote "$one"
is "promote" says out ': promoted; backend twin, '
run tenon promote "$one"
is "... once" exits 2
told "$one" 'twin.so: promoted: by hand, at 50 % of the calls'
is "history says by whom" told "$one" 'twin.so: promoted: by hand, at 50 % of the calls'

run tenon swap "$one" scalar --canary 50,100 --hold 60s
run tenon rollback "$one"
is "rollback ends a rollout" says out ': rolled back; backend twin, .*pinned$'
run tenon status "$one"
is "... and status says how" says out '^  rollout  *the last one, of scalar: rolled-back: by hand$'
run tenon swap "$one" scalar --canary 50,100 --hold 60s
run tenon swap "$one" "$plugins/twin.so" --canary off --cold
is "so does a swap" says out ': swapped; backend twin'
is "... and says so" told "$one" 'of scalar: rolled back: .*twin.so took its place'
run tenon swap "$one" scalar --canary 50,100 --hold 60s
tenon swap "$one" scalar --wait --timeout 20s > wait.out 2>&1 &
waiter=$!
sleep 2 # until it waits, also on a busy machine
kill -STOP "$one"
sleep 0.2
kill -CONT "$one"
tenon rollback "$one" > /dev/null
wait $waiter
is "whoever waits learns of a rollback by somebody else" test $? = 1
is "... also of a host that was stopped for a while" says wait.out ': rolled back: by hand'

run tenon swap "$one" scalar --canary 50,40,100
is "steps that do not grow exit 2" exits 2
run tenon swap "$one" scalar --canary 50,100 --hold 30
is "a time without a unit exits 2" exits 2
is "... and is named" says err "hold takes a time with its unit, as 500ms, 30s or 5m, not '30'"
end one "$one"
is "all this time every answer was right" says one.out '^calls [1-9][0-9]* wrong 0 failed 0$'

# An idle process.
start idle 0
idle=$pid
run tenon swap "$idle" "$plugins/twin.so" --canary 50,100 --hold 100ms --wait
is "an idle process does not hang in a rollout" exits 0
is "... and says that nothing was tried" says out '0 calls, 0 compared with scalar; no call came at 50 %, 100 %;'

# A rollout that ends before its beginning is told, and a process that is asked just before the time is over: both take an
# unlucky moment, so a process is played that answers so.
if command -v python3 > /dev/null; then
	cat > quick.py <<-'END'
		import os, socket
		server = socket.socket(socket.AF_UNIX)
		server.bind("%s/tenon-%d.sock" % (os.environ["RUNTIME_DIRECTORY"], os.getpid()))
		server.listen(8)
		print("ready", os.getpid(), flush=True)
		unanswered = []
		while True:
		    peer, _ = server.accept()
		    request = peer.recv(4096)
		    if b" status" in request:
		        unanswered.append(peer)
		        continue
		    peer.sendall(b"TENON/1 0 rollout begun\npid=%d\nprogram=quick\nbackend=scalar\ngeneration=3\nrollout=%s\n"
		        b"rollout_percent=50\nrollout_id=7\nrollout_backend=twin.so\nrollout_reason=\"scores[3] differs\"\n"
		        % (os.getpid(), b"canary" if b" late" in request else b"rolled-back"))
		    peer.close()
	END
	: > quick.out
	python3 quick.py > quick.out 2> quick.err &
	hosts="$hosts $!"
	settled grep -q '^ready' quick.out
	quick=$(sed -n 's/^ready //p' quick.out)
	run tenon swap "$quick" twin --canary 50,100 --wait
	is "a rollout that ended at once was rolled back all the same" exits 1
	is "... for its reason" says out ': rolled back: scores\[3\] differs'
	run tenon swap "$quick" late --canary 50,100 --wait --timeout 300ms
	is "a wait that is over while the process is asked exits 4" exits 4
	is "... and is a wait that is over" says err 'is not over in time: canary, 50 % of the calls; it goes on'
	kill "$quick"
	rm "runtime/tenon-$quick.sock"
else
	skip "what takes an unlucky moment" "no python3 to play it"
fi

# What outlives a process.
run tenon swap "$idle" "$plugins/twin.so" --persist
is "swap --persist" exits 0
end idle "$idle"
start idle 0
idle=$pid
run tenon status "$idle"
is "the next process is pinned" says out '^  backend  *twin, .*, pinned'
is "... and says why" told "$idle" 'pinned to .*twin.so by the pin that was saved at 20..-'
run tenon unpin "$idle"
end idle "$idle"
start idle 0
idle=$pid
run tenon status "$idle"
is "unpin ends it for good" says out '^  backend  *scalar, generation [0-9]*$'
run tenon rollback "$idle" --persist
is "rollback --persist" exits 0
end idle "$idle"
start idle 0
idle=$pid
run tenon status "$idle"
is "... is a pin, too" says out '^  backend  *scalar, generation [0-9]*, pinned'
run tenon unpin "$idle"
run tenon swap "$idle" "$plugins/liar.so"
is "quarantine outlives its process" told "$idle" 'quarantined, so scalar serves it: inner_product of liar'
run tenon quarantine add "$idle" "$plugins/twin.so" squared_distance
is "quarantine add" exits 0
run tenon quarantine list
is "quarantine without a process" exits 0
is "... is that of the state directory" says out "^quarantine, in $directory/state$"
is "... with what was added" says out '^  twin  *squared_distance .*: by hand$'
run tenon quarantine add "$plugins/liar.so" --state-dir state
is "quarantine add without a process" says out '^  liar  *all '
run tenon swap "$idle" scalar
run tenon swap "$idle" "$plugins/liar.so"
is "a backend of which nothing may serve is refused" exits 3
is "... with the remedy" says err 'every kernel that it has is quarantined .*tenon quarantine clear liar'
run tenon quarantine clear "$idle" liar
is "quarantine clear" says out ': cleared [12]; the next swap may use'
run tenon swap "$idle" "$plugins/liar.so"
is "... frees it" exits 0
run tenon quarantine clear all
is "clear all without a process" says out '^cleared [0-9]'
run tenon quarantine clear all
is "... and again" says out '^nothing matched'
run tenon quarantine remove
is "another action exits 2" exits 2
run tenon quarantine add "$idle" nosuch
is "a backend that nobody knows" says out 'failed: quarantine: no backend with a build-id is found as .nosuch'
is "... exits 3" exits 3
chmod 777 state
run tenon quarantine list
is "a state directory of everybody is refused" exits 3
is "... with the remedy" says err "chmod o-w '.*state'"
chmod 700 state

# By configuration: every swap is a rollout; what serves is compared for good.
start steps 1 "[rollout]\nsteps = 50,100\nhold = 100ms\n"
steps=$pid
run tenon swap "$steps" "$plugins/twin.so" --wait
is "[rollout] steps make a swap a rollout" says out ': promoted: all steps held'
end steps "$steps"
start watch 1 "[rollout]\nshadow = 1/1\n"
watch=$pid
run tenon swap "$watch" "$plugins/liar.so"
is "a swap under a steady shadow" exits 0
is "... is taken back when it lies" told "$watch" 'rolled back to what served before, because under \[rollout\] shadow inner_product'
is "... and quarantined" told "$watch" 'quarantined: inner_product of liar'
run tenon status "$watch"
is "... and the process says that it is degraded" says out '^  degraded  *rolled back to what served before'
is "... on scalar again" says out '^  backend  *scalar'
end watch "$watch"
is "no wrong answer got out" says watch.out '^calls [1-9][0-9]* wrong 0 failed 0$'

if built_with HAVE_JANSSON; then
	start json 1
	run tenon quarantine clear all
	served=$pid
	run tenon swap "$served" "$plugins/twin.so" --canary 50,100 --hold 100ms --wait --json
	is_json "a promotion in JSON" "d['processes'][0]['outcome'].startswith('promoted: ') and d['processes'][0]['rollout']['state'] == 'promoted'"
	run tenon swap "$served" "$plugins/liar.so" --canary 50,100 --hold 30s --shadow 1/1 --wait --json
	is "... of a rollback exits 1" exits 1
	is_json "a rollback in JSON" "d['processes'][0]['code'] == 1 and d['processes'][0]['rollout']['divergences'] >= 1"
	run tenon status "$served" --json
	is_json "status in JSON" "d['rollout']['id'] == 2 and d['rollout']['state'] == 'rolled-back' and d['quarantined'] >= 1 and d['state_dir']"
	run tenon history "$served" -n 3 --json
	is_json "history in JSON" "d['schema'] == 'tenon.history/1' and len(d['events']) == 3 and d['events'][2]['sequence'] ==
		d['events'][0]['sequence'] + 2"
	run tenon history --all --json
	is_json "... of all" "len(d['processes']) >= 1 and all(p['events'] for p in d['processes'])"
	run tenon quarantine list --json
	is_json "quarantine in JSON" "any(q['backend'] == 'liar' and q['kernel'] == 'inner_product' for q in d['quarantine'])"
	run tenon quarantine list "$served" --json
	is_json "... of a process" "d['processes'][0]['quarantine'][0]['saved'] is True"
	run tenon swap "$served" "$plugins/snail.so" --dry-run --json
	is_json "a dry run in JSON" "any(k['name'] == 'inner_product' and k['source'] == 'snail' for k in d['processes'][0]['kernels'])"
fi
finish
