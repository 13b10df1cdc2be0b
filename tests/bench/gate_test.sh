#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The gate of tenon bench: a planted slowdown of 7 % is caught, the same plugin against itself passes, and nothing passes
# for want of a baseline. On a machine too noisy to decide the two verdicts are skips: the gate says so by 77.
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
cd "$directory" || exit 99
if ! built_with HAVE_JANSSON; then
	skip "the gate" "built without jansson"
	finish
	exit
fi
if [ -n "${EMULATOR-}" ]; then
	skip "the gate" "an emulator's time is nobody's"
	finish
	exit
fi
mkdir plugins
plugins=$top_builddir/tests/plugins
use() { cp "$plugins/$1/.libs/slow.so" plugins; }
gate() { TENON_BACKEND_PATH=$directory/plugins tenon bench --topic similarity --kernel inner_product --backend slow "$@"; }

# decides NAME CODE: the gate said CODE, or that it could not say.
decides() {
	if [ "$code" = 77 ]; then skip "$1" "this machine is too noisy: $(grep 'too noisy' out | head -n 1)"
	else is "$1" exits "$2"; fi
}

use before
run gate --baseline base.json
is "a missing baseline is a failure" exits 2
is "... with the remedy" says err 'there is no baseline base.json; record one with --record base.json'
run gate --quick --record base.json
is "--record writes one" exits 0
is "... with a copy of the plugin" cmp plugins/slow.so base.json.d/slow.so
is "... and the figures" says base.json '"ns_median"'

run gate --baseline base.json
decides "the same plugin passes" 0
is "... after it was compared" says out '^inner_product  *1 x 1000 x 768 .* to '
use after
run gate --baseline base.json
decides "7 % more time is caught" 1
if [ "$code" = 1 ]; then is "... by name" says out '^inner_product  *1 x 1000 x 768  *slow .*REGRESSED'; fi
run gate --baseline base.json --max-regression 30%
decides "... and is within 30 %" 0
run gate --baseline base.json --json
decides "... also with --json" 1
[ "$code" = 77 ] || is_json "... which has the ratio" '(lambda g: g["backend"] == "slow" and
	1.03 < g["interval"][0] <= g["ratio"] <= g["interval"][1] < 1.3)(d["gate"][0])'

run gate --quick --baseline base.json --record other.json
is "with a baseline --record is not needed" test ! -e other.json
sed 's/"cpu": "/"cpu": "not /' base.json > other.json
cp -r base.json.d other.json.d
run gate --baseline other.json
is "another CPU's baseline is a failure" exits 2
is "... that names both" says err "other.json is of cpu 'not .*', here it is '.*--record"
run gate --quick --baseline other.json --record other.json
is "... unless one is to be recorded" exits 0
run gate --baseline other.json --max-regression 30%
decides "... which then serves" 0
echo '{' > broken.json
run gate --baseline broken.json
is "a broken baseline is a failure" exits 2
is "... with the line" says err 'broken.json, line [0-9]'
cp plugins/slow.so base.json.d/slow.so
run gate --baseline base.json
is "another plugin in the baseline is refused" exits 3
is "... and says so" says err 'not the plugin that the baseline was recorded with'
rm base.json.d/slow.so
run gate --baseline base.json
is "a baseline without its plugin is refused" exits 3
rm plugins/slow.so
run gate --baseline other.json
is "a backend that is gone is no success" exits 2
run tenon bench --baseline other.json
is "... nor without --backend" exits 1
is "... and says so" says err 'the baseline has slow, which is not usable here now'
run tenon bench --baseline other.json --figures
is "a gate draws no figures" exits 2
finish
