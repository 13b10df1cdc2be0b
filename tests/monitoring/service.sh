# shellcheck shell=sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The systemd unit of examples/systemd: systemd's own opinion of it, and a host under its restrictions, by confined.c, because
# there need be no systemd here. Sourced by check-monitoring.sh.
# shellcheck disable=SC2154
unit=$examples/systemd/tenon-host.service
built=$(cd "$top_builddir" && pwd)
confined=$built/tests/monitoring/confined

# ---- What systemd says -----------------------------------------------------------------------------------------------

# A unit is judged with its programs, so they must be there.
verify_unit() { # FILE: no complaint
	sed 's|=/usr/local/[^ ]*|=/bin/true|' "$1" > tenon-host.service
	run systemd-analyze verify --man=no ./tenon-host.service
	[ "$code" = 0 ] && empty out && empty err
}

judge_unit() {
	is 'systemd-analyze verify has nothing to say' verify_unit "$unit"
	sed 's/^MemoryDeny/MemoryDenied/' "$unit" > spoilt
	verify_unit spoilt
	is '... as it has of a misspelt line' says err "Unknown key .*MemoryDeniedWriteExecute"
	verify_unit "$unit"
	run systemd-analyze security --offline=yes --no-pager --threshold=20 ./tenon-host.service
	is "systemd-analyze security: $(sed -n 's/.*Overall exposure level for [^:]*: //p' out), at most 2.0" exits 0
}

# ---- The unit as options of confined ---------------------------------------------------------------------------------

# list_calls GROUP: its system calls and those of the groups in it.
list_calls() {
	systemd-analyze syscall-filter "$1" | sed -n 's/^ *\([-@a-z0-9_]*\)$/\1/p' | while read -r name; do
		case $name in
		"$1") ;;
		@*) list_calls "$name" ;;
		*) echo "$name" ;;
		esac
	done
}

# Their numbers here; those of other machines have none.
number_calls() {
	# shellcheck disable=SC2086 # options
	echo '#include <sys/syscall.h>' | $CC -dM -E - | sed -n 's/^#define __NR_\([a-z0-9_]*\) \([0-9]*\)$/\1 \2/p' |
		sort > numbers
	list_calls "$1" | sort -u | join - numbers | sed 's/.* //'
}

# option_of DIRECTIVE=VALUE: the option of confined; nothing for what needs none; false for what nobody has thought about.
option_of() {
	case $1 in
	ProtectSystem=strict) echo --read-only ;;
	NoNewPrivileges=yes) echo --no-new-privileges ;;
	MemoryDenyWriteExecute=yes) echo "--no-write-execute=$means" ;;
	PrivateTmp=yes) echo "--tmp=$tmp" ;;
	CapabilityBoundingSet=) echo --no-capabilities ;;
	RestrictNamespaces=yes) echo --no-namespaces ;;
	RestrictAddressFamilies='AF_UNIX AF_INET AF_INET6') echo --families=1,2,10 ;;
	SystemCallFilter=*) number_calls "${1#*=}" > calls && echo "--calls=$directory/calls" ;;
	RuntimeDirectory=*) echo "--writable=$directory/runtime" ;;
	StateDirectory=*) echo "--writable=$directory/state" ;;
	# How the above is done, or what happens outside the process.
	SystemCallErrorNumber=EPERM | SystemCallArchitectures=native | *DirectoryMode=0700 | Exec* | Restart=*) ;;
	# Everything is read-only already.
	ProtectHome=yes | ProtectControlGroups=yes | ProtectKernelTunables=yes) ;;
	# System calls that the above refuse as well, or that need capabilities.
	ProtectClock=yes | ProtectHostname=yes | ProtectKernelLogs=yes | ProtectKernelModules=yes | RestrictRealtime=yes) ;;
	# Nothing that a host of ours does: other users, devices, execution domains and files of other modes.
	DynamicUser=yes | PrivateDevices=yes | LockPersonality=yes | ProtectProc=invisible | RestrictSUIDSGID=yes | UMask=0077) ;;
	*) echo "no test knows $1" >&2; return 1 ;;
	esac
}

