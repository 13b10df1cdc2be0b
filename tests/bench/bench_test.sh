#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# tenon bench: its tables, JSON and picture, its selections, and that it does not time what does not conform. What it
# measures is not tested; that the gate tells fast from slow is, in gate_test.sh.
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
cd "$directory" || exit 99

run tenon bench --topic similarity,no_such_topic
is "an unknown topic is a usage error" exits 2
is "... that lists the topics" says err "--topic: there is no 'no_such_topic'; there are .*similarity.*top_k"
run tenon bench --kernel vector_similarty
is "an unknown kernel exits 2" exits 2
is "... and names the nearest" says err 'did you mean vector_similarity?'
run tenon bench --backend nobody
is "an unknown backend exits 2" exits 2
is "... and lists what there is" says err "there is no 'nobody'; there are scalar"
run tenon bench --max-regression lots
is "a percentage that is none exits 2" exits 2
run tenon bench --quick --topic top_k --kernel inner_product
is "nothing to time is no success" exits 77
is "... and says so" says err 'nothing was timed'

run tenon bench --quick --topic top_k --svg page.svg
is "a topic runs" exits 0
is "... names the machine" says out '^cpu '
is "... and the shape" says out '^top_k 10 of 341479'
is "... and has scalar" says out '^  scalar  *[0-9]'
is "... and the limit" says out '^  load-only  *[0-9]'
is "... and draws a page" says page.svg '^</svg>$'
is "... without scripts" test -z "$(grep -i '<script' page.svg)"
is "... with a block of that kernel" says page.svg '>top_k<'
if command -v python3 > /dev/null; then
	is "... that is XML" python3 -c 'import xml.etree.ElementTree as e; e.parse("page.svg")'
else
	skip "... that is XML" "no python3"
fi
run tenon bench --quick --topic top_k --svg missing/page.svg
is "a picture that cannot be written exits 2" exits 2
is "... and says why" says err 'cannot write missing/page.svg: No such file'
run tenon bench --quick --kernel inner_product --backend scalar
is "--backend chooses" says out '^  scalar '
is "... and leaves out others" test -z "$(grep -e '^  avx' -e '^  neon' out)"

if built_with HAVE_JANSSON; then
	run tenon bench --quick --json --topic top_k,arena,dispatch,swap
	is "--json succeeds" exits 0
fi
is_json "... and has the keys of the contract" 'd["schema"] == "tenon.bench/1" and d["tenon_version"]'
is_json "... the environment" \
	'all(d["environment"][k] for k in "cpu compiler flags kernel governor load counters".split())'
keys='kernel shape backend ns_median ns_mad samples gb_per_s ratio_scalar ratio_limit peers'
is_json "... in each result" "d['results'] and all(set('$keys'.split()) <= set(r) for r in d['results'])"
is_json "... times that can be" 'all(r["ns_median"] > 0 for r in d["results"] if r["kernel"] == "top_k")'
is_json "... medians within their intervals" 'all(r["ns_interval"][0] <= r["ns_median"] <= r["ns_interval"][1]
	for r in d["results"] if r["kernel"] == "top_k")'
is_json "... quantiles in order" 'all(r["latency"]["p50"] <= r["latency"]["p99"]
	for r in d["results"] if r["latency"] and r["latency"]["p99"])'
is_json "... scalar compared with itself, without a plain loop" \
	'all(r["ratio_scalar"] == 1 for r in d["results"] if r["kernel"] == "top_k" and r["backend"] == "scalar")'
is_json "... the limit within itself" \
	'all(r["ratio_limit"] == 1 for r in d["results"] if r["role"] == "limit")'
is_json "... and what is no kernel too" \
	'{"publish", "rollback", "dispatch", "allocation"} <= {r["backend"] for r in d["results"]}'

if is_coverage; then
	run tenon bench --quick --figures --kernel crc32c
	is "--figures of one kernel" exits 0
	is "... judges that" says out '^  avx512 .*\(reached\|NOT REACHED\|no such .* here\)'
	is "... the others were not measured" says out '^[0-9]* figures, .*[1-9][0-9]* not measured'
elif [ -n "${EMULATOR-}" ] || is_sanitized; then
	skip "--figures runs" "too slow here: emulated, or built with a sanitizer"
else
	run tenon bench --quick --figures
	is "--figures runs" exits 0
	is "... and judges" says out '^  publish .* ns .*<= .* reached'
	is "... every row" test "$(grep -c '^FIGURE' "$top_srcdir/bench/figures.def")" = \
		"$(grep -c -e '  reached' -e '  NOT REACHED' -e '  no such' out)"
	is "... none without a race" test -z "$(grep 'not measured' out)"
fi

is "topics print with say(), which --json silences" \
	test -z "$(grep -n '^[^"]*[^nfv]printf(' "$top_srcdir"/bench/*.c "$top_srcdir"/bench/peers/*.c)"

# A wrong kernel has no speed, and a command that met one does not succeed.
mkdir wrong
cp "$top_builddir/tests/plugins/.libs/crooked.so" wrong
TENON_BACKEND_PATH=$directory/wrong run tenon bench --quick --topic similarity --kernel inner_product
is "a wrong plugin is found" exits 1
is "... named" says err 'crooked: inner_product 1 x 1000 x 768 differs from scalar: not timed'
is "... and not timed" test -z "$(grep '^  crooked' out)"
is "... while others are" says out '^  scalar  *[0-9]'
finish
