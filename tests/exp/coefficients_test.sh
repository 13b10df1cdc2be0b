#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The constants of exp and log are those that the scripts derive.
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
cd "$directory" || exit 99
shared=$top_srcdir/backends/shared

for function in exp log; do
	if command -v python3 > /dev/null; then
		run env PYTHONDONTWRITEBYTECODE=1 python3 "$shared/${function}_coefficients.py"
		is "${function}_coefficients.py runs" exits 0
		diff "$shared/${function}_constants.h" out > differences
		mv differences out
		is "it prints ${function}_constants.h (< committed, > printed)" empty out
	else
		skip "${function}_coefficients.py prints ${function}_constants.h" "no python3"
	fi
done
finish
