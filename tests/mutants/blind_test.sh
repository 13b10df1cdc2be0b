#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The score can fail: with a comparator that sees nothing, for a mutant that survives, without mutants to run.
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
cd "$directory" || exit 99
mutants=${TENON_MUTANTS:?}
# shellcheck disable=SC2086 # EMULATOR carries options
blind() { ${EMULATOR-} "$top_builddir/tests/mutants/blind" "$@"; }
# shellcheck disable=SC2086
score() { ${EMULATOR-} "$top_builddir/tests/mutants/score" "$@"; }

run blind "$mutants" negative_zero
is "a stubbed comparator fails" exits 1
is "... on a survivor" says out '^# survived [1-9][0-9]* cases$'
run blind "$mutants" reads_past_row
is "... but guard pages need no comparator" exits 0
# What no comparator sees, the laws do: each of them has something that it alone, or it first, notices.
for mutant in last_row_in_order:law-permutation normalises_query:law-symmetry pushes_backwards:law-layout \
	crc_drops_tail:law-continuation age_32_bits:law-monotony merge_left_biased:law-algebra diff_copies_page:law-identity \
	diff_as_xor:law-round-trip count_8_bits:law-division; do
	run blind "$mutants" "${mutant%:*}"
	is "without a comparator ${mutant%:*} breaks ${mutant#*:}" says out "^# killed by ${mutant#*:}, not by"
done
run blind "$mutants" bounded_small_path
is "... and bounded_small_path law-scaling, as it should" exits 0
mkdir right
cp "${top_builddir:?}/backends/.libs/scalar.so" right/mutants.so
run score right half_lanes
is "a right kernel is no killed mutant" exits 1
run score nowhere
is "mutants that are not there fail" exits 1
run score "$mutants" none_such
is "no mutant at all fails" exits 1
finish
