#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The bench runs, prints a table or one JSON object, and refuses unknown topics. What it measures is not tested.
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
cd "$directory" || exit 99
# shellcheck disable=SC2086 # EMULATOR carries options
bench() { ${EMULATOR-} "${top_builddir:?}/bench/bench" "$@"; }

run bench no_such_topic
is "an unknown topic is a usage error" exits 2
is "... that lists the topics" says err 'topics: .*similarity.*top_k'

run bench top_k
is "a topic runs" exits 0
is "... and names its shape" says out '^top_k 10 of 341479'
is "... and has scalar" says out '^  scalar  *[0-9]'

if ! grep -q '^#define HAVE_JANSSON' "$top_builddir/build.h"; then
	run bench --json top_k
	is "--json without jansson is an error" exits 2
	is "... that names the package" says err libjansson-dev
	finish
	exit
fi
run bench --json top_k
is "--json succeeds" exits 0
is_json "... and has the keys of the contract" \
	'd["schema"] == "tenon.bench/1" and d["tenon_version"] and type(d["environment"]) == dict'
keys='kernel shape backend ns_median ns_mad samples gb_per_s ratio_scalar ratio_limit peers'
is_json "... in each result" "d['results'] and all(set('$keys'.split()) <= set(r) for r in d['results'])"
is_json "... and times that can be" \
	'all(r["ns_median"] > 0 and r["ns_mad"] >= 0 and r["samples"] > 10 for r in d["results"])'
is_json "... scalar compared with itself, without a plain loop" \
	'all(r["ratio_scalar"] == 1 for r in d["results"] if r["backend"] == "scalar")'
is_json "... and the limit within itself" \
	'all(r["ratio_limit"] == 1 for r in d["results"] if r["backend"] == "load-only")'
finish
