#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The bit-identity test can fail: on a plugin with one wrong bit, on a golden hash that is wrong or missing, and without
# plugins to look at.
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
cd "$directory" || exit 99
# shellcheck disable=SC2086 # EMULATOR carries options
bits() { ${EMULATOR-} "${top_builddir:?}/tests/bits/bits" "$@"; }
mkdir plugins empty
cp "$top_builddir/tests/plugins/.libs/odd.so" plugins
unset TENON_TEST_ODD

run bits plugins
is "a plugin like scalar passes" exits 0
is "... and was run" says out '^ok [0-9]* - inner_product odd [1-9][0-9]* [0-9a-f]\{16\}$'

TENON_TEST_ODD=bits
export TENON_TEST_ODD
run bits plugins
is "a plugin with one wrong bit fails" exits 1
is "... by name" says out '^not ok [0-9]* - inner_product odd .*: differs from scalar$'
is "... with the first case" says out '^# the first case that differs is number [0-9]*$'
run bits --record --golden golden.txt plugins
is "... and is not recorded" test ! -e golden.txt
TENON_TEST_ODD=declines
run bits plugins
is "a plugin that declines fails" says out '^not ok [0-9]* - odd .*declined'
unset TENON_TEST_ODD

sed '/^inner_product/s/[0-9a-f]*$/0123456789abcdef/' "$top_srcdir/tests/bits/golden.txt" > golden.txt
run bits --golden golden.txt empty
is "a wrong golden hash fails" exits 1
is "... by name" says out '^not ok [0-9]* - inner_product scalar (linked) .*: not the golden hash$'
run bits --golden none.txt empty
is "missing golden hashes fail" exits 1
run bits nowhere
is "a folder that is not there fails" exits 1
run bits --frob
is "an unknown option is a usage error" exits 2
finish
