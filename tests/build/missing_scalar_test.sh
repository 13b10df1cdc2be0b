#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A kernel that is in kernels.def alone does not link, and the linker names each part that is missing.
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
cd "$directory" || exit 99
cp -R "$top_srcdir/include" .
chmod -R u+w include

# The files that expand kernels.def, against the objects of the build for everything else.
link_runtime() {
	rm -f ./*.o
	sh -c "${CC:-cc} -fPIC -fvisibility=hidden -w -Iinclude -I'$top_srcdir' -I'${top_builddir:?}' -DHAVE_CONFIG_H \
		$TEST_CFLAGS -c '$top_srcdir/runtime/calls.c' '$top_srcdir/runtime/kernels.c' '$top_srcdir/runtime/table.c' &&
		${CC:-cc} $TEST_CFLAGS -shared -o runtime.so calls.o kernels.o table.o \
		'$top_builddir/runtime/.libs/libruntime.a' $TEST_LIBS -lm -Wl,--no-undefined"
}

run link_runtime
is "the kernels of kernels.def link" exits 0
echo 'TENON_KERNEL(40000, unwritten, 0, TENON_ARG(size_t, count))' >> include/tenon/kernels.def
run link_runtime
is "one without a body does not" test "$code" != 0
is "... and the linker names the body" says err 'undefined reference to .scalar_unwritten'
is "... the spec's check" says err 'undefined reference to .check_unwritten'
is "... and its self-test" says err 'undefined reference to .test_unwritten'
finish
