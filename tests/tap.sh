# shellcheck shell=sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What shell tests share; they start with `. "${top_srcdir:?}/tests/tap.sh"` and end with `finish`; where no driver reads the
# lines, `[ "$failures" = 0 ]` follows. $directory is a private folder, gone at the end. CC, TEST_CFLAGS and TEST_LIBS come
# from configure, by way of make check.
set -u
directory=$(mktemp -d) || exit 99
trap 'rm -rf "$directory"' EXIT
trap 'exit 143' HUP INT TERM # or nobody runs that one
count=0 failures=0

# is NAME COMMAND...: one TAP line; a failure shows the command, and the files out and err of the current folder.
is() {
	claim=$1
	shift
	count=$((count + 1))
	if "$@"; then
		echo "ok $count - $claim"
		return
	fi
	failures=$((failures + 1))
	echo "not ok $count - $claim"
	echo "# failed: $*"
	for file in out err; do
		if [ -s $file ]; then sed "s/^/# $file: /" $file; fi
	done
}

# skip NAME REASON
skip() {
	count=$((count + 1))
	echo "ok $count - $1 # SKIP $2"
}

# relay FILE [PREFIX]: what another program said in TAP, under our numbers; its plan must end it.
relay() {
	relayed=$count
	while IFS= read -r line; do
		case $line in
		'ok '*) count=$((count + 1)); printf '%s\n' "ok $count - ${2-}${line#*ok *- }" ;;
		'not ok '*)
			count=$((count + 1)) failures=$((failures + 1))
			printf '%s\n' "not ok $count - ${2-}${line#*ok *- }"
			;;
		'1..'*) ;;
		*) printf '%s\n' "$line" ;;
		esac
	done < "$1"
	is "${2-}ran to its end" test "$count" -gt "$relayed" -a "$(tail -n 1 "$1")" = "1..$((count - relayed))"
}

# run COMMAND...: leaves its stdout in out, stderr in err, its exit code in code; for the conditions below.
run() {
	"$@" > out 2> err
	code=$?
}

# The tool of this build, on this machine or under the emulator that configure was told. Not libtool's wrapper: it is slow
# and knows no emulator.
tenon() {
	# shellcheck disable=SC2086 # EMULATOR carries options
	LD_LIBRARY_PATH=${top_builddir:?}/.libs ${EMULATOR-} "$top_builddir/tools/.libs/tenon" "$@"
}

# built_with HAVE_JANSSON: as build.h has it.
built_with() { grep -q "^#define $1" "${top_builddir:?}/build.h"; }
# $(json): --json, where this build can; for what is looked at beside the document.
json() { if built_with HAVE_JANSSON; then echo --json; fi; }

exits() { [ "$code" = "$1" ]; }
says() { grep -q -e "$2" "$1"; } # FILE PATTERN
empty() { [ ! -s "$1" ]; }

# is_json NAME EXPRESSION: is, of a Python expression over d, the JSON object in out.
is_json() {
	if ! built_with HAVE_JANSSON; then skip "$1" "built without jansson"
	elif ! command -v python3 > /dev/null; then skip "$1" "no python3"
	else is "$1" python3 -c 'import json, sys; d = json.load(open("out")); sys.exit(not eval("(" + sys.argv[1] + ")"))' "$2"; fi
}

# end_tree PID: ends it and all that descends from it: by descent, because timeout(1) makes process groups of its own.
end_tree() {
	kill -STOP "$1" 2> /dev/null || return 0
	children=$(cat "/proc/$1/task/$1/children")
	for child in $children; do end_tree "$child"; done
	kill "$1"
	kill -CONT "$1"
}

# end_jobs: what runs in the background, of scripts that put builds there.
end_jobs() {
	children=$(cat "/proc/$$/task/$$/children")
	for child in $children; do end_tree "$child"; done
}

# Of x86-64 (62 in ELF) only with libzydis.
reads_opcodes() { built_with HAVE_ZYDIS || [ "$(od -An -tu2 -j18 -N2 "$top_builddir/tools/.libs/tenon" | tr -d ' ')" != 62 ]; }
is_coverage() { built_with TENON_COVERAGE; }
is_sanitized() { built_with TENON_SANITIZED; }

finish() { echo "1..$count"; }
