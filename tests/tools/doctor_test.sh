#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# tenon doctor: nothing is wrong where nothing is; each fault that is planted is found, with its remedy and its exit code; nothing
# is changed by looking.
if [ $# = 0 ]; then
	exec "${top_builddir:?}/libtool" --mode=execute sh "$0" "$top_builddir/tools/tenon" "$top_builddir/tests/hosts/host"
fi
tool=$1
program=$2
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
chmod 755 "$directory"
mkdir "$directory/system"
cd "$directory" || exit 99
system=$directory/system
build=$(cd "${top_builddir:?}" && pwd)
mkdir "$system/runtime" "$system/state" "$system/etc" "$system/etc/programs" "$system/etc/tenon.ini.d" "$system/plugins"
chmod 700 "$system/runtime" "$system/state"
unset XDG_RUNTIME_DIR TENON_BACKEND
export RUNTIME_DIRECTORY="$system/runtime" STATE_DIRECTORY="$system/state" TENON_BACKEND_PATH="$system/plugins"
for file in "$build"/backends/.libs/*.so; do
	case $file in */scalar.so) ;; *) cp "$file" "$system/plugins" ;; esac
done
chmod go-w "$system/plugins"/*
# shellcheck source=tests/hosts/hosts.sh
. "$top_srcdir/tests/hosts/hosts.sh"

# shellcheck disable=SC2086 # EMULATOR is several words
tenon() { ${EMULATOR-} "$tool" "$@"; }
doctor() { run tenon doctor --config-dir "$system/etc" "$@"; }

# found VERDICT CHECK TEXT REMEDY: a finding, and what is below it.
found() {
	awk -v verdict="$1" -v check="$2" -v text="$3" -v remedy="$4" '
		head && index($0, "remedy: ") && match($0, remedy) { found = 1 }
		{ head = index($0, "  " verdict) == 1 && index($0, " " check ": ") && match($0, text) }
		head && remedy == "" { found = 1 }
		END { exit !found }' out
}
look() { find "$system" ! -name '*.sock' -printf '%p %m %s %T@ %i %u\n' | sort; }

# ---- Nothing is wrong ------------------------------------------------------------------------------------------------

printf '[runtime]\nmax_isa =\n[control]\nsocket = on\n' > "$system/etc/tenon.ini"
look > before
doctor
is "a healthy system exits 0" exits 0
is "... in every area" test "$(grep -c '^[a-z][a-z]*$' out)" = 8
is "... has no failure" says out '^0 failures, '
is "the helper was asked" found ok helper 'sees the same CPU' ''
look > after
is "looking changes nothing" cmp before after
doctor --json
is_json "as JSON" "d['schema'] == 'tenon.doctor/1' and d['healthy'] is True and len(d['findings']) > 15"
is_json "... whatever is not ok has a remedy" "all((f['verdict'] == 'ok') == (f['remedy'] is None) for f in d['findings'])"
doctor --only machine,kernels
is "an area that is not there exits 2" exits 2
is "... and the near one is named" says err "there is no area 'kernels'; did you mean kernel?"
doctor --only machine
is "one area alone" test "$(grep -c '^[a-z][a-z]*$' out)" = 1

# ---- install ---------------------------------------------------------------------------------------------------------

TENON_PROVE=/nonexistent doctor --only install
is "a missing helper exits 3" exits 3
# An emulator is there, and ends without a word.
is "... with its remedy" found FAILURE helper "$(if [ "${EMULATOR-}" ]; then echo 'ended with status'; else echo nonexistent; fi)" 'TENON_PROVE'
if [ "${EMULATOR-}" ] || is_sanitized; then
	skip "a libtenon of another version" "an emulator or a sanitizer is preloaded"
else
	echo 'const char *tenon_version(void) { return "9.9.9"; }' > other.c
	${CC:-cc} -shared -fPIC other.c -o other.so
	LD_PRELOAD=$PWD/other.so doctor --only install
	is "a libtenon of another version" found FAILURE library 'libtenon that it finds is 9.9.9' 'of one release'
fi
TENON_BACKEND_PATH=$system/absent doctor --only install
is "a folder that is not there" found WARNING folder "backend_path: $system/absent: No such" 'backend_path'
is "... and what follows from it" found WARNING backends 'no backend but scalar' 'install the backends'
echo hello > "$system/plugins/broken.so"
doctor --only install
is "a file that is no backend exits 3" exits 3
is "... and is named" found FAILURE 'backend broken' 'broken.so' '.'
rm "$system/plugins/broken.so"
sed -e 's/TENON_BACKEND("acme", "1.0"/TENON_BACKEND("avx2", "0.0.1"/' "$top_srcdir/examples/plugin.c" > old.c
mkdir "$system/old"
${CC:-cc} -O1 -I"$top_srcdir/include" -fPIC -fvisibility=hidden -shared -nostartfiles -Wl,--build-id=sha1 -Wl,-z,noexecstack \
	-ffp-contract=off -o "$system/old/avx2.so" old.c
chmod 755 "$system/old/avx2.so"
TENON_BACKEND_PATH=$system/old doctor --only install
is "a backend of another version exits 3" exits 3
is "... and both versions are named" found FAILURE 'backend avx2' 'of version 0.0.1, libtenon is' 'of one release'

# ---- config ----------------------------------------------------------------------------------------------------------

echo 'bakend = avx2' >> "$system/etc/tenon.ini.d/50-typo.ini"
doctor --only config,processes
is "a wrong configuration exits 2" exits 2
is "... with file and line" found FAILURE files 'tenon.ini.d/50-typo.ini:1' '.'
rm "$system/etc/tenon.ini.d/50-typo.ini"
printf '[arena]\nsize = 3\n' > "$system/etc/programs/recalld.ini"
doctor --only config
is "what only one program reads is judged, too" found FAILURE 'program recalld' 'recalld.ini:2' '.'
rm "$system/etc/programs/recalld.ini"
printf '[runtime]\nbackend = nosuch\n' > "$system/etc/tenon.ini.d/60-backend.ini"
doctor --only config
is "a backend that is not there exits 3" exits 3
is "... and is named" found FAILURE backend "backend = nosuch (.*60-backend.ini:2)" 'tenon list'
rm "$system/etc/tenon.ini.d/60-backend.ini"

printf '[runtime]\nfallback = fail\n[control]\nsocket = off\n' > "$system/etc/tenon.ini.d/60-strict.ini"
doctor --only config
is "a host that would rather not start" found note fallback 'does not start' 'fallback = scalar'
is "... and that nobody can ask" found note socket 'the control socket is off' 'socket = on'
rm "$system/etc/tenon.ini.d/60-strict.ini"
echo '[runtime]' > "$system/etc/programs/recalld.ini"
doctor --only config
is "a program's file that is right" found ok 'program recalld' valid ''
rm "$system/etc/programs/recalld.ini"
if [ "${EMULATOR-}" ] || [ ! -e "$system/plugins/avx2.so" ] || ! tenon probe | grep -q avx2; then
	skip "a cap" "this machine has nothing to mask, or is emulated"
else
	printf '[runtime]\nmax_isa = scalar\n' > "$system/etc/tenon.ini.d/60-cap.ini"
	doctor --only machine,install
	is "a cap is no failure" exits 0
	is "... is told" found note features 'masked: .*avx2.*max_isa' 'raise or remove'
	is "... and what it leaves out" found note 'backend avx2' 'max_isa' 'this CPU'
	rm "$system/etc/tenon.ini.d/60-cap.ini"
fi

# ---- permissions -----------------------------------------------------------------------------------------------------

chmod o+w "$system/etc/tenon.ini"
doctor --only permissions
is "a configuration that anyone may write exits 2" exits 2
is "... with the command that mends it" found FAILURE configuration 'anyone may write' "chmod o-w .*tenon.ini"
chmod o-w "$system/etc/tenon.ini"
cp "$build/backends/.libs/scalar.so" "$system/plugins/mine.so"
chmod 757 "$system/plugins/mine.so"
doctor --only install
is "a plugin that anyone may write exits 3" exits 3
is "... with the command that mends it" found FAILURE 'backend mine' 'anyone may write' "chmod o-w .*mine.so"
chmod 775 "$system/plugins/mine.so"
doctor --only permissions
is "a plugin that its group may write exits 3" exits 3
is "... with the command that mends it" found FAILURE backends 'group may write' "chmod g-w .*mine.so"
rm "$system/plugins/mine.so"
printf '[runtime]\ntrust = signature\n' > "$system/etc/tenon.ini.d/70-trust.ini"
doctor --only permissions
is "signatures without keys" found FAILURE keys 'has no key' 'trust = owner'
mkdir "$system/etc/keys"
: > "$system/etc/keys/vendor.pub"
doctor --only permissions
is "... and with one" found ok keys "keys in $system/etc/keys" ''
rm -r "$system/etc/keys" "$system/etc/tenon.ini.d/70-trust.ini"

chmod 777 "$system/state"
doctor --only permissions
is "a state directory of everybody exits 3" exits 3
is "... with the command that mends it" found FAILURE state 'anyone may write' "chmod o-w"
chmod 700 "$system/state"
STATE_DIRECTORY=$system/state/later doctor --only permissions
is "a state directory that will be made" found note state 'is not there yet' 'the first process makes it'
is "... is not made by looking" test ! -e "$system/state/later"
if [ "$(id -u)" != 0 ]; then
	chmod 500 "$system/state"
	doctor --only permissions
	chmod 700 "$system/state"
	is "a state directory that cannot be written" found FAILURE state 'cannot be written' 'chown it'
	chmod 500 "$system/state"
	STATE_DIRECTORY=$system/state/later doctor --only permissions
	chmod 700 "$system/state"
	is "... or cannot be made" found FAILURE state 'we cannot make it' 'make it for the user'
elif unshare -m true 2> /dev/null; then
	# To root nothing is unwritable but a mount.
	# shellcheck disable=SC2016,SC2086
	run unshare -m sh -c 'mount -t tmpfs -o ro,mode=700 none "$1/state" && shift && "$@"' sh "$system" \
		${EMULATOR-} "$tool" doctor --config-dir "$system/etc" --only permissions
	is "a state directory that cannot be written" found FAILURE state 'cannot be written: Read-only' 'chown it'
	# shellcheck disable=SC2016,SC2086
	STATE_DIRECTORY=$system/state/later run unshare -m sh -c 'mount -t tmpfs -o ro,mode=700 none "$1/state" && shift && "$@"' sh \
		"$system" ${EMULATOR-} "$tool" doctor --config-dir "$system/etc" --only permissions
	is "... or cannot be made" found FAILURE state 'we cannot make it' 'make it for the user'
else
	skip "a state directory that cannot be written" "root here may not mount"
fi
echo 'this is no record' > "$system/state/quarantine"
chmod 600 "$system/state/quarantine"
doctor --only permissions
is "a line of state that nobody can read" found WARNING quarantine 'quarantine:1' 'correct that line'
rm "$system/state/quarantine"
tenon quarantine add "$build/tests/plugins/.libs/twin.so" top_k --state-dir "$system/state" > /dev/null
doctor --only permissions
is "what is in quarantine" found WARNING quarantine '^.*1 kernels of backends' 'tenon quarantine list'
tenon quarantine clear all > /dev/null
: > "$system/runtime/tenon-99999999.sock"
doctor --only permissions
is "a stale socket" found WARNING sockets 'process 99999999 is gone' "rm '.*tenon-99999999.sock'"
is "... stays" test -e "$system/runtime/tenon-99999999.sock"
rm "$system/runtime/tenon-99999999.sock"
chmod 777 "$system/runtime"
doctor --only permissions
is "a folder of sockets that everybody may write" found FAILURE sockets 'anyone may write' 'chmod o-w'
chmod 700 "$system/runtime"

# ---- kernel ----------------------------------------------------------------------------------------------------------

refused() { run "$build/tests/hosts/refuse" "$1" "$tool" doctor --config-dir "$system/etc" --only kernel; }
refused membarrier
if [ "${EMULATOR-}" ] || [ "$code" = 77 ]; then
	skip "calls that the kernel refuses" "there are no filters of system calls here"
else
	is "membarrier that is refused" found WARNING membarrier 'Operation not permitted' 'SystemCallFilter'
	refused statfs
	is "no folder for copies of backends" found WARNING staging 'private copies in memory' 'XDG_RUNTIME_DIR'
	refused statfs,memfd_create
	is "no place at all exits 3" exits 3
	is "... with its remedy" found FAILURE staging 'no backend can be loaded' 'memfd_create'
fi
printf '[runtime]\nstage = none\n' > "$system/etc/tenon.ini.d/80-stage.ini"
doctor --only kernel
is "files that are loaded where they are" found note staging 'must never be overwritten' 'stage = auto'
rm "$system/etc/tenon.ini.d/80-stage.ini"

printf '[runtime]\nstage = memfd\n' > "$system/etc/tenon.ini.d/80-stage.ini"
doctor --only kernel
is "copies in memory" found ok staging 'private copies in memory' ''
if ! { [ "${EMULATOR-}" ] || [ ! -x "$build/tests/hosts/refuse" ]; }; then
	refused memfd_create
	if [ "$code" = 77 ]; then skip "no copies in memory exit 3" "there are no filters of system calls here"
	else is "no copies in memory exit 3" found FAILURE staging 'memfd: Operation not permitted' 'memfd_create'; fi
fi
rm "$system/etc/tenon.ini.d/80-stage.ini"
XDG_RUNTIME_DIR=$system/nosuch doctor --only kernel
is "a session's folder that is not there" found ok staging "in /tmp .*nosuch: No such" ''
XDG_RUNTIME_DIR=$system/runtime doctor --only kernel
is "... and one that is" found ok staging "private copies in $system/runtime" ''

# ---- processes and arenas --------------------------------------------------------------------------------------------

doctor --only processes
is "no process" found note processes 'no process can be reached' 'socket = on'
start good on 0
good=$pid
doctor --only processes,arenas
is "a healthy process" found ok "process $good (host)" 'serves, generation' ''
is "... and its arena" found ok "process $good (host)" 'no overflows' ''
is "... exits 0" exits 0
kill -HUP "$good"
is "most of an arena" has good.out '^filled 0'
doctor --only arenas
is "... is a warning" found WARNING "process $good (host)" 'a thread has used' 'size = 2048KiB'
kill -HUP "$good"
is "more than an arena" has good.out '^filled -'
doctor --only arenas
is "an overflow exits 1" exits 1
is "... with a larger size" found FAILURE "process $good (host)" '1 calls did not fit' 'size = 2048KiB'
echo 'size = 3' >> good.ini
tenon config reload "$good" > /dev/null 2>&1
doctor --only processes
is "a reload that failed exits 2" exits 2
is "... with its reason" found FAILURE "process $good (host)" 'good.ini:5' 'tenon config check'
tenon rollback "$good" > /dev/null
doctor --only processes
is "a pin" found note "process $good (host)" 'pinned to' 'tenon unpin'
kill -STOP "$good"
stopped() { ! cat /proc/"$good"/task/*/status | grep '^State:' | grep -qv 'T (stopped)'; }
settled stopped
doctor --only processes --timeout 300ms
is "a process that does not answer exits 4" exits 4
is "... and is named" found FAILURE "process $good" 'no answer within' 'gdb'
kill -CONT "$good"
kill "$good"
settled test ! -e "$system/runtime/tenon-$good.sock"
TENON_BACKEND=nosuch
export TENON_BACKEND
start bad on 0
bad=$pid
unset TENON_BACKEND
doctor --only processes
is "a degraded process exits 1" exits 1
is "... with its reason" found FAILURE "process $bad (host)" "degraded, scalar serves: .*nosuch" 'tenon history'
kill "$bad"
settled test ! -e "$system/runtime/tenon-$bad.sock"

