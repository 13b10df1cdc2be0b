#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Reproducers: for a mutant of every kernel that has some, and one of every kind of misdeed, the C file compiles without a warning, exits
# with 1 on the mutant and with 0 on scalar, which is right.
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
cd "$directory" || exit 99
unset TENON_BACKEND TENON_MAX_ISA TENON_CONFIG TENON_MUTANT
: > empty.ini
verify() { tenon verify --config empty.ini "$@"; }
mutants=${TENON_MUTANTS:?}/mutants.so
scalar=${top_builddir:?}/backends/.libs/scalar.so

if is_sanitized && ! is_coverage; then
	echo "1..0 # SKIP plugins of a sanitizer build need a sanitized program"
	exit 0
fi

# shellcheck disable=SC2086 # EMULATOR carries options
reproduce() { timeout 60 ${EMULATOR-} "$@"; } # PROGRAM PLUGIN

# tries COMPILER MUTANT: writes it, compiles it, and runs it on the mutant and on what is right.
tries() {
	rm -f case.c case
	TENON_MUTANT=$2 run verify "$mutants" --reproducer case.c
	[ "$code" = 1 ] && [ -s case.c ] || return 1
	run "$1" -std=gnu11 -Wall -Wextra -Werror -o case case.c -ldl
	[ "$code" = 0 ] || return 1
	TENON_MUTANT=$2 run reproduce ./case "$mutants"
	[ "$code" = 1 ] && grep -q '^reproduced: ' out || return 1
	run reproduce ./case "$scalar"
	[ "$code" = 0 ]
}

compiler=${CC:-cc}
compiler=${compiler%% *}
sed -n 's/^MUTANT(\([a-z_0-9]*\), \([a-z_0-9]*\), \([A-Z_0-9]*\),.*/\2 \1 \3/p' "$top_srcdir/tests/mutants/mutants.def" |
	grep -v -e ' NONE$' -e ' LAW' > all
awk '!seen[$1]++ { print $1, $2 }' all > first
is "there are mutants of every family" test "$(wc -l < first)" -ge 15
while read -r kernel mutant; do
	is "$kernel: $mutant is reproduced" tries "$compiler" "$mutant"
done < first
for mutant in reads_past_row writes_before_scores normalises_in_place aborts exits misses_nonfinite counts_calls leaks \
	opens_file sets_environment sets_errno keeps_rounding clobbers_register bounded_half_lanes; do
	# shellcheck disable=SC2086
	if [ "$mutant" = leaks ] && [ "${EMULATOR-}" ]; then
		skip "$mutant is reproduced" "an emulator's own descriptors and mappings come and go"
		continue
	fi
	if [ "$mutant" = counts_calls ] && is_coverage; then
		skip "$mutant is reproduced" "the counters of lines are in the plugin's memory, so nobody watches it"
		continue
	fi
	is "$mutant is reproduced" tries "$compiler" $mutant
done

# shellcheck disable=SC2086
if command -v clang > /dev/null && [ -z "${EMULATOR-}" ] && [ "$(uname -m)" = x86_64 ]; then
	for mutant in half_lanes reads_past_row keeps_direction keeps_x87 leaks; do
		is "$mutant is reproduced with clang" tries clang $mutant
	done
else
	skip "reproducers with clang" "no clang for this machine (Debian package clang)"
fi

TENON_MUTANT=half_lanes run verify "$mutants" --reproducer case.c
is "a reproducer names the case" grep -q '^ \* inner_product kind=.*: scores\[0\] ' case.c
is "... how to compile it" grep -q '^ \*  *gcc -Wall -Wextra -o reproduce case.c -ldl && ./reproduce PLUGIN.so$' case.c
is "... and how to replay it" grep -q '^ \*  *tenon verify PLUGIN.so --replay inner_product:seed=1,' case.c
is "... and needs no header of ours" sh -c '! grep "#include.*tenon" case.c'
run verify "$scalar" --kernel crc32c --reproducer none.c
is "where nothing fails nothing is written" test ! -e none.c
is "... and it says so" says err 'no case failed'
run verify "$TENON_MUTANTS/opcode_in_baseline.so" --kernel inner_product --reproducer none.c
is "... as where no call failed" says err 'no case failed'
TENON_MUTANT=half_lanes run verify "$mutants" --reproducer "$directory/no/where.c"
is "what cannot be written is an error" exits 2
law=$(sed -n 's/^[A-Z]*(\([a-z_0-9]*\), [a-z_0-9]*, LAW_[A-Z_]*,.*/\1/p' "$top_srcdir/tests/mutants/mutants.def" | head -n 1)
TENON_MUTANT=$law run verify "$mutants" --reproducer none.c
is "a law is no single call" says err 'compares several calls; replay it instead'
is "... and fails as ever" exits 1
TENON_MUTANT=length_16_bits run verify "$mutants" --replay "inner_product:seed=1,dim=69999,count=4" --reproducer none.c
is "a case that is too large is not written" says err 'elements, a reproducer at most [0-9]*; replay it'
finish
