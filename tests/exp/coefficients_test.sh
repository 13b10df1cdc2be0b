#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The constants of exp are those that the script derives.
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
cd "$directory" || exit 99
shared=$top_srcdir/backends/shared

if command -v python3 > /dev/null; then
	run env PYTHONDONTWRITEBYTECODE=1 python3 "$shared/exp_coefficients.py"
	is "exp_coefficients.py runs" exits 0
	diff "$shared/exp_constants.h" out > differences
	mv differences out
	is "it prints exp_constants.h (< committed, > printed)" empty out
else
	skip "exp_coefficients.py prints exp_constants.h" "no python3"
fi
finish