# What takes an hour, or another release, to come about: a process that says so.
if command -v python3 > /dev/null; then
	cat > liar.py <<-'END'
		import os, socket, sys
		server = socket.socket(socket.AF_UNIX)
		server.bind("%s/tenon-%d.sock" % (os.environ["RUNTIME_DIRECTORY"], os.getpid()))
		server.listen(8)
		print("ready", os.getpid(), flush=True)
		while True:
		    peer, _ = server.accept()
		    peer.recv(4096)
		    peer.sendall(b"TENON/1 0 status\npid=%d\nprogram=old\nversion=0.0.1\nbackend=avx2\n" % os.getpid() +
		        b"unload_disabled=true\nunload_reason=membarrier\ngrace_age_ms=20000\ngrace_blocker_tid=7\nimages_resident=2\n"
		        b"rollout=paused\nrollout_backend=avx512\nrollout_percent=25\nconfig_pending=[arena]\nquarantined=3\n"
		        b"arena_size=0\nstate_reason=\"/var/lib/tenon cannot be written; set [runtime] state_dir\"\n")
		    peer.close()
	END
	python3 liar.py > liar.out 2> liar.err &
	hosts="$hosts $!"
	settled grep -q ready liar.out
	old="process $(sed -n 's/^ready //p' liar.out) (old)"
	doctor --only processes
	is "a process of another version" found WARNING "$old" 'runs libtenon 0.0.1' 'restart it'
	is "... that never unloads" found WARNING "$old" 'never unloads: membarrier' 'seccomp'
	is "... that waits for a thread" found WARNING "$old" 'thread 7 holds up unloading since 20000 ms' 'gdb'
	is "... that keeps what was replaced" found note "$old" '2 replaced backends' 'restart'
	is "... whose rollout stands still" found WARNING "$old" 'stands still at 25 %' 'tenon resume'
	is "... that waits for a restart" found note "$old" 'waits for a new process' 'restart'
	is "... with kernels in quarantine" found WARNING "$old" '3 kernels' 'tenon quarantine'
	is "... without state" found WARNING "$old" 'cannot be written' 'state_dir'
