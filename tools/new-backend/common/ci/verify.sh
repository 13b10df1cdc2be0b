#!/bin/sh
# SPDX-License-Identifier: 0BSD
# Usage: ci/verify.sh PLUGIN. What a CI job runs once the plugin is built: junit.xml for the report, certificate.json for
# what conforms. Exit status: 0 conforms; 1 does not, or was required and not run; 77 this machine's CPU cannot run it,
# which is a skip, not a pass. On machines that have the CPU set REQUIRE=@NAME@, so that a skip fails.
#
# PROFILE=full takes minutes, TENON is the tool (emulator included), RUNNER runs the proof, for example under qemu.
set -u
plugin=${1:?usage: ci/verify.sh PLUGIN}

# shellcheck disable=SC2086 # $TENON may be several words
verify() {
	${TENON-tenon} verify "$plugin" --profile "${PROFILE-quick}" ${REQUIRE:+--require "$REQUIRE"} \
		${RUNNER:+--runner "$RUNNER"} "$@"
}

status=0
verify --format junit --output junit.xml || status=$?
case $status in
0)
	verify --certificate certificate.json
	exit
	;;
77)
	echo "skipped: this machine cannot run $plugin" >&2
	exit 77
	;;
*)
	# Once more, for people: the first wrong bit, and the command that shows it again.
	verify
	exit "$status"
	;;
esac
