#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Anti-vacuity can fail: with a schedule that visits nothing neither a kernel is reached nor does a backend pass.
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
cd "$directory" || exit 99
# shellcheck disable=SC2086 # EMULATOR carries options
idle() { name=$1; shift; ${EMULATOR-} "${top_builddir:?}/tests/conform/idle/$name" "$@"; }

run idle complete
is "kernels that no quick case reaches fail" exits 1
is "... each of them" says out '^not ok 1 - vector_similarity has a spec: 0 quick cases$'
run idle score "${top_builddir:?}/tests/mutants/.libs" good_inner_product
is "a backend of which no case was run does not pass" exits 1
is "... and that is said" says out 'no case was run'
finish