else
	skip "a process of another version" "no python3 to play it"
fi

# ---- performance -----------------------------------------------------------------------------------------------------

doctor --only performance
is "without a baseline nothing is compared" found note baseline 'no baseline was recorded' 'tenon bench .*--record'
if ! built_with HAVE_JANSSON; then
	skip "a baseline" "built without jansson"
else
	doctor --only performance --baseline "$system/nosuch.json"
	is "a baseline that is not there exits 2" exits 2
	is "... with the remedy" found FAILURE baseline 'there is no baseline' 'record one'
fi
if [ "${EMULATOR-}" ] || is_sanitized || is_coverage || ! built_with HAVE_JANSSON; then
	skip "a slower backend" "an emulator's or a sanitizer's time is nobody's; or built without jansson"
else
	mkdir "$system/fast"
	cp "$build/tests/plugins/before/.libs/slow.so" "$system/fast"
	TENON_BACKEND_PATH=$system/fast tenon bench --quick --topic similarity --kernel inner_product \
		--record "$system/state/baseline.json" > /dev/null
	cp "$build/tests/plugins/after/.libs/slow.so" "$system/fast"
	look > before
	TENON_BACKEND_PATH=$system/fast doctor --only performance
	look > after
	if [ "$code" = 0 ] && says out '^  note'; then
		skip "a slower backend exits 1" "this machine is too noisy: $(grep '^  note' out)"
	else
		is "a slower backend exits 1" exits 1
		is "... is told" found FAILURE baseline 'inner_product: .* regressed by more than 5 %' 'tenon bench --baseline'
	fi
	is "racing changes nothing" cmp before after
fi
finish
