#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A short soak finds nothing; one that is sabotaged finds just that. `make soak` runs the full figures.
# shellcheck disable=SC2086 # options are several words
if [ $# = 0 ]; then
	# libtool replaces its wrapper by the program and sets the library path.
	exec "${top_builddir:?}/libtool" --mode=execute sh "$0" "$top_builddir/tools/tenon"
fi
tool=$1
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
cd "$directory" || exit 99
export TENON_BACKEND_PATH="${top_builddir:?}/backends/.libs"

soak() { ${EMULATOR-} "$tool" soak "$@"; }
json() { python3 -c 'import json, sys; d = json.load(open("out")); sys.exit(not eval("(" + sys.argv[1] + ")"))' "$1"; }
clean='wrong 0, failed 0, mixed 0, leaked mappings 0, leaked descriptors 0, not unloaded 0'

# Time decides nothing here: a run ends when it has done enough, and the limit is for one that never would. Sanitizers and
# emulators leave a tenth of the speed or less; `make soak` has the figures that count.
if [ "${EMULATOR-}" ] || is_sanitized; then warm=150 cold=30 each=2; else warm=1500 cold=300 each=5; fi
plugins=$(cd "${top_builddir:?}" && pwd)/tests/plugins
bad="--crashing $plugins/crashing/.libs --turncoats $plugins/turncoats/.libs"
mkdir state
export STATE_DIRECTORY="$directory/state"
run soak --swaps $warm --each $each --seconds 240 --threads 16 --canaries-per-second 20 --faults-per-second 100 $bad
is "a warm soak is clean" exits 0
is "... and says so" says out "^$clean$"
is "... with children, signals, bad backends and configurations" says out \
	'^  [1-9][0-9]* children, [1-9][0-9]* signals, [1-9][0-9]* bad backends refused, [1-9][0-9]* configurations$'
is "... with backends that only a proof refuses" says out '^  [1-9][0-9]* crashing backends refused by their proofs$'
is "... with rollouts that end well and badly" says out \
	'^  [1-9][0-9]* canaries: [0-9]* promoted, [1-9][0-9]* rolled back, [0-9]* overtaken; [0-9]* faults and [1-9][0-9]* wrong answers'
is "... with the swaps that were asked for" test "$(sed -n 's/.* s, \([0-9]*\) warm swaps, [1-9][0-9]* rollbacks,.*/\1/p' out)" -ge $warm
is "... and leaves the state of the machine alone" test "$(find state | wc -l)" = 1
run soak --swaps $cold --seconds 240 --threads 16 --cold --swaps-per-second 0
is "a cold soak is clean" exits 0
is "... and says so" says out "^$clean$"
run soak --seconds 1 --swaps 1000000 --threads 2
is "swaps not reached in time exit 4" exits 4
is "... and the report says what to do" says out 'the time was over before 1000000 swaps: give more --seconds'
run soak --seconds 1 --each 1000000 --threads 2
is "... and so do other things" exits 4
is "... likewise" says out 'the time was over before 1000000 of each: give more --seconds'
run soak --crashing "$directory/state"
is "a folder without backends is an error" exits 3
is "... which is named" says err "$directory/state: No such file"
run soak --turncoats "$directory/state"
is "... of the other kind, too" exits 3
is "... which is named" says err "$directory/state: No such file"
touch other.ini
run env TENON_CONFIG="$directory/other.ini" ${EMULATOR-} "$tool" soak --metrics 127.0.0.1:9464
is "metrics at an address, with a configuration that is not the soak's, is a usage error" exits 2
is "... which says where to set it" says err "so set \[metrics\] http there"
run soak --metrics nowhere
is "an address that is none is an error of configuration" exits 2
run soak --threads 0
is "no threads is a usage error" exits 2

if ! built_with HAVE_JANSSON; then
	skip "soak --json" "built without jansson"
elif ! command -v python3 > /dev/null; then
	skip "soak --json" "no python3 to read it"
else
	run soak --each $each --seconds 240 --threads 4 --canaries-per-second 20 --faults-per-second 100 $bad --json
	is "soak --json has its keys" json "d['schema'] == 'tenon.soak/1' and d['calls'] > 0 and d['swaps'] >= $each and
		'threads_created' in d and d['rollbacks'] >= 0 and d['forks'] >= $each and d['signals'] >= $each and
		d['refused'] >= $each and d['disproven'] >= $each and d['reloads'] >= $each and d['rolled_back'] >= $each and
		d['canaries'] == d['promoted'] + d['rolled_back'] + d['canaries_overtaken'] and d['divergences_caught'] > 0"
	if is_sanitized; then skip "... with faults" "nothing guards against faults in sanitized builds"
	else is "... with faults" json "d['faults_caught'] > 0"; fi
	if json "len(d['backends']) == 1"; then skip "... with promotions" "scalar alone is usable"
	else is "... with promotions" json "d['promoted'] >= $each"; fi
	is "... all of them zero that should be" json "0 == d['wrong'] == d['failed'] == d['mixed'] == d['leaked_mappings'] ==
		d['leaked_fds'] == d['not_unloaded']"
fi

none='--forks-per-second 0 --signals-per-second 0 --faults-per-second 0 --reloads-per-second 0 --canaries-per-second 0'
# What is found after the end.
closed='--each 0 --seconds 1'

# sabotaged HARM PATTERN FINDING [OPTION...]: soak finds the harm that tests/hosts/saboteur.c does, and ends then.
sabotaged() {
	harm=$1 pattern=$2 finding=$3
	shift 3
	run env SABOTAGE="$harm" LD_PRELOAD="$top_builddir/tests/hosts/.libs/saboteur.so" "$tool" soak --threads 4 \
		$none --each 1000000000 --seconds 60 "$@"
	set -- "$harm" "$pattern" "$finding"
	is "soak finds: $1" exits 1
	is "... and counts it" says out "$2"
	is "... and describes it" says out "^first finding: $3"
}

if [ "${EMULATOR-}" ] || { is_sanitized && ! is_coverage; }; then
	skip "soak finds sabotage" "nothing can be preloaded under an emulator or a sanitizer"
else
	sabotaged wrong '^wrong [1-9]' 'inner_product gave other bits than scalar'
	sabotaged failed 'wrong 0, failed [1-9]' 'inner_product returned'
	sabotaged swap 'failed [1-9]' 'swap to '
	sabotaged mapping 'leaked mappings 1,' 'still mapped: ' $closed
	sabotaged fd 'leaked descriptors 1,' 'still open: descriptor [0-9]* /dev/null' $closed
	sabotaged child '^wrong [1-9]' 'a forked child got a wrong answer in case' --forks-per-second 5
	sabotaged signal '^wrong 1,' 'a signal handler got a wrong answer' --signals-per-second 100
	sabotaged fault 'failed [1-9]' '.* was accepted as a backend' --faults-per-second 5
	sabotaged proof 'failed [1-9]' '.*crashing/.* was accepted as a backend' --faults-per-second 100 --crashing "$plugins/crashing/.libs"
	sabotaged silence 'failed [1-9]' '.* was refused without a reason' --faults-per-second 5
	sabotaged reload 'failed [1-9]' 'reload of an invalid configuration: ' --reloads-per-second 20
	sabotaged probation '^wrong [1-9]' 'a call that a backend on probation betrays got a wrong answer' \
		--canaries-per-second 50 --turncoats "$plugins/turncoats/.libs"
	sabotaged promoted 'failed [1-9]' '.*turncoats/.* betrays a call, and was promoted' \
		--canaries-per-second 50 --turncoats "$plugins/turncoats/.libs"
	sabotaged free 'failed [1-9]' '.*turncoats/.* was rolled back, and is not in quarantine' \
		--canaries-per-second 50 --turncoats "$plugins/turncoats/.libs"
	sabotaged resident 'not unloaded 1' '.* 1 are resident' $closed
	if [ "$(soak --seconds 1 | grep -c 'swaps to it')" -gt 1 ]; then
		sabotaged blamed 'failed [1-9]' 'good backend .* was rolled back: all steps held' --canaries-per-second 50
		sabotaged unpaused 'failed [1-9]' 'a rollout that was paused goes on' --canaries-per-second 50
		sabotaged mixed ' mixed [1-9]' 'generation 1000000 was served by'
	else
		skip "soak finds: mixed" "this CPU runs no backend but scalar"
	fi
fi
finish
