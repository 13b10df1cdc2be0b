#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Events of a live host: every change of a backend's state, with its fields, in the log as JSON and as logfmt, and in tenon history;
# a flood is held back and counted.
if [ $# = 0 ]; then
	exec "${top_builddir:?}/libtool" --mode=execute sh "$0" "$top_builddir/tests/hosts/host"
fi
program=$1
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
cd "$directory" || exit 99
mkdir runtime state
chmod 700 runtime state
export RUNTIME_DIRECTORY="$directory/runtime" STATE_DIRECTORY="$directory/state"
export TENON_BACKEND_PATH="${top_builddir:?}/tests/plugins/.libs"
unset TENON_BACKEND TENON_LOG TENON_CONFIG
# shellcheck source=tests/hosts/hosts.sh
. "$top_srcdir/tests/hosts/hosts.sh"

# begin NAME FORMAT: a host whose events go to NAME.err; its process id goes to $pid.
begin() {
	printf '[runtime]\nbackend = scalar\nlabel = %s\n[control]\nsocket = on\n[log]\nlevel = debug\ntarget = stderr\nformat = %s\n' \
		"$1" "$2" > "$1.ini"
	: > "$1.out"
	# shellcheck disable=SC2086 # EMULATOR carries options
	${EMULATOR-} "$program" "$directory/$1.ini" 1 > "$1.out" 2> "$1.err" &
	settled grep -q '^ready' "$1.out"
	pid=$(sed -n 's/^ready //p' "$1.out")
	hosts="$hosts $pid"
}

begin fields logfmt
host=$pid
run tenon swap "$host" hooked --cold
is 'a cold swap is done' exits 0
for event in found vetted proven active; do
	is "... $event is an event with its backend" has fields.err \
		"^time=20[0-9-]*T[0-9:.]*Z level=[a-z]* event=$event pid=$host label=fields backend=hooked generation=[0-9]* reason=..*text="
done
tenon swap "$host" scalar --cold > out 2> err
tenon swap "$host" twin --cold > out 2> err
is 'what a cold swap replaced drains' has fields.err ' event=draining pid=[0-9]* label=fields backend=hooked .*reason="a cold swap replaced it"'
is '... and is retired' has fields.err ' event=retired pid=[0-9]* label=fields backend=hooked '
run tenon rollback "$host"
is 'a rollback by hand is an event' has fields.err ' event=rolled_back pid=[0-9]* label=fields backend=scalar .*reason="by hand"'
run tenon unpin "$host"
is 'so is unpin' has fields.err ' event=unpinned '
run tenon swap "$host" nosuch
is 'so is a refusal' has fields.err " event=refused pid=[0-9]* label=fields backend=nosuch .*reason=.*there is no backend 'nosuch'"
run tenon swap "$host" hooked --canary 50,100 --hold 1h
is 'a rollout begins' has fields.err ' event=probation .*backend=hooked .*rollout=1 percent=50 reason="by hand"'
run tenon pause "$host"
is '... is paused' has fields.err ' event=paused .*rollout=1 percent=50 '
run tenon resume "$host"
is '... goes on' has fields.err ' event=resumed .*rollout=1 percent=50 '
run tenon promote "$host"
is '... and is promoted' has fields.err ' event=promoted .*backend=hooked .*rollout=1 percent=100 reason="by hand, at 50 % of the calls"'
run tenon quarantine add "$host" hooked inner_product
is 'a kernel goes into quarantine' has fields.err ' event=quarantined .*backend=hooked kernel=inner_product .*reason="by hand"'
run tenon quarantine clear "$host" hooked
is '... and comes out' has fields.err ' event=cleared '
run tenon history "$host" --json
is_json 'history has the fields' "any(e['event'] == 'promoted' and e['backend'] == 'hooked' and e['rollout'] == 1 and e['percent'] == 100
	and e['generation'] > 0 and e['reason'].startswith('by hand') and e['kernel'] is None for e in d['events'])"
is_json '... of all changes' "not {'found', 'vetted', 'proven', 'active', 'draining', 'retired', 'rolled_back', 'refused', 'probation',
	'paused', 'resumed', 'promoted', 'quarantined', 'cleared', 'unpinned', 'control'} - {e['event'] for e in d['events']}"

begin flood json
host=$pid
i=0
while [ $i -lt 60 ]; do
	tenon swap "$host" nosuch > out 2> err
	i=$((i + 1))
done
is 'a flood of refusals is held back' test "$(grep -c '"event":"refused"' flood.err)" -lt 60
tenon status "$host" > out 2> err
kill "$host"
is 'the host ends' has flood.out '^calls '
is '... the flood is told' has flood.err '"event":"suppressed".*"text":"[0-9]* more of the events .refused. were not written'
if command -v python3 > /dev/null; then
	is 'every line is JSON with its kind' python3 -c '
import json
for line in open("flood.err"):
    e = json.loads(line)
    assert e["event"] and e["time"].endswith("Z") and e["pid"] > 0 and e["label"] == "flood" and e["text"], line'
else
	skip 'every line is JSON with its kind' 'no python3'
fi
finish
