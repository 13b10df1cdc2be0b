#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The probe and the choice on x86-64 CPUs that this machine is not: qemu-user's Nehalem, Haswell and max.
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
cd "$directory" || exit 99
unset TENON_BACKEND TENON_MAX_ISA TENON_CONFIG
: > empty.ini
export TENON_BACKEND_PATH="${top_builddir:?}/backends/.libs"

machine=$(od -An -tu2 -j18 -N2 "$top_builddir/tools/.libs/tenon" | tr -d ' ')
reason=
if ! command -v qemu-x86_64 > /dev/null; then reason="no qemu-x86_64: install qemu-user"
elif [ "$machine" != 62 ]; then reason="not built for x86-64"
elif is_sanitized; then reason="sanitizers do not run under qemu-user"
elif [ ! -e "$TENON_BACKEND_PATH/avx2.so" ] || [ ! -e "$TENON_BACKEND_PATH/avx512.so" ]; then reason="built without avx2 or avx512"
fi
if [ "$reason" ]; then
	echo "1..0 # SKIP $reason"
	exit 0
fi

# on CPU COMMAND...: the tool on that CPU.
on() {
	EMULATOR="qemu-x86_64 -cpu $1"
	shift
	TENON_LAUNCHER=$EMULATOR run tenon "$@" --config empty.ini
}

# probes CPU LEVEL MASKED
probes() {
	on "$1" probe
	is "$1 is probed" exits 0
	is "... as $2" says out "^level  *$2\$"
	is "... masked: $3" says out "^masked  *$3"
}
probes Nehalem x86-64-v2 none
is "... without avx" test -z "$(grep '^features\|^  ' out | grep -w avx)"
probes Haswell x86-64-v3 none
probes max x86-64-v3 none
probes Haswell,-movbe x86-64-v2 none
# Without XSAVE the operating system cannot save AVX registers, although CPUID still reports AVX.
probes Haswell,-xsave x86-64-v2 '(OSXSAVE is off: the operating system saves no extended registers) .*avx2'

# chooses CPU BACKEND
chooses() {
	on "$1" list
	is "$1 lists backends" exits 0
	is "... and takes $2" says out "^\* $2 .*"
	is "... by itself" says out "backend = auto (the default) takes $2\$"
}
chooses Nehalem scalar
is "... since avx2 lacks a bit" says out 'avx2.so: needs avx of x86-64-v3 (CPUID leaf 1.0 ECX bit 28), which this CPU does not report$'
chooses Haswell avx2
is "... since avx512 lacks a bit" says out 'avx512.so: needs avx512f of x86-64-v4 (CPUID leaf 7.0 EBX bit 16), which this CPU'
chooses max avx2
chooses Haswell,-avx2 scalar
chooses Haswell,-xsave scalar
is "... since avx2 is masked" says out 'avx2.so: needs avx of x86-64-v3 .*which is masked: OSXSAVE is off'

on Nehalem explain avx2
is "a backend that only this CPU cannot run exits 77" exits 77
is "... and says so" says out '^avx2: unsupported'
on Haswell explain avx2
is "one that it can exits 0" exits 0
is "... and was loaded there" says out '^  passed  *load '
export TENON_BACKEND=avx512
on Haswell list
is "a forced backend passes the same checks" says out 'backend = avx512 (environment TENON_BACKEND) cannot be had, so scalar serves: .*avx512f'
is "... and scalar serves" says out '^\* scalar '
unset TENON_BACKEND
export TENON_MAX_ISA=scalar
on max list
is "a cap is obeyed there, too" says out '^\* scalar '
is "... and named" says out 'avx2.so: needs .*masked: max_isa = scalar caps it'
finish
