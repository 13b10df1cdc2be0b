#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# libtenon exports the functions of tenon.h and nothing else, needs few libraries, and costs a process 8 bytes of
# thread-local storage and no constructor.
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
cd "$directory" || exit 99
library=${top_builddir:?}/.libs/libtenon.so

# One statement a line; the first tenon_ name before a parenthesis is the function. Inline ones need no symbol.
echo '#include <tenon/tenon.h>' | sh -c "${CC:-cc} -E -P -I'$top_srcdir/include' -x c -" | tr '\n' ' ' | tr ';' '\n' > source
grep -o 'static inline [^(]*' source | sed 's/.*[ *]//' > inline
grep -v '^ *typedef' source | sed -n 's/^[^(]*[ *]\(tenon_[a-z0-9_]*\) *(.*/\1/p' | grep -vxF -f inline |
	LC_ALL=C sort > declared
nm -D --defined-only "$library" | awk '$2 == "T" {print $3}' | sed 's/@.*//' | LC_ALL=C sort > exported
nm -D --defined-only "$library" | awk '$2 != "T" && $2 != "A"' > data

is "tenon.h declares functions" test "$(wc -l < declared)" -gt 15
diff declared exported > out
is "libtenon exports what tenon.h declares (< declared only, > exported only)" empty out
cp data out
is "libtenon exports no data" empty out
nm -D --defined-only "$library" | awk '$2 == "T" && $3 !~ /^tenon_[a-z0-9_]*@@TENON_[0-9]+\.[0-9]+$/' > out
is "each function has a default version, TENON_ and the ABI that it came with" empty out
readelf -VW "$library" > versions
is "TENON_1.0 is one of them" says versions 'Name: TENON_1\.0$'
: > out

if is_sanitized; then
	skip "needed libraries, thread-local storage, constructors" "a sanitizer brings its own"
	finish
	exit
fi
readelf -dW "$library" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' |
	grep -v -e '^libc\.so' -e '^libm\.so' -e '^libdl\.so' -e '^libpthread\.so' -e '^libinih\.so' -e '^ld-linux' \
		-e '^liburcu-bp\.so' -e '^liburcu-common\.so' > out
is "libtenon needs libc, libm, libinih and liburcu-bp only" empty out
readelf -lW "$library" | awk '$1 == "TLS" {print $6}' > out
is "thread-local storage takes 8 bytes" test "$(cat out)" = 0x000008
readelf -dW "$library" > out
is "libtenon is nodelete" says out 'NODELETE'
is "no text relocations" test -z "$(grep TEXTREL out)"
# Of ours: every shared object has the compiler's (frame_dummy; on aarch64 libgcc's look at the CPU's atomics).
readelf -SW "$top_builddir/runtime/.libs/libruntime.a" > sections
is "the archive holds the library's objects" test "$(grep -c '^File: ' sections)" -ge 15
grep -e '\.init_array' -e '\.preinit_array' -e '\.ctors' sections > out
is "no object has a constructor" empty out
finish
