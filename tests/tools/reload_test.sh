#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Live reload of a host under load: tenon config reload, and a watched configuration that is edited, replaced, mounted as a
# ConfigMap, and broken.
if [ $# = 0 ]; then
	exec "${top_builddir:?}/libtool" --mode=execute sh "$0" "$top_builddir/tools/tenon" "$top_builddir/tests/hosts/host"
fi
tool=$1
program=$2
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
cd "$directory" || exit 99
mkdir runtime
chmod 700 runtime
export RUNTIME_DIRECTORY="$directory/runtime" TENON_BACKEND_PATH="${top_builddir:?}/tests/plugins/.libs"
unset TENON_BACKEND TENON_LOG TENON_CONFIG

# shellcheck disable=SC2086 # EMULATOR is several words
tenon() { ${EMULATOR-} "$tool" "$@"; }

# shellcheck source=tests/hosts/hosts.sh
. "$top_srcdir/tests/hosts/hosts.sh"
status_has() { settled sh -c "${EMULATOR-} '$tool' status $1 | grep -q -e '$2'"; } # PID PATTERN

# start NAME CONFIG: a host with two threads; its process id goes to $pid.
start() {
	: > "$1.out"
	# shellcheck disable=SC2086
	${EMULATOR-} "$program" "$2" 2 > "$1.out" 2> "$1.err" &
	settled grep -q '^ready' "$1.out"
	pid=$(sed -n 's/^ready //p' "$1.out")
	hosts="$hosts $pid"
}

# write FILE BACKEND LABEL [WATCH]
write() { printf '[runtime]\nbackend = %s\nlabel = %s\n[control]\nsocket = on\nwatch = %s\n' "$2" "$3" "${4:-off}" > "$1"; }

# ---- By order --------------------------------------------------------------------------------------------------------

write plain.ini scalar first
start plain "$directory/plain.ini"
plain=$pid
write plain.ini hooked second
run tenon config reload "$plain"
is 'reload succeeds' exits 0
is '... and says what changed' says out ": 2 keys changed: \[runtime\] backend, \[runtime\] label; backend scalar replaced by hooked; backend hooked"
is 'calls in flight are served by it' has plain.out '^serving hooked generation'
run tenon config reload --label second
is 'the new label selects' exits 0
is '... and nothing changed' says out ': nothing changed; backend hooked'

printf '[arena]\nsize = 12\n' >> plain.ini
run tenon config reload "$plain"
is 'an invalid file exits 2' exits 2
is '... naming file, line, value and what is expected' says err "plain.ini:8: \[arena\] size = 12: expected 64KiB to 1GiB"
run tenon status "$plain"
is '... which status repeats' says out "config  *not reloaded, nothing changed: .*plain.ini:8: "
is '... and nothing changed' says out '^  backend  *hooked, '
write plain.ini nosuch second
run tenon config reload "$plain"
is 'a backend that is not there exits 3' exits 3
is '... naming those that are' says err "there is no backend 'nosuch'; there are"
is 'the log has it, too' says plain.err "configuration not reloaded, nothing changed: there is no backend 'nosuch'"
printf '[runtime]\nbackend = hooked\nlabel = second\nstate_dir = /elsewhere\n[control]\nsocket = off\n' > plain.ini
run tenon config reload "$plain"
is 'what only a new process can have' exits 0
run tenon status "$plain"
is '... is named by status' says out 'config  *waits for a new process: \[runtime\] state_dir, \[control\] socket'
is '... and the failure is over' test "$(grep -c 'not reloaded' out)" = 0

printf 'group = %s\n' "$(id -g)" >> plain.ini
run tenon config reload "$plain"
is 'a group is let in' test "$(stat -c %a "runtime/tenon-$plain.sock")" = 660
is '... and told when it cannot get there' has plain.err "members of group $(id -g) cannot pass through \|configuration reloaded: 1 key changed: .control. group"
write plain.ini hooked second
run tenon config reload "$plain"
is '... and out again' test "$(stat -c %a "runtime/tenon-$plain.sock")" = 600
run tenon swap "$plain" scalar
write plain.ini auto third
run tenon config reload "$plain"
is 'a pinned backend stays' says out '2 keys changed: \[runtime\] backend, \[runtime\] label; backend scalar stays: it is pinned'
write plain.ini hooked third
run tenon unpin "$plain"
run tenon config reload "$plain"
is '... until it is unpinned and reloaded' says out 'backend scalar replaced by hooked'
run tenon config reload 99999999
is 'no process exits 4' exits 4
run tenon config reload
is 'no process named exits 2' exits 2
run tenon config reload --all --json
is_json 'reload as JSON' "d['schema'] == 'tenon.config/1' and d['processes'][0]['outcome'] == 'nothing changed'"
run tenon status "$plain" --json
is_json 'status as JSON has it' "d['config']['last_reload_successful'] is True and d['config']['reloads'] >= 3 and
	d['config']['failures'] == 2 and d['config']['error'] is None"

# ---- Explained -------------------------------------------------------------------------------------------------------

run tenon explain hooked --pid "$plain"
is 'explain asks a live process' exits 0
is '... which names the line that chooses' says out "chosen  *yes: \\[runtime\\] backend = hooked ($directory/plain.ini:2) takes hooked"
is '... what serves' says out "serving  *process $plain (.*): hooked, generation"
is '... each rule' says out '^  passed  *exports  *one export'
is '... that it was proven before it was taken' says out '^  passed  *proof  *proven'
is '... and each kernel' says out '^  inner_product  *served by hooked now$'
run tenon explain scalar --pid "$plain"
is 'another backend is not chosen' says out 'chosen  *no: \[runtime\] backend = hooked'
run tenon explain "$TENON_BACKEND_PATH/hooked.so" --pid "$plain"
is 'a file is explained, too' says out "file  *.*/hooked.so"
echo nothing > broken.so
run tenon explain ./broken.so --pid "$plain"
is 'a file that it would refuse exits 3' exits 3
is '... with the rule' says out 'refused  *elf  *.*broken.so: is not an ELF file'
run tenon explain nosuch --pid "$plain"
is 'no such backend exits 3' exits 3
run tenon explain hooked --pid 99999999
is 'no such process exits 4' exits 4
run tenon explain hooked --pid "$plain" --config plain.ini
is '--pid and --config exclude each other' exits 2
run tenon explain hooked --pid "$plain" --json
is_json 'explain --pid as JSON' "d['schema'] == 'tenon.explain/1' and d['pid'] == $plain and d['chosen'] is True and
	d['pinned'] is False and all(k['source'] for k in d['kernels']) and all(r['verdict'] for r in d['rules'])"
run tenon swap "$plain" scalar
run tenon explain hooked --pid "$plain"
is 'a pin is told' says out 'serving .*: scalar, generation [0-9]*; pinned by hand'
run tenon unpin "$plain"
run tenon explain "$TENON_BACKEND_PATH/hooked.so" --json
is_json 'explain offline says why scalar serves a kernel' "any(k['reason'] == 'it has none' for k in d['kernels']) and
	any(k['reason'] is None for k in d['kernels']) and any(r['rule'] == 'quarantine' for r in d['rules'])"

# ---- Watched ---------------------------------------------------------------------------------------------------------

mkdir volume volume/..v1
write volume/..v1/tenon.ini scalar one on
ln -s ..v1 volume/..data
ln -s ..data/tenon.ini volume/tenon.ini
start watched "$directory/volume/tenon.ini"
watched=$pid

# swap_link FOLDER: as the kubelet updates a ConfigMap.
swap_link() { ln -s "$1" volume/..data_tmp && mv -T volume/..data_tmp volume/..data; }

mkdir volume/..v2
write volume/..v2/tenon.ini hooked two on
swap_link ..v2
is 'a ConfigMap that is replaced is applied' has watched.out '^serving hooked generation'
is '... all of it' status_has "$watched" 'label two'
mkdir volume/..v3
printf '[runtime]\nbackend = scalar\nlabel = three\nbackend = scalar\n' > volume/..v3/tenon.ini
swap_link ..v3
is 'an invalid one is not' status_has "$watched" 'not reloaded, nothing changed: .*volume/tenon.ini:4: .runtime. backend is set a second time'
is '... and nothing changed' status_has "$watched" 'label two'
rm volume/..data
is 'nor is one that is gone' status_has "$watched" 'not reloaded, nothing changed: .*there is no such file'
ln -s ..v2 volume/..data
is '... and its return is seen' settled sh -c "! ${EMULATOR-} '$tool' status $watched | grep 'not reloaded'"
write volume/..v2/tenon.ini scalar four on
is 'an edit in place is applied' status_has "$watched" 'label four'
write new.ini hooked five on
mv new.ini volume/..v2/tenon.ini
is 'so is a rename' status_has "$watched" 'label five'
is 'a host without watch = on has no such thread' sh -c "! cat /proc/$plain/task/*/comm | grep tenon-watch"

for i in 1 2 3 4 5 6; do
	write volume/..v2/tenon.ini "$([ $((i % 2)) = 0 ] && echo hooked || echo scalar)" "storm$i" on
	tenon config reload "$watched" > /dev/null 2>&1
	tenon rollback "$watched" > /dev/null 2>&1
	tenon unpin "$watched" > /dev/null 2>&1
done
is 'after a storm of edits, orders and rollbacks the last file holds' status_has "$watched" 'label storm6'

for host in $plain $watched; do kill "$host"; done
is 'a host under all this gave right answers only' has plain.out '^calls [1-9][0-9]* wrong 0 failed 0$'
is 'so did the watched one' has watched.out '^calls [1-9][0-9]* wrong 0 failed 0$'
finish
