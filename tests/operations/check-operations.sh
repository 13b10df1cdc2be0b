#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# docs/OPERATIONS.md by the letter: `make check-operations`, TAP on stdout. Its blocks marked sh run in order, each in a shell
# of its own, against four hosts under load, with the paths of the document led into a folder and its times made short. Other
# blocks are given to the program that they are for, or at least parsed.
# shellcheck disable=SC2154 # top_builddir
if [ "${TENON_OPERATIONS-}" != ready ]; then
	# libtool replaces its wrappers by the programs and sets the library path.
	export TENON_OPERATIONS=ready
	exec ${LIBTOOL:?} --mode=execute sh "$0" "$top_builddir/tools/tenon" "$top_builddir/tests/hosts/host"
fi
tool=$1
program=$2
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
document=$top_srcdir/docs/OPERATIONS.md
operations=$top_srcdir/tests/operations
if ! command -v python3 > /dev/null || ! command -v jq > /dev/null; then
	skip 'docs/OPERATIONS.md' 'python3 or jq is missing'
	finish
	exit
fi
cd "$directory" || exit 99
mkdir bin blocks runtime backends etc var tmp etc/tenon var/tenon
chmod 700 runtime var/tenon
chmod 755 backends etc etc/tenon
# shellcheck source=tests/hosts/hosts.sh
. "$top_srcdir/tests/hosts/hosts.sh"

# ---- The machine of the document -------------------------------------------------------------------------------------

printf '#!/bin/sh\nexec %s "$@"\n' "$tool" > bin/tenon
chmod 755 bin/tenon
for file in "${top_builddir:?}"/backends/.libs/*.so "$top_builddir/tests/plugins/.libs/twin.so"; do
	case $file in */scalar.so) ;; *) cp "$file" backends && chmod 755 "backends/${file##*/}" ;; esac
done
export PATH="$directory/bin:$PATH" TMPDIR="$directory/tmp" RUNTIME_DIRECTORY="$directory/runtime" \
	STATE_DIRECTORY="$directory/var/tenon" TENON_BACKEND_PATH="$directory/backends" TENON_CONFIG="$directory/etc/tenon/tenon.ini"
export LABEL=recall HOLD=100ms SETTLE=300ms DRILL=2 BAD=liar PYTHONDONTWRITEBYTECODE=1
unset TENON_BACKEND TENON_LOG XDG_RUNTIME_DIR
NEW=avx2
export NEW
python3 "$operations/blocks.py" "$document" blocks > list 2> err
is "every block says what it is" test -s list
is "... and ends" empty err
first=$(grep -m 1 '\.ini ' list)
sed 's/^hold = .*/hold = 100ms/' "blocks/${first%% *}" > etc/tenon/tenon.ini
if ! tenon explain avx2 > /dev/null 2>&1; then NEW=twin; fi

for i in 1 2 3 4; do
	: > "$i.out"
	"$program" "$TENON_CONFIG" 1 900 > "$i.out" 2> "$i.err" &
	hosts="$hosts $!"
done
for i in 1 2 3 4; do has "$i.out" '^ready'; done
run tenon ps
is "four hosts of the document's configuration run" test "$(grep -c ' recall ' out)" = 4

# ---- Blocks ----------------------------------------------------------------------------------------------------------

# A Prometheus without targets, and a rule that fires as soon as its file is there.
if command -v prometheus > /dev/null && command -v curl > /dev/null; then
	port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	printf 'global:\n  evaluation_interval: 1s\nrule_files: [%s/planted-*.yml]\n' "$directory" > prometheus.yml
	prometheus --config.file=prometheus.yml --storage.tsdb.path="$directory/tsdb" --web.listen-address="127.0.0.1:$port" \
		> prometheus.log 2>&1 &
	prometheus=$!
	hosts="$hosts $prometheus"
	export PROMETHEUS="http://127.0.0.1:$port"
	settled curl -fsS "$PROMETHEUS/-/ready"
fi

run_block() { # FILE
	sed -e "s|/etc/tenon|$directory/etc/tenon|g" -e "s|/var/lib/tenon|$directory/var/tenon|g" "blocks/$1" > block
	run sh -eu block
}
gate_is() { run_block "$1"; [ "$code" = "$2" ]; } # FILE CODE

run_shell() { # FILE LINE HEADING
	began=$(date +%s%3N)
	if says "blocks/$1" '[$]PROMETHEUS/' && [ -z "${prometheus-}" ]; then
		skip "line $2, $3" 'prometheus or curl is missing'
		return
	fi
	run_block "$1"
	is "line $2, $3" exits 0
	case $3 in
	'Alert: TenonDivergence') is "... tells of what was planted" says out liar ;;
	esac
	echo "# $(($(date +%s%3N) - began)) ms"
	if says "blocks/$1" '[$]PROMETHEUS/'; then check_gate "$1"; fi
}

check_gate() { # FILE
	printf 'groups:\n  - name: planted\n    rules:\n      - alert: TenonPlanted\n        expr: vector(1)\n' > planted-1.yml
	kill -HUP "$prometheus"
	is "the gate closes when an alert fires" settled gate_is "$1" 1
	rm planted-1.yml
	kill -HUP "$prometheus"
}

