#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What examples/ gives to operators, tried for real: `make check-monitoring`, TAP on stdout; PARTS='rules live' for some.
if [ "${TENON_MONITORING-}" != ready ]; then
	# libtool replaces its wrappers by the programs and sets the library path.
	export TENON_MONITORING=ready
	exec ${LIBTOOL:?} --mode=execute sh "$0" "${top_builddir:?}/tools/tenon" "$top_builddir/tests/hosts/host" "$@"
fi
tool=$1
program=$2
shift 2
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
cd "$directory" || exit 99
mkdir runtime
chmod 700 runtime
export RUNTIME_DIRECTORY="$directory/runtime"
unset TENON_BACKEND TENON_LOG TENON_CONFIG
tenon() { "$tool" "$@"; }
# shellcheck source=tests/hosts/hosts.sh
. "$top_srcdir/tests/hosts/hosts.sh"
# shellcheck disable=SC2034 # for the parts
examples=$top_srcdir/examples
monitoring=$top_srcdir/tests/monitoring

# lacks NAME COMMAND PACKAGE: true, and one skip, if the command is missing.
lacks() {
	if command -v "$2" > /dev/null; then return 1; fi
	skip "$1" "$2 is missing (Debian package $3)"
}

# lacks_http NAME: true, and one skip, if this build has no HTTP.
lacks_http() {
	if find "$top_builddir" -path '*/.libs/*http*.so' | grep -q .; then return 1; fi
	skip "$1" 'built without HTTP (Debian package libmicrohttpd-dev)'
}

if [ $# = 0 ]; then set -- rules live service kubernetes; fi
for part in "$@"; do
	if [ -e "$monitoring/$part.sh" ]; then
		# shellcheck source=/dev/null
		. "$monitoring/$part.sh"
	else
		is "part $part" false
	fi
done
finish
[ "$failures" = 0 ]
