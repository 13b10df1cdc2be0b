#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# usage: check.sh [format|tidy|cppcheck|scan]...: TAP. Reads the sources in $top_srcdir with the flags in $STATIC_FLAGS, in a
# build folder; the findings follow a failed line as comments. A tool that is missing is a skip that names its package.
set -u
source=$(cd "${top_srcdir:?}" && pwd) || exit 99
build=$(mktemp -d) || exit 99
trap 'rm -rf "$build"' EXIT
number=0 bad=0

say() { printf '%s\n' "$*"; }
# report WHAT STATUS FILE: a line of TAP, and the findings in FILE if it failed.
report() {
	number=$((number + 1))
	if [ "$2" = 0 ]; then say "ok $number - $1"; return; fi
	bad=1
	say "not ok $number - $1"
	sed 's/^/# /' "$3" | head -n 100
}
# What the makefiles define for single files; any text will do.
for name in TENON_SYSCONFDIR TENON_BACKENDDIR TENON_PROVE_PROGRAM TENON_FETCH_DATA TENON_TEMPLATES TENON_DEMODIR BENCH_DIR BENCH_FLAGS \
	BENCH_CFLAGS TENON_MODULEDIR TENON_MUTANTSDIR; do
	STATIC_FLAGS="$STATIC_FLAGS -D$name=\\\"x\\\""
done
has() { # COMMAND PACKAGE WHAT
	command -v "$1" > /dev/null && return
	number=$((number + 1))
	say "ok $number - $3 # SKIP $1 is missing (Debian package $2)"
	false
}
# What people write: not templates, frozen headers, tables that a generator prints.
sources() { (cd "$source" && find "$@" \( -name '*.c' -o -name '*.h' \) ! -path '*/build/*' ! -path '*/new-backend/*' \
	! -path '*/peers/built/*' ! -path '*/abi/1.0/*' ! -name template.c ! -name crc32c_table.h ! -name crc32c_shifts.h \
	! -path '*/shared/*_constants.h') | sed "s|^|$source/|" | LC_ALL=C sort; }
flags_of() { # FOLDER: what the ISA of a backend adds
	case $1 in
	*/avx2) say -mavx2 -mbmi -mbmi2 -mlzcnt -mpclmul -mvpclmulqdq ;;
	*/avx512) say -mbmi -mbmi2 -mlzcnt -mpclmul -mvpclmulqdq -mavx512f -mavx512cd -mavx512bw -mavx512dq -mavx512vl -mavx512vbmi2 \
		-mavx512vpopcntdq ;;
	esac
}

check_format() {
	has clang-format clang-format 'clang-format' || return 0
	# shellcheck disable=SC2046 # file names of ours
	clang-format --dry-run --Werror $(sources include runtime backends tools tests bench examples) > "$build/out" 2>&1
	report 'clang-format has nothing to change' $? "$build/out"
}

check_tidy() {
	has clang-tidy clang-tidy 'clang-tidy' || return 0
	for folder in runtime tools bench tests/conform backends/scalar backends/avx2 backends/avx512; do
		# shellcheck disable=SC2046,SC2086 # several words each
		sources $folder | grep '\.c$' | xargs -P "$(nproc)" -n 8 sh -c 'clang-tidy --quiet "$@" -- '"$STATIC_FLAGS $(flags_of $folder)" tidy \
			> "$build/out" 2> "$build/err"
		report "clang-tidy finds nothing in $folder" $? "$build/out"
	done
}

check_cppcheck() {
	has cppcheck cppcheck 'cppcheck' || return 0
	for folder in runtime tools bench tests/conform; do
		# shellcheck disable=SC2046,SC2086
		cppcheck -q -j "$(nproc)" --enable=warning,portability --std=c11 --inline-suppr --suppressions-list="$source/tests/static/cppcheck.txt" \
			--error-exitcode=1 $(say "$STATIC_FLAGS" | tr ' ' '\n' | sed -n 's/\\//g; /^-[ID]/p') -D__x86_64__ -D__linux__ "$source/$folder" > "$build/out" 2>&1
		report "cppcheck finds nothing in $folder" $? "$build/out"
	done
}

# A build of its own; the compiler's warnings are other checks' matter.
check_scan() {
	has scan-build clang-tools 'scan-build' || return 0
	# It knows no va_list that a caller began, and takes every strcpy() for unbounded. Mutants are wrong on purpose.
	if (cd "$build" && "$source/configure" -q CC=clang CFLAGS='-g -O1' &&
		scan-build --use-cc=clang -o "$build/report" --status-bugs \
			-disable-checker valist.Uninitialized -disable-checker security.insecureAPI.strcpy \
			make -s -j "$(nproc)" all mutants_LTLIBRARIES=) > "$build/out" 2>&1; then
		report 'scan-build finds nothing' 0 "$build/out"
	else
		grep -E 'warning:|error' "$build/out" > "$build/lines"
		report 'scan-build finds nothing' 1 "$build/lines"
	fi
}

[ $# -gt 0 ] || set -- format tidy cppcheck scan
for part; do
	case $part in
	format) check_format ;;
	tidy) check_tidy ;;
	cppcheck) check_cppcheck ;;
	scan) check_scan ;;
	*) say "check.sh: no part $part: format, tidy, cppcheck, scan" >&2; exit 2 ;;
	esac
done
say "1..$number"
exit $bad
