# shellcheck shell=sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Hosts under load for shell tests: they are started here, known by $hosts, and end with the test. Sourced after tap.sh, with
# $program, the host as libtool runs it, and in a folder whose "runtime" is $RUNTIME_DIRECTORY.
# shellcheck disable=SC2154
hosts=

end_hosts() {
	for host in $hosts; do kill "$host" 2> /dev/null; done
	rm -rf "$directory"
}
trap end_hosts EXIT

# settled COMMAND...: waits up to a minute for it to succeed.
settled() {
	tries=0
	until "$@" > /dev/null 2>&1; do
		tries=$((tries + 1))
		[ $tries -lt 1200 ] || return 1
		sleep 0.05
	done
}

has() { settled grep -q -e "$2" "$1"; } # FILE PATTERN, within a minute

# start NAME SOCKET THREADS [LINES]: a host whose output is NAME.out, and more of its configuration; its process id goes to $pid.
start() {
	printf '[runtime]\nlabel = %s\n[control]\nsocket = %s\n%b' "$1" "$2" "${4-}" > "$1.ini"
	# The file must be there before a wait looks into it.
	: > "$1.out"
	# shellcheck disable=SC2086
	${EMULATOR-} "$program" "$directory/$1.ini" "$3" > "$1.out" 2> "$1.err" &
	settled grep -q '^ready' "$1.out"
	pid=$(sed -n 's/^ready //p' "$1.out")
	hosts="$hosts $pid"
}

# stop NAME PID: ends a host; whether all of its calls were right.
stop() {
	kill "$2"
	has "$1.out" '^calls [1-9][0-9]* wrong 0 failed 0$'
}
