#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# `make check-portability`: the whole make check of a build with every optional part switched off and scalar alone; at the same
# time one with hardening, LTO and -march=native together, tried with a few tests that reach far; PORTABILITY=full: also
# without each part alone, and with each flag alone, and the whole make check each time, one after the other, which takes an
# hour. Each build is a folder in ./portability, which `make clean` removes.
# shellcheck disable=SC2030,SC2031 # each build counts its own failures
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
trap 'end_jobs; rm -rf "$directory"' EXIT
unset CC CFLAGS CPPFLAGS LDFLAGS OBJDUMP EMULATOR MAKEFLAGS MFLAGS # those of another build
work=$PWD/portability
mode=${PORTABILITY:-quick}
jobs=-j$(nproc)
limit='timeout 1800'
rm -rf "${work:?}"
mkdir -p "$work" || exit 99

# Bits and opcodes of each backend, loading, refusals, swaps, what the library exports, and the tools.
quick_tests='tests/bits/bits tests/bits/opcodes_test.sh tests/build/symbols_test.sh tests/tools/list_test.sh tests/tools/probe_test.sh
	tests/tools/config_test.sh tests/tools/verify_test.sh'
quick_parts='tests/bits/bits'
quick_plugins='tests/plugins/hooked.la tests/plugins/odd.la'

# ---- One build -------------------------------------------------------------------------------------------------------

# show LOG: the last lines of it, as comments.
show() {
	tail -n 25 "$1" | sed 's/^/# /'
	return 1
}

build() { # CONFIGURE_ARGUMENT...
	{ $limit "$top_srcdir/configure" -q "$@" && $limit make -s "$jobs"; } > build.log 2>&1 < /dev/null || show build.log
}

# With LTO each unit test is the library compiled anew, which make check of the full mode does; here one of them, whose code reads
# numbers of several types as words. Without cmocka there are none; it is no part of what is built.
try() {
	set -- check
	if [ "$mode" != full ] && grep -q '^CFLAGS = .*-flto' Makefile; then
		unit_test=''
		if grep -q '^HAVE_CMOCKA_TRUE = *$' Makefile; then unit_test=tests/unit/wordnet; fi
		set -- check TESTS="$quick_tests $unit_test" check_PROGRAMS="$quick_parts $unit_test" check_LTLIBRARIES="$quick_plugins"
	fi
	$limit make -s "$jobs" "$@" > check.log 2>&1 < /dev/null || { grep '^FAIL' check.log | sed 's/^/# /'; show test-suite.log; }
}

is_quiet() { ! grep -E 'warning:|WARNING' build.log | grep -v -e 'libtool: warning' -e 'remember to run' | sed 's/^/# /' | grep .; }

needed() { readelf -dW "$@" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort -u; }
needs_the_core_alone() {
	! needed .libs/libtenon.so.? tools/.libs/tenon tools/tenon-prove | grep -v -e '^libc\.so' -e '^libm\.so' -e '^libdl\.so' \
		-e '^libpthread\.so' -e '^ld-linux' -e '^libinih\.so' -e '^liburcu-' -e '^libtenon\.so' | sed 's/^/# /' | grep .
}
has_scalar_alone() { test "$(cd backends/.libs && echo ./*.so)" = ./scalar.so; }

# one NAME CONFIGURE_ARGUMENT...: in the folder of that build, a TAP program of its own.
one() {
	what=$1
	shift
	is "$what: builds" build "$@"
	if [ "$failures" != 0 ]; then return; fi
	times > build.times
	is "$what: no warning" is_quiet
	is "$what: passes" try
	times > all.times
	sed -n "2s/\(.*\) \(.*\)/# $what: processor time of the build \1 user, \2 system/p" build.times
	sed -n "2s/\(.*\) \(.*\)/# $what: and of the tests, altogether \1 user, \2 system/p" all.times
	case $what in *optional*scalar*) is '... it needs libc, libm, inih and liburcu' needs_the_core_alone ;; esac
	case $what in *scalar*) is '... it has no backend but scalar' has_scalar_alone ;; esac
}

# ---- All of them -----------------------------------------------------------------------------------------------------

# with NAME CONFIGURE_ARGUMENT...: its lines, when it is their turn, are in the file of that number.
builds=0
with() {
	builds=$((builds + 1))
	mkdir "$work/$builds"
	(count=0 failures=0 && cd "$work/$builds" && one "$@" && finish) > "$work/$builds.tap" 2>&1 &
	if [ "$mode" = full ]; then
		wait
		relay "$work/$builds.tap"
	fi
}

refuses_for_size() {
	mkdir "$work/size" && cd "$work/size" || return
	! "$top_srcdir/configure" -q CFLAGS=-Os > log 2>&1 && grep -q 'error: .* inserts no vzeroupper .* -O2 instead of -Os' log
}

# What configure says that can be left out; the ISAs are those of backends/.
parts=$("$top_srcdir/configure" --help | sed -n 's/^  --without-\([a-z0-9]*\) .*/\1/p')
isas='' libraries=''
for part in $parts; do
	if [ -d "$top_srcdir/backends/$part" ]; then isas="$isas --without-$part"; else libraries="$libraries --without-$part"; fi
done
is 'configure says what can be left out' test "$(echo "$parts" | wc -w)" -ge 5

# shellcheck disable=SC2086 # one word a switch
with 'without any optional part, scalar alone' $libraries $isas CFLAGS=-g0
hardened='-O2 -g -fstack-protector-strong -D_FORTIFY_SOURCE=3'
with 'hardening, LTO and -march=native' CFLAGS="$hardened -flto=auto -march=native" LDFLAGS='-O2 -flto=auto -Wl,-z,relro -Wl,-z,now'
case $(uname -m) in
x86_64) is '-Os, with which gcc inserts no vzeroupper, is refused' refuses_for_size ;;
esac

if [ "$mode" = full ]; then
	with "$hardened" CFLAGS="$hardened" LDFLAGS='-Wl,-z,relro -Wl,-z,now'
	with LTO CFLAGS='-O2 -g -flto=auto -ffat-lto-objects' LDFLAGS='-O2 -flto=auto'
	with '-march=native' CFLAGS='-O2 -g -march=native'
	with '-O1' CFLAGS='-O1 -g'
	# shellcheck disable=SC2086
	with 'scalar alone' $isas
	# shellcheck disable=SC2086
	with 'without any optional part' $libraries
	for part in $parts; do with "without $part" "--without-$part"; done
	if command -v clang > /dev/null; then
		with 'clang, -march=native' CC=clang CFLAGS='-O2 -g -march=native'
	else
		skip 'clang, -march=native' 'clang is missing (Debian package clang)'
	fi
else
	wait
	for build in $(seq $builds); do relay "$work/$build.tap"; done
fi
finish
[ "$failures" = 0 ]
