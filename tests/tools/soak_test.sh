#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A short soak finds nothing; one that is sabotaged finds just that. `make soak` runs the full figures.
if [ $# = 0 ]; then
	# libtool replaces its wrapper by the program and sets the library path.
	exec "${top_builddir:?}/libtool" --mode=execute sh "$0" "$top_builddir/tools/tenon"
fi
tool=$1
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
cd "$directory" || exit 99
export TENON_BACKEND_PATH="${top_builddir:?}/backends/.libs"

# shellcheck disable=SC2086 # EMULATOR is several words
soak() { ${EMULATOR-} "$tool" soak "$@"; }
json() { python3 -c 'import json, sys; d = json.load(open("out")); sys.exit(not eval("(" + sys.argv[1] + ")"))' "$1"; }
clean='wrong 0, failed 0, mixed 0, leaked mappings 0, leaked descriptors 0, not unloaded 0'

# Sanitizers and emulators leave a tenth of the speed or less; `make soak` has the figures that count.
if [ "${EMULATOR-}" ] || is_sanitized; then warm=150 cold=30; else warm=1500 cold=300; fi
run soak --swaps $warm --seconds 60 --threads 16
is "a warm soak is clean" exits 0
is "... and says so" says out "^$clean$"
is "... with the swaps that were asked for" says out " $warm warm swaps, [1-9][0-9]* rollbacks, [1-9][0-9]* threads, [1-9][0-9]* calls"
run soak --swaps $cold --seconds 60 --threads 16 --cold --swaps-per-second 0
is "a cold soak is clean" exits 0
is "... and says so" says out "^$clean$"
run soak --seconds 1 --swaps 1000000 --threads 2
is "swaps not reached in time exit 4" exits 4
is "... and the report says what to do" says out 'the time was over before 1000000 swaps: give more --seconds'
run soak --threads 0
is "no threads is a usage error" exits 2

if ! grep -q '^#define HAVE_JANSSON' "$top_builddir/build.h"; then
	skip "soak --json" "built without jansson"
elif ! command -v python3 > /dev/null; then
	skip "soak --json" "no python3 to read it"
else
	if is_sanitized; then seconds=4; else seconds=1; fi
	run soak --seconds $seconds --threads 4 --json
	is "soak --json has its keys" json "d['schema'] == 'tenon.soak/1' and d['calls'] > 0 and d['swaps'] > 0 and
		d['threads_created'] > 4 and d['rollbacks'] >= 0"
	is "... all of them zero that should be" json "0 == d['wrong'] == d['failed'] == d['mixed'] == d['leaked_mappings'] ==
		d['leaked_fds'] == d['not_unloaded']"
fi

# sabotaged HARM PATTERN: soak finds the harm that tests/hosts/saboteur.c does.
sabotaged() {
	run env SABOTAGE="$1" LD_PRELOAD="$top_builddir/tests/hosts/.libs/saboteur.so" "$tool" soak --seconds 1 --threads 4
	is "soak finds: $1" exits 1
	is "... and counts it" says out "$2"
	is "... and describes it" says out "^first finding: $3"
}

if [ "${EMULATOR-}" ] || is_sanitized; then
	skip "soak finds sabotage" "nothing can be preloaded under an emulator or a sanitizer"
else
	sabotaged wrong '^wrong [1-9]' 'inner_product gave other bits than scalar'
	sabotaged failed 'wrong 0, failed [1-9]' 'inner_product returned'
	sabotaged swap 'failed [1-9]' 'swap to '
	sabotaged mapping 'leaked mappings 1,' 'still mapped: '
	sabotaged fd 'leaked descriptors 1,' 'still open: descriptor [0-9]* /dev/null'
	sabotaged resident 'not unloaded 1' '.* 1 are resident'
	if [ "$(soak --seconds 1 | grep -c 'swaps to it')" -gt 1 ]; then
		sabotaged mixed ' mixed [1-9]' 'generation 1000000 was served by'
	else
		skip "soak finds: mixed" "this CPU runs no backend but scalar"
	fi
fi
finish
