#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# `make check-compilers`: the same bits from gcc and clang at -O0 and -O3, natively, under an emulated older CPU and on
# aarch64, and the opcode scan of builds with -march=native. Minutes, so not part of make check. Each build is a folder
# of its own in ./compilers, made with the real configure. TENON_SYSROOT is what tools/make-sysroot made, for aarch64.
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
work=$PWD/compilers
limit='timeout 300'
unset CC OBJDUMP CFLAGS CPPFLAGS LDFLAGS # make's are those of another build

# passes COMMAND...: runs a TAP program; its output is shown, as comments, only when it fails.
passes() {
	if $limit "$@" > tap.log 2>&1 && ! grep -q '^not ok' tap.log && grep -q '^ok' tap.log; then
		return 0
	fi
	sed 's/^/# /' tap.log
	return 1
}

build() ( # FOLDER CONFIGURE_ARGUMENTS...
	rm -rf "${work:?}/$1"
	mkdir -p "$work/$1" && cd "$work/$1" || exit
	shift
	{
		$limit "$top_srcdir/configure" --without-jansson "$@" && $limit make -j2 bits-parts
	} > build.log 2>&1 < /dev/null || { tail -n 20 build.log | sed 's/^/# /'; exit 1; }
)

bits() { TENON_BACKEND_PATH=$PWD/backends/.libs passes "$@" tests/bits/bits; }
opcodes() { top_builddir=$PWD OBJDUMP=${1-} passes sh "$top_srcdir/tests/bits/opcodes_test.sh"; }
is_cached() { [ -e "$1/.complete" ]; }

for compiler in gcc clang; do
	if ! command -v $compiler > /dev/null; then
		skip "$compiler" "$compiler is missing (Debian package $compiler)"
		continue
	fi
	for flags in '-O0' '-O3' '-O2 -march=native'; do
		name="$compiler $flags"
		is "$name builds" build "$(echo "$name" | tr -d ' ')" CC=$compiler CFLAGS="$flags"
		cd "$work/$(echo "$name" | tr -d ' ')" || exit 99
		is "$name gives the golden bits" bits
		is "$name keeps instructions to their backends" opcodes
		if [ "$name" != 'gcc -O3' ]; then continue; fi # emulation takes a minute each
		for cpu in Haswell Nehalem; do
			if [ "$(uname -m)" != x86_64 ] || ! command -v qemu-x86_64 > /dev/null; then
				skip "$name on $cpu" 'needs an x86-64 machine with qemu-x86_64 (Debian package qemu-user)'
			else
				is "$name gives the golden bits on $cpu" bits qemu-x86_64 -cpu $cpu
			fi
		done
	done
done

sysroot=${TENON_SYSROOT:-}
libraries=$sysroot/usr/lib/aarch64-linux-gnu
for flags in -O0 -O3; do
	name="aarch64 gcc $flags"
	if ! is_cached "$sysroot"; then
		skip "$name" 'TENON_SYSROOT names no folder that tools/make-sysroot completed'
		continue
	fi
	if ! command -v aarch64-linux-gnu-gcc > /dev/null || ! command -v qemu-aarch64 > /dev/null; then
		skip "$name" 'needs gcc-aarch64-linux-gnu and qemu-user'
		continue
	fi
	PKG_CONFIG_LIBDIR=$libraries/pkgconfig PKG_CONFIG_SYSROOT_DIR=$sysroot PKG_CONFIG_PATH=
	export PKG_CONFIG_LIBDIR PKG_CONFIG_SYSROOT_DIR PKG_CONFIG_PATH
	is "$name builds" build aarch64$flags --host=aarch64-linux-gnu CFLAGS=$flags \
		LDFLAGS="-L$libraries -Wl,-rpath-link,$libraries"
	cd "$work/aarch64$flags" || exit 99
	is "$name gives the golden bits" bits qemu-aarch64 -L "$sysroot"
	is "$name fuses nothing" opcodes aarch64-linux-gnu-objdump
done
finish
[ "$failures" = 0 ]
