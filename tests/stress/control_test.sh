#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The negative control: without grace periods the thread sanitizer must report a race, with them none. Otherwise a clean
# run of the concurrency tests would mean nothing.
. "${top_srcdir:?}/tests/tap.sh"
cd "$directory" || exit 99

if grep -q '^SANITIZER_CFLAGS = .*-fsanitize=thread' "${top_builddir:?}/Makefile"; then
	run "$top_builddir/tests/stress/storm"
	is 'the storm passes with grace periods' exits 0
	is '... without a report' empty err
	run "$top_builddir/tests/stress/storm_no_grace"
	is 'without grace periods a race is reported' says err 'ThreadSanitizer: \(data race\|heap-use-after-free\)'
else
	skip 'the thread sanitizer notices missing grace periods' 'needs configure --enable-sanitizer=thread'
fi
finish
