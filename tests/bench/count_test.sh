#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# count-instructions, under the emulator of a cross build or qemu-x86_64: every kernel is counted, and twice alike; what
# does not count is no figure.
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
cd "$directory" || exit 99
unset TENON_BACKEND TENON_MAX_ISA TENON_CONFIG
export TENON_BACKEND_PATH="${top_builddir:?}/backends/.libs"
folder=$top_srcdir/bench/count
program=$top_builddir/bench/count/.libs/calls
emulator=${EMULATOR:-}
reason=

if [ -z "$emulator" ] && [ "$(uname -m)" = x86_64 ]; then emulator='qemu-x86_64 -cpu max'; fi
if ! command -v "${emulator%% *}" > /dev/null; then reason="no emulator: install qemu-user"
elif is_sanitized; then reason="sanitizers start helpers that are counted, too"
elif [ ! -x "$program" ]; then reason="built without shared libraries"
fi
if [ "$reason" ]; then
	echo "1..0 # SKIP $reason"
	exit 0
fi

# shellcheck disable=SC2086 # the emulator carries options
count_instructions() {
	LD_LIBRARY_PATH=$top_builddir/.libs run sh "$folder/count-instructions" "$folder" "$program" $1
}

count_instructions "$emulator"
is "the emulator counts" exits 0
cp out first
kernels=$(sed -n 's/^TENON_KERNEL([0-9]*, \([a-z0-9_]*\),.*/\1/p' "$top_srcdir/include/tenon/kernels.def")
for kernel in $kernels; do
	is "$kernel is in the table, with both figures" says out "^$kernel  *[1-9][0-9]*  *[1-9][0-9]*  *[0-9.]*  "
done
count_instructions "$emulator"
is "it counts the same again" cmp -s first out
count_instructions ''
is "without an emulator: exit 2" exits 2
count_instructions env
is "an emulator that does not count: exit 3" exits 3
is "... in words" says err 'did not count'
finish
