#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# tenon verify --replay FILE: a flight record of a broken backend, on that, on a good one, damaged, cut, and as JSON.
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
cd "$directory" || exit 99
unset TENON_BACKEND TENON_MAX_ISA TENON_CONFIG
: > empty.ini
mutants=${top_builddir:?}/tests/mutants/.libs/mutants.so
recorder() {
	# shellcheck disable=SC2086 # EMULATOR carries options
	LD_LIBRARY_PATH=$top_builddir/.libs ${EMULATOR-} "$top_builddir/tests/flight/recorder" "$mutants" "$@"
}
replay() { tenon verify --config empty.ini --replay "$@"; }

mkdir half cut
recorder half_lanes half > path
record=$(cat path)
is "a record is a file" [ -s "$record" ]
is "... for its owner alone" [ "$(stat -c %a "$record")" = 600 ]
TENON_MUTANT=half_lanes
export TENON_MUTANT
run replay "$record" "$mutants"
is "on the backend that diverged it diverges again" exits 1
is "... and says what the call was" says out '^  call      count=[0-9]* dim=[0-9]* stride=[0-9]*$'
is "... then" says out '^  then      scores\[[0-9]*\] differed$'
is "... and now" says out '^  now       .*/mutants.so: diverges scores\[[0-9]*\] differs'
is "... with the lanes in hexadecimal" says out '^  \*  *[0-9]*  -\{0,1\}0x[0-9a-f.]*p[-+0-9]*  *-\{0,1\}0x[0-9a-f.]*p[-+0-9]*  *-\{0,1\}0x'
lane=$(sed -n 's/^  \*  *[0-9]*  //p' out | head -1)
# shellcheck disable=SC2086 # words
set -- $lane
is "... the same bits as then, not scalar's" [ "$1" = "$2" ]
is "... of which scalar's are others" [ "$2" != "$3" ]
run replay "$record" scalar
is "on another one it does not" exits 0
is "... whose build that is not is said" says out 'scalar: does not diverge every bit is scalar.s'
run replay "$record"
is "the recorded name, which nobody has" exits 3
TENON_MUTANT=null_pointer run replay "$record" "$mutants"
is "a build of it without that defect does not diverge" exits 0
# shellcheck disable=SC2046 # a word or none
run tenon verify --config empty.ini $(json) --replay "$record" "$mutants"
is "with --json it exits alike" exits 1
is_json "JSON has record, replay and lanes" 'd["schema"] == "tenon.verify/1" and d["record"]["kernel"] == "inner_product" and
	d["record"]["replayable"] and d["record"]["first"]["output"] == "scores" and d["replay"]["verdict"] == "diverges" and
	{"index", "recorded", "now", "scalar"} == set(d["lanes"][0])'
run replay "$record" scalar "$mutants"
is "two backends are one too many" exits 2
TENON_MUTANT=nobody run replay "$record" "$mutants"
is "a backend that declines is refused" exits 3
cp "$record" here.tenon
run replay here.tenon scalar
is "FILE.tenon needs no slash" exits 0

# Damage: each refusal names field and offset.
head -c 100 "$record" > short.tenon
run replay ./short.tenon scalar
is "a file that is too short" exits 2
is "... is told so" says err 'the file has 100 bytes, a flight record at least'
head -c 1500 "$record" > short.tenon
run replay ./short.tenon scalar
is "one that was cut" says err 'size at byte 16 is [0-9]*, but the file has 1500 bytes'
{ head -c 2000 "$record"; printf 'X'; tail -c +2002 "$record"; } > damaged.tenon
run replay ./damaged.tenon scalar
is "one that was changed" says err 'checksum at byte [0-9]* is [0-9a-f]*, the bytes before it have'
is "... exits with 2" exits 2
echo 'this is no flight record, but it is long' | awk '{ for (i = 0; i < 50; i++) print }' > other.tenon
run replay ./other.tenon scalar
is "another file" says err 'magic at byte 0 is not TNFLIGHT: this is no flight record'
run replay ./none.tenon scalar
is "no file" exits 2
run replay ./half scalar
is "a folder" exits 2

# Too large for its room, and indivisible.
recorder index_16_bits cut largest > path
record=$(cat path)
run replay "$record" "$mutants"
is "what was too large cannot be called again" exits 77
is "... and says why" says out '^  now       cannot be called again: scores has [0-9]* bytes, of which [0-9]* fit the record$'
is "... but shows what was recorded" says out '^  \*  *[0-9]*  0x[0-9a-f]*  *-  *0x[0-9a-f]*$'
finish
