#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The score can fail: with a comparator that sees nothing, for a mutant that survives, without mutants to run.
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
cd "$directory" || exit 99
plugin=${top_builddir:?}/tests/mutants/.libs/mutants.so
# shellcheck disable=SC2086 # EMULATOR carries options
blind() { ${EMULATOR-} "$top_builddir/tests/mutants/blind" "$@"; }
# shellcheck disable=SC2086
score() { ${EMULATOR-} "$top_builddir/tests/mutants/score" "$@"; }

run blind "$plugin" negative_zero
is "a stubbed comparator fails" exits 1
is "... on a survivor" says out '^# survived [1-9][0-9]* cases$'
run blind "$plugin" reads_past_row
is "... but guard pages need no comparator" exits 0
run score "$top_builddir/backends/.libs/scalar.so" half_lanes
is "a right kernel is no killed mutant" exits 1
run score nowhere.so
is "mutants that are not there fail" exits 1
run score "$plugin" none_such
is "no mutant at all fails" exits 1
finish
