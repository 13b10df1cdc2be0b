#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What configure turned on to make an attack harder is in the binaries; what this compiler cannot do is a skip that says so.
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
cd "$directory" || exit 99
build=${top_builddir:?}
library=$build/.libs/libtenon.so tool=$build/tools/.libs/tenon

# has VARIABLE: did configure set it?
has() { grep -q "^$1 = ." "$build/Makefile"; }
# imports FILE PATTERN
imports() { nm -D --undefined-only "$1" | grep -q "$2"; }

for file in "$library" "$tool" "$build"/tools/.libs/tenon-prove "$build"/backends/.libs/*.so; do
	[ -e "$file" ] || file=$build/tools/tenon-prove
	binary=$(basename "$file")
	readelf -ldnW "$file" > out
	is "$binary has no executable stack" test -z "$(grep 'GNU_STACK.*RWE' out)"
	is "$binary has no segment to write to and run" test -z "$(grep 'LOAD.*RWE' out)"
	if has RELRO_LDFLAGS; then
		is "$binary has relocations that are read-only" says out GNU_RELRO
		is "... and bound at its start" says out 'FLAGS.*NOW'
	else
		skip "$binary: RELRO" "configured without hardening, or this linker has none"
	fi
done
: > out

if has PROTECTOR_CFLAGS; then
	is "libtenon guards its stack" imports "$library" __stack_chk_fail
	is "... and the command" imports "$tool" __stack_chk_fail
else
	skip "stack protector" "configured without hardening, or this compiler has none"
fi
if has FORTIFY_CPPFLAGS; then
	is "libtenon's calls of libc know their buffers" imports "$library" '__[a-z]*_chk\b'
	is "... and the command's" imports "$tool" '__[a-z]*_chk\b'
else
	skip "fortified calls" "configured without hardening, for a sanitizer, or the packager's flags have their own level"
fi
if has CET_CFLAGS; then
	for file in "$build"/backends/.libs/*.so; do
		name="$(basename "$file") promises branch targets and shadow stacks"
		readelf -nW "$file" > out
		if is_sanitized; then skip "$name" "linked with the compiler's start files, which promise nothing"
		else is "$name" says out 'x86 feature: IBT, SHSTK'; fi
	done
	"${OBJDUMP:-objdump}" -d --no-show-raw-insn "$library" | grep -A1 '^[0-9a-f]* <tenon_[a-z0-9_]*>:$' | grep -v -e '^--' -e endbr64 -e '>:$' > out
	is "each function that libtenon exports begins with a branch target" empty out
else
	skip "control-flow marks" "configured without hardening, or not for x86-64"
fi
finish
