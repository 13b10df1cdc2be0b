#!/bin/sh
# SPDX-License-Identifier: 0BSD
# Usage: check.sh [PLUGIN LIVE]. Does the plugin conform, and does a live process take it? TAP on standard output. Exit
# status: 0 passed, 1 failed, 77 nothing could be run on this CPU. $TENON names the tool, emulator included.
plugin=${1-.libs/@NAME@.so} live=${2-tests/live}
count=0 failed=0 skipped=0
log=$(mktemp) || exit 99
trap 'rm -f "$log"' EXIT

# check NAME COMMAND...: 0 is ok, 77 a skip, anything else a failure that shows what was printed.
check() {
	name=$1
	shift
	count=$((count + 1))
	"$@" > "$log" 2>&1
	case $? in
	0) echo "ok $count - $name" ;;
	77) echo "ok $count - $name # SKIP $(tail -n 1 "$log")"; skipped=$((skipped + 1)) ;;
	*) echo "not ok $count - $name"; sed 's/^/# /' "$log"; failed=$((failed + 1)) ;;
	esac
}

# shellcheck disable=SC2086 # $TENON and $EMULATOR may be several words
{
	check 'every rule of the loader is met' ${TENON-tenon} explain "$plugin"
	check 'every bit is the reference'"'"'s' ${TENON-tenon} verify "$plugin" --profile "${PROFILE-quick}"
	check 'a live process takes it and gives it back' ${EMULATOR-} "$live" "$plugin" @NAME@
}
echo "1..$count"
[ $failed = 0 ] || exit 1
[ $skipped -lt $count ] || exit 77
