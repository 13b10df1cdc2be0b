# shellcheck shell=sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What shell tests share; they start with `. "${top_srcdir:?}/tests/tap.sh"` and end with `finish`. $directory is a
# private folder, gone at the end. CC, TEST_CFLAGS and TEST_LIBS come from configure, by way of make check.
set -u
directory=$(mktemp -d) || exit 99
trap 'rm -rf "$directory"' EXIT
count=0

# is NAME COMMAND...: one TAP line; a failure shows the command, and the files out and err of the current folder.
is() {
	name=$1
	shift
	count=$((count + 1))
	if "$@"; then
		echo "ok $count - $name"
		return
	fi
	echo "not ok $count - $name"
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

exits() { [ "$code" = "$1" ]; }
says() { grep -q -e "$2" "$1"; } # FILE PATTERN
empty() { [ ! -s "$1" ]; }

# is_json NAME EXPRESSION: is, of a Python expression over d, the JSON object in out.
is_json() {
	if ! grep -q '^#define HAVE_JANSSON' "${top_builddir:?}/build.h"; then skip "$1" "built without jansson"
	elif ! command -v python3 > /dev/null; then skip "$1" "no python3"
	else is "$1" python3 -c 'import json, sys; d = json.load(open("out")); sys.exit(not eval("(" + sys.argv[1] + ")"))' "$2"; fi
}

is_sanitized() { grep -q '^#define TENON_SANITIZED' "${top_builddir:?}/build.h"; }

finish() { echo "1..$count"; }