check_yaml() { # FILE LINE HEADING
	if ! python3 -c 'import yaml' 2> /dev/null; then
		skip "line $2, $3" 'python3-yaml is missing'
		return
	fi
	is "line $2, $3: YAML" python3 -c 'import sys, yaml; sys.exit(not yaml.safe_load(open(sys.argv[1])))' "blocks/$1"
	if says "blocks/$1" '^ *data:$\|^data:$'; then
		python3 -c 'import sys, yaml; print(yaml.safe_load(open(sys.argv[1]))["data"]["tenon.ini"])' "blocks/$1" > embedded.ini
		run tenon config check "$PWD/embedded.ini"
		is "line $2, $3: the configuration in it" exits 0
	elif ! command -v ansible-playbook > /dev/null; then
		skip "line $2, $3: a playbook" 'ansible-playbook is missing (Debian package ansible-core)'
	else
		run env ANSIBLE_LOCAL_TEMP="$directory/tmp" HOME="$directory/tmp" ansible-playbook --syntax-check -i recall, "blocks/$1"
		is "line $2, $3: a playbook" exits 0
		is "line $2, $3: 5, 25, 50, 100 %" python3 -c 'import itertools, sys, yaml
steps = [int(s.rstrip("%")) for s in yaml.safe_load(open(sys.argv[1]))[0]["serial"]]
sys.exit(list(itertools.accumulate(steps)) != [5, 25, 50, 100])' "blocks/$1"
	fi
}

check_unit() { # FILE LINE HEADING
	if ! command -v systemd-analyze > /dev/null; then
		skip "line $2, $3: a unit" 'systemd-analyze is missing'
		return
	fi
	sed 's|^\[Service\]|&\nExecStart=/bin/true|' "blocks/$1" > recall.service
	run systemd-analyze verify --man=no "$PWD/recall.service"
	is "line $2, $3: systemd knows each line" sh -c '! grep -q recall.service:[0-9] out err'
}

# What the first chapter of the alerts is about: a backend whose answers are wrong, caught in a rollout, with a flight record.
plant() {
	pid=$(tenon ps --json | jq '.processes[0].pid')
	run tenon swap "$pid" "$top_builddir/tests/plugins/.libs/liar.so" --canary 50,100 --hold 30s --shadow 1/1 --wait
	is "a wrong backend is taken back" exits 1
	planted=yes
}

while read -r file line heading; do
	case ${planted-}$heading in 'Alert: TenonDivergence') plant ;; esac
	case $file in
	*.sh) run_shell "$file" "$line" "$heading" ;;
	*.ini)
		cp "blocks/$file" "$directory/block.ini"
		run tenon config check "$directory/block.ini"
		is "line $line, $heading: a valid configuration" exits 0
		;;
	*.yaml) check_yaml "$file" "$line" "$heading" ;;
	*.systemd) check_unit "$file" "$line" "$heading" ;;
	*) is "line $line, $heading: nobody runs blocks of ${file##*.}" false ;;
	esac
done < list

run tenon quarantine list
is "what was planted was in quarantine until its chapter cleared it" sh -c '! grep -q liar out'

# ---- What is mentioned in passing ------------------------------------------------------------------------------------

python3 "$operations/inline.py" "$document" > out 2> err
is "every command that is mentioned exists, with its options" empty out

# ---- Alerts ----------------------------------------------------------------------------------------------------------

if python3 -c 'import yaml' 2> /dev/null; then
	run python3 "$operations/alerts.py" "$document" "$top_srcdir/examples/prometheus/tenon.rules.yml"
	is "every alert has a chapter, every chapter an alert" exits 0
	sed '/^### Alert: TenonFault/d' "$document" > spoilt.md
	run python3 "$operations/alerts.py" spoilt.md "$top_srcdir/examples/prometheus/tenon.rules.yml"
	is "... and one that is missing would be told" says out 'no chapter for TenonFault'
else
	skip "alerts and chapters" 'python3-yaml is missing'
fi

# ---- How long a recovery takes ---------------------------------------------------------------------------------------

now() { date +%s%3N; }
serve() { # BACKEND, all four, by the calls that were answered
	for i in 1 2 3 4; do tail -n 1 "$i.out" | grep -q "^serving $1 " || return 1; done
}
limit=$(sed -n 's/.*\*\*Recovery takes less than \([0-9]*\) ms\*\*.*/\1/p' "$document")
emergency=$(grep -m 1 '\.sh ' list)
worst=0
for round in 1 2 3; do
	run tenon swap --label recall "$NEW" --canary off --waves off
	settled serve "$NEW" || is "round $round: all hosts on $NEW" false
	began=$(now)
	run_block "${emergency%% *}"
	commanded=$(($(now) - began))
	settled serve scalar || is "round $round: all hosts on scalar" false
	took=$(($(now) - began))
	echo "# recovery $round: $took ms until four hosts answered by scalar; the command took $commanded ms"
	if [ "$took" -gt "$worst" ]; then worst=$took; fi
done
is "recovery takes less than the $limit ms that the document states: $worst ms" test "$worst" -lt "${limit:-0}"

# ---- And all this time -----------------------------------------------------------------------------------------------

for host in $hosts; do [ "$host" = "${prometheus-}" ] || kill "$host"; done
for i in 1 2 3 4; do
	is "host $i gave right answers only, whatever was done to it" has "$i.out" '^calls [1-9][0-9]* wrong 0 failed 0$'
done
finish
[ "$failures" = 0 ]
