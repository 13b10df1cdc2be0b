#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Flight records of a live host: a lying backend on probation, a faulting one, one under a steady shadow; each leaves a record in
# the state directory, which tenon verify --replay reproduces. The backends are tests/plugins/turncoat.c.
if [ $# = 0 ]; then
	exec "${top_builddir:?}/libtool" --mode=execute sh "$0" "$top_builddir/tools/tenon" "$top_builddir/tests/hosts/host"
fi
tool=$1
program=$2
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
cd "$directory" || exit 99
plugins=$(cd "${top_builddir:?}" && pwd)/tests/plugins/.libs
mkdir runtime
chmod 700 runtime
export RUNTIME_DIRECTORY="$directory/runtime"
unset TENON_BACKEND TENON_MAX_ISA TENON_CONFIG
: > empty.ini

# shellcheck disable=SC2086 # EMULATOR is several words
tenon() { ${EMULATOR-} "$tool" "$@"; }
replay() { tenon verify --config empty.ini --replay "$@"; }

# shellcheck source=tests/hosts/hosts.sh
. "$top_srcdir/tests/hosts/hosts.sh"

# start NAME [LINE]: a host whose state is in NAME.state; its process id goes to $pid.
start() {
	mkdir "$1.state"
	chmod 700 "$1.state"
	printf '[runtime]\nlabel = %s\nbackend = scalar\nstate_dir = %s\n[control]\nsocket = on\n%b' "$1" \
		"$directory/$1.state" "${2-}" > "$1.ini"
	: > "$1.out"
	# shellcheck disable=SC2086
	${EMULATOR-} "$program" "$directory/$1.ini" 2 > "$1.out" 2> "$1.err" &
	settled grep -q '^ready' "$1.out"
	pid=$(sed -n 's/^ready //p' "$1.out")
	hosts="$hosts $pid"
}

has_record() { # FOLDER, within a minute
	settled sh -c "ls '$1'/flight-*.tenon"
	record=$(find "$1" -name 'flight-*.tenon' 2> /dev/null | head -1)
	[ -n "$record" ]
}

end() { # NAME PID: it stops, and has counted
	kill "$2"
	settled grep -q '^calls' "$1.out"
}

start lying
run tenon swap "$pid" "$plugins/liar.so" --canary 50,100 --hold 20s --shadow 1/1 --wait
is "a lying backend is rolled back" exits 1
is "... and leaves a record" has_record lying.state
is "... for its owner alone" [ "$(stat -c %a "$record")" = 600 ]
is "... history says how to call it again" settled sh -c "${EMULATOR-} '$tool' history $pid | grep -q 'verify --replay $directory/$record'"
end lying "$pid"
is "... and no caller saw a wrong answer" says lying.out '^calls .*wrong 0'
run replay "$record"
is "the record alone finds the backend, and diverges" exits 1
is "... by one bit, in the same place as then" says out '^  then      scores\[3\] differed$'
is "... and now" says out 'liar.so: diverges scores\[3\] differs$'
is "... with this build's id" says out '^  file      .*liar.so, build-id [0-9a-f]\{40\}$'
run replay "$record" "$plugins/twin.so"
is "a fix does not diverge" exits 0
is "... and is another build" says out 'twin.so: does not diverge every bit is scalar.s (another build)$'

start steady '[rollout]\nshadow = 1/1\n'
run tenon swap "$pid" "$plugins/liar.so"
is "under a steady shadow there is a record, too" has_record steady.state
run replay "$record"
is "... which diverges" exits 1
end steady "$pid"

if is_sanitized; then
	skip "a faulting backend leaves a record" "the crash guard is off under sanitizers"
else
	start faulting
	run tenon swap "$pid" "$plugins/bomb.so" --canary 50,100 --hold 20s --wait
	is "a faulting backend leaves a record" has_record faulting.state
	run replay "$record"
	is "... which faults again" exits 1
	is "... and says so" says out 'bomb.so: diverges its call died of signal 11'
	is "... as it did then" says out '^  then      it died of signal 11'
	end faulting "$pid"
fi
finish