# restrict MEANS TMP: the options of the unit in $restrictions, with the folders of this test.
restrict() {
	means=$1 tmp=$2
	restrictions="--keep=$built --keep=$(cd "$top_srcdir" && pwd) --keep=$directory"
	sed -n '/^\[Service\]/,/^\[Install\]/s/^\([A-Z][A-Za-z]*=.*\)/\1/p' "$unit" > directives
	while read -r line; do
		option=$(option_of "$line") || return 1
		restrictions="$restrictions $option"
	done < directives
}

# shellcheck disable=SC2086 # options
under() { "$confined" $restrictions -- "$@"; }

# ---- A host under them -----------------------------------------------------------------------------------------------

status_has() { settled sh -c "'$tool' status $pid | grep -q -e '$1'"; }

start_service() {
	: > service.out
	# shellcheck disable=SC2086
	"$confined" $restrictions -- "$program" "$directory/service.ini" 2 > service.out 2> service.err &
	settled grep -q '^ready' service.out
	pid=$(sed -n 's/^ready //p' service.out)
	hosts="$hosts $pid"
}

try_restrictions() {
	run under touch "$top_srcdir/touched" "$directory/touched" /etc/touched
	is '... nothing can be written where nobody is to write' test "$(grep -c 'Read-only' err)" = 3
	run under sh -c "touch '$directory/state/touched' && rm '$directory/state/touched'"
	is '... but in the folders of the service' exits 0
	run under python3 -c 'import mmap; mmap.mmap(-1, 4096, prot=7)'
	is '... no memory is writable and executable' says err 'Error.*\(Permission denied\|not permitted\)'
}

try_service() { # PLACE: what the mappings of backends are called
	start_service
	is '... a host opens' test "$pid"
	tenon status "$pid" > out 2>&1
	is '... is not degraded' sh -c '! grep -i "^ *degraded" out'
	run tenon swap "$pid" hooked --canary off
	is '... proves a backend in its helper, and swaps' exits 0
	is '... which serves' has service.out '^serving hooked generation'
	is "... from $1" grep -q "$1.*hooked\|hooked.*$1" "/proc/$pid/maps"
	is '... by a verdict that was kept' sh -c 'ls state/verdicts | grep -q .'
	run tenon swap "$pid" "$built/tests/plugins/crashing/.libs/kernel.so" --canary off
	is '... refuses one that crashes in the helper' exits 3
	sed 's/^level.*//; $a level = debug' service.ini > new && cat new > service.ini
	run under "$tool" config reload "$pid"
	is '... is reloaded from within, as ExecReload does it' says out '1 key changed: \[log\] level'
	for backend in scalar hooked scalar; do tenon swap "$pid" $backend --canary off --cold > out 2>&1; done
	is '... unloads what was replaced' status_has ' [1-9][0-9]* unloaded, 0 resident'
	run tenon rollback "$pid" --to scalar
	is '... rolls back' exits 0
}

# stop_service: whether all calls were right.
stop_service() {
	kill "$pid"
	has service.out '^calls [1-9][0-9]* wrong 0 failed 0$'
}

write_service() {
	sed -e "s/^http = .*/http = off/" "$examples/systemd/tenon-host.ini" > service.ini
	rm -rf state
	mkdir -m 700 state
}

check_service() { # MEANS TMP PLACE
	write_service
	is "each line of the unit has its restriction here ($1, /tmp $2)" restrict "$1" "$2"
	run under true
	if [ "$code" = 77 ]; then
		skip 'a host under the restrictions of the unit' "$(cat err)"
		return
	fi
	try_restrictions
	try_service "$3"
	run tenon quarantine add "$pid" hooked
	is '... every call was right' stop_service
	start_service
	run tenon swap "$pid" hooked --canary off
	is '... and what it learnt outlives it' exits 3
	stop_service
}

if ! lacks 'the systemd unit' systemd-analyze systemd; then
	export STATE_DIRECTORY="$directory/state" TENON_BACKEND_PATH="$built/backends/.libs:$built/tests/plugins/.libs"
	judge_unit
	check_service seccomp exec tenon-stage
	check_service prctl noexec memfd
fi
