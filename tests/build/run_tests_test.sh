#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# tools/run-tests with steps of our own: how long it says that it takes, and that nothing of it is left when it is ended.
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
cd "$directory" || exit 99
mkdir tools
cp "$top_srcdir/tools/run-tests" "$top_srcdir/tools/lib.sh" tools
# The waits are one a lane: in the process group that timeout makes, and with something to tidy up.
cat > tools/steps.sh <<'END'
count() { step_passed=1; }
step_gcc() { count passed; }
step_style() { count passed; }
step_model() { count passed; }
step_exp() { say 'exp: 2 of 3' | tell_failures; step_failed=1; }
step_installed() { timeout 300 sh -c 'echo $$ > first.pid; exec sleep 300'; }
step_soak() { sh -c 'trap "echo > tidied; exit" TERM; sleep 300 & echo $! > beside.pid; wait'; }
END
: > configure # as new as what it is made of
run_tests() { sh tools/run-tests --no-install --build-dir build "$@"; }

# ---- How long --------------------------------------------------------------------------------------------------------

about() { sed -n 's/^About \([0-9]*\) min.*/\1/p' out; }
together() { sed -n 's/^  .* (about \([0-9]*\) min)$/\1/p' out | awk '{ sum += $1 } END { print sum }'; }
run run_tests style model
is "steps by name run" exits 0
is "... one after the other" says out '^2 passed, 0 failed, 0 skipped$'
is "... and take what they take together" test "$(about)" = "$(together)"

# ---- What failed -----------------------------------------------------------------------------------------------------

run run_tests exp model
is "a failure is its exit status" exits 1
is "... is told where it happens, and at the end" test "$(grep -c '^    FAIL exp: 2 of 3$' out)" = 2
is "... after which come the totals alone" test "$(tail -n 3 out | tr '\n' '|')" = '    FAIL exp: 2 of 3||1 passed, 1 failed, 0 skipped|'

# ---- Who ends it -----------------------------------------------------------------------------------------------------

if ! env --default-signal=INT true 2> /dev/null; then
	skip 'ending it' 'no env --default-signal'
	finish
	exit
fi
# As from a terminal: a process group, and SIGINT is not ignored.
begin() {
	rm -f first.pid beside.pid tidied
	: > out
	env --default-signal=INT setsid sh tools/run-tests --no-install --build-dir build > out 2> err &
	leader=$!
	tries=0
	until [ -s first.pid ] && [ -s beside.pid ]; do
		tries=$((tries + 1))
		[ $tries -lt 400 ] || return 1
		sleep 0.05
	done
}
# A zombie is gone: not every first process of a container buries its children.
is_gone() { ! grep -q '^[0-9]* (.*) [^Z]' "/proc/$1/stat" 2> /dev/null; } # PID
gone() { is_gone "$(cat first.pid)" && is_gone "$(cat beside.pid)"; }
ends() { # STATUS, within 20 s
	tries=0
	until is_gone "$leader"; do
		tries=$((tries + 1))
		[ $tries -lt 400 ] || kill -KILL "$leader"
		sleep 0.05
	done
	wait "$leader"
	[ $? = "$1" ]
}
# shellcheck disable=SC2046 # two numbers
trap 'kill $(cat first.pid beside.pid) 2> /dev/null; rm -rf "$directory"' EXIT

is "two lanes run" begin
is "... and take less than their steps together" test "$(about)" -lt "$(together)"
is "... but half of it" test $((2 * $(about))) -ge "$(together)"
kill -s INT -- "-$leader"
is "Ctrl-C ends it" ends 130
is "... with all of its steps" gone
is "... which could tidy up" test -e tidied
is "it runs again" begin
kill "$leader"
is "SIGTERM for it alone ends it" ends 143
is "... with all of its steps" gone
finish
