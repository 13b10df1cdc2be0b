#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# tenon demo on a small world; on the real data too where tools/fetch-data has brought it.
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
cd "$directory" || exit 99
json() { python3 -c 'import json, sys; d = json.load(open("out")); sys.exit(not eval("(" + sys.argv[1] + ")"))' "$1"; }

mkdir world
cp -r "$top_srcdir/tests/data/wordnet" world/wordnet
chmod -R u+w world

run tenon demo --data world --query river
is "a query is answered" exits 0
is "... the thing itself comes first" [ "$(sed -n '4s/ *[0-9.]* *\([a-z]*\).*/\1/p' out)" = river ]
is "... and stream and bank come to mind" says out 'bank, riverside  *sloping land'
is "... with the way that led there" says out 'its gloss mentions "river"'
is "what was parsed is kept" [ -s world/wordnet.bin ]
is "... and the vectors made from glosses" [ -s world/glosses.bin ]
cp out first
run tenon demo --data world --query River
is "the answer from what was kept is the same" cmp -s out first

run tenon demo --data world --query xyzzy
is "an unknown word exits 2" exits 2
is "... and says so" says err '"xyzzy" is none of the 47 words'

run tenon demo --data "$directory/nowhere" --seconds 1
if [ -r /usr/share/wordnet/data.noun ]; then
	skip "without data it exits 2" "WordNet is installed here"
	skip "... and says how to get the data" "WordNet is installed here"
else
	is "without data it exits 2" exits 2
	is "... and says how to get the data" says err "to get the data run: .*fetch-data --dir '$directory/nowhere'"
fi
(unset HOME XDG_CACHE_HOME TENON_DATA; tenon demo > out 2> err)
code=$?
is "without a folder it exits 2" exits 2
is "... and names the option" says err 'give --data DIR, or set TENON_DATA or HOME'
run tenon demo --seconds 0
is "no seconds are a usage error" exits 2
cp world/wordnet.bin world/vectors.bin
run tenon demo --data world --query river
is "a foreign vectors.bin is an error" exits 2
is "... that names file and remedy" says err 'vectors.bin: another kind of store; remove it and fetch the data again'
rm world/vectors.bin

if tenon demo --data world --query river --json > out 2> err; then
	is "--json gives one object" json 'd["query"] == "river" and d["recalled"][0]["words"] == ["river"]'
	run tenon demo --data world --seconds 2 --threads 2 --json
	is "the show ends well" exits 0
	is "... with the keys that are documented" json 'all(k in d for k in ("schema", "tenon_version",
		"dataset", "queries", "queries_per_second", "swaps", "rollbacks", "refused",
		"bits_changed", "calls_failed"))'
	is "... about this world" json 'd["dataset"] == {"name": "wordnet, vectors from glosses",
		"vectors": 47, "dim": 100, "nodes": 32, "edges": 57}'
	is "... no bit changed, no call failed" json 'd["bits_changed"] == 0 and d["calls_failed"] == 0 and
		d["queries"] > 0'
	is "... every backend answered" json 'd["queries_per_second"]["scalar"] > 0 and
		all(v > 0 for v in d["queries_per_second"].values()) and d["swaps"] >= len(d["queries_per_second"]) - 1'
	is "... and was rolled back once" json 'd["rollbacks"] == 1'
	is "... the broken backend did not pass its proof" json '[r["name"] for r in d["refused"]] ==
		["wrong"] and "does not conform: vector_similarity" in d["refused"][0]["reason"]'
	is "... and nothing else went to stderr" empty err
else
	skip "the show as JSON" "built without jansson"
fi
run tenon demo --data world --seconds 2
is "the show for people ends well" exits 0
is "... shows recalls first" says out 'comes to mind'
is "... names the process for tenon status, or why it cannot" says out 'tenon status [0-9]\|^('
is "... has a row for scalar" says out '^  scalar '
is "... and one for the rollback" says out 'rolled back in'
is "... and says what was refused" says out '^refused: .*wrong.so: does not conform: vector_similarity'
is "... and that no bit changed" says out 'not one bit of [0-9]* answers changed'

# script(1) gives it a terminal, and runs it with $SHELL, which may be nologin.
if ! command -v script > /dev/null || [ "${EMULATOR-}" ]; then
	skip "the show on a terminal" "no script(1), or emulated"
else
	run env SHELL=/bin/sh LD_LIBRARY_PATH="$top_builddir/.libs" script -qec "'$top_builddir/tools/.libs/tenon' demo --data world --seconds 2" /dev/null
	is "the show on a terminal ends well" exits 0
	is "... draws its table over the one before" says out "$(printf '\033')\[[0-9]*A$(printf '\033')\[J"
	is "... and says that no bit changed" says out 'not one bit of [0-9]* answers changed'
fi

data=${TENON_DATA:-${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/tenon}
if [ -r "$data/vectors.bin" ] && [ -r "$data/wordnet.bin" ] && [ -z "${EMULATOR-}" ] && ! is_sanitized; then
	run tenon demo --data "$data" --query river
	is "real data: river brings stream, bank and water" [ "$(grep -c \
		'^ *[0-9.]*  \(stream, watercourse\|bank\|body of water, water\)  ' out)" = 3 ]
	run tenon demo --data "$data" --seconds 1
	is "real data: so does the show" [ "$(grep -c \
		'^ *[0-9.]*  \(stream, watercourse\|bank\|body of water, water\)  ' out)" = 3 ]
	run tenon demo --data "$data" --seconds 5 --json
	is "real data: all of it" json 'd["dataset"]["nodes"] == 117659 and d["dataset"]["edges"] == 285152 and
		d["dataset"]["vectors"] == 341479 and d["dataset"]["dim"] == 100'
	is "real data: no bit changed, no call failed" json 'd["bits_changed"] == 0 and d["calls_failed"] == 0'
else
	skip "real data" "no data in $data (tools/fetch-data, then tenon demo), or emulated or sanitized"
fi
finish
