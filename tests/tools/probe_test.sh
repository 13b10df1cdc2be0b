#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# tenon probe on this machine: its text, its JSON, caps, and configuration that is wrong.
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
cd "$directory" || exit 99
unset TENON_MAX_ISA TENON_CONFIG
: > empty.ini

run tenon probe --config empty.ini
is "probe succeeds" exits 0
is "... and names the architecture" says out '^arch  *[a-z0-9_]*$'
is "... and a level" says out '^level  *[a-z0-9-]*$'
is "... and features" says out '^features  *[a-z0-9]'
is "... and masks nothing without a cap, or says why" says out '^masked  *\(none\|(\)'
run tenon probe --config empty.ini --json
is_json "--json has the keys of the contract" \
	'd["schema"] == "tenon.probe/1" and all(type(d[k]) == str for k in ("tenon_version", "arch", "vendor", "model", "level"))'
is_json "... and lists" 'len(d["features"]) > 1 and type(d["masked"]) == list'
is_json "... that are disjoint" 'not set(d["features"]) & {m["feature"] for m in d["masked"]}'
cp out plain.json
TENON_MAX_ISA=scalar
export TENON_MAX_ISA
run tenon probe --config empty.ini --json
is_json "a cap is no error" "$code == 0"
is_json "... and masks, with its name" \
	'len(d["masked"]) > 0 and all(m["reason"] == "max_isa = scalar caps it" for m in d["masked"])'
is_json "... just what was there" \
	'(lambda p: set(p["features"]) == set(d["features"]) | {m["feature"] for m in d["masked"]})(json.load(open("plain.json")))'
run tenon probe --config empty.ini
is "the text has one line for the reason" test "$(grep -c '^masked .*max_isa = scalar caps it' out)" = 1
unset TENON_MAX_ISA

printf '[runtime]\nmax_isa = avx3\n' > bad.ini
run tenon probe --config bad.ini
is "a bad cap exits 2" exits 2
is "... with file, line and the values" says err 'bad.ini:2: .*max_isa = avx3: expected scalar, avx2, avx512, neon'
is "... and nothing on stdout" empty out
run tenon probe --config bad.ini --json
is "... with --json too" exits 2
is_json "... as an object" 'd["error"]["code"] == 2 and "bad.ini:2" in d["error"]["message"]'
run tenon probe --config missing.ini
is "a missing file exits 2" exits 2
run tenon probe nonsense
is "an operand exits 2" exits 2
finish
