#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The tables of crc32c are those that the script derives.
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
cd "$directory" || exit 99
backends=$top_srcdir/backends

compare() { # ARGUMENT HEADER
	run env PYTHONDONTWRITEBYTECODE=1 python3 "$backends/shared/crc32c_tables.py" "$1"
	is "crc32c_tables.py $1 runs" exits 0
	diff "$backends/$2" out > differences
	mv differences out
	is "it prints $2 (< committed, > printed)" empty out
}

if command -v python3 > /dev/null; then
	compare bytes scalar/crc32c_table.h
	compare shifts shared/crc32c_shifts.h
else
	skip "crc32c_tables.py prints the committed headers" "no python3"
fi
finish
