#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The opcode lint of tenon verify: what this build ships is clean, what is beyond its declaration is not, in every format;
# what cannot be decoded is said. And the harness's score on its mutants, as the tool measures it.
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
cd "$directory" || exit 99
unset TENON_BACKEND TENON_MAX_ISA TENON_CONFIG TENON_MUTANT
: > empty.ini
verify() { tenon verify --config empty.ini "$@"; }
mutants=${TENON_MUTANTS:?}

if is_sanitized && ! is_coverage; then
	run verify "$mutants/opcode_in_baseline.so" --kernel inner_product
	is "an instrumented build is not looked at" exits 0
	is "... and the report says so" says out 'UNSCANNED, all of them: this build is instrumented'
	skip "the opcode lint" "this build is instrumented, and its entries share the code of that"
	finish
	exit
fi

if ! reads_opcodes; then
	run verify "$mutants/opcode_in_baseline.so" --kernel inner_product
	is "without a decoder nothing is found" exits 0
	is "... and the report says so" says out 'UNSCANNED, all of them: built without libzydis; install libzydis-dev'
	skip "the opcode lint" "built without libzydis (Debian package libzydis-dev)"
	finish
	exit
fi

for backend in "$top_builddir"/backends/.libs/*.so; do
	run verify "$backend" --kernel crc32c
	is "$(basename "$backend") has nothing beyond its declaration" says out \
		'^  opcodes: [1-9][0-9]* instructions, none beyond what is declared$'
done

for which in beyond_level in_baseline in_entry past_jump past_return; do
	run verify "$mutants/opcode_$which.so" --kernel inner_product
	is "opcode_$which does not conform" exits 1
	is "... because of an instruction" says out '^ *opcode: .* needs [a-z0-9]*, which .* does not declare$'
done
is "... of one entry, although the file declares it for another" says out 'which the entry of inner_product does not'
for format in tap junit json; do
	run verify "$mutants/opcode_in_baseline.so" --kernel inner_product --format $format
	if [ $format = json ] && ! built_with HAVE_JANSSON; then continue; fi
	is "--format $format exits alike" exits 1
	is "... and has the line" says out 'needs [a-z0-9]*, which the entry of inner_product does not declare'
done
is_json "JSON has the state" 'd["backends"][0]["opcodes"]["state"] == "beyond" and d["backends"][0]["verdict"] == "fail" and
	len(d["backends"][0]["opcodes"]["findings"]) == 1'
run verify "$mutants/good_opcodes.so" --kernel inner_product
is "what is declared is no finding" exits 0

# Without a section table only what an entry reaches is known to be code: the rest is data for all that anybody knows.
cp "$mutants/opcode_in_baseline.so" bare.so
printf '\0\0\0\0\0\0\0\0' | dd of=bare.so bs=1 seek=40 conv=notrunc 2> err
printf '\0\0\0\0\0\0' | dd of=bare.so bs=1 seek=58 conv=notrunc 2> err
run verify ./bare.so --kernel inner_product
is "a file without sections is followed from its entries" says out 'needs [a-z0-9]*, which the entry of inner_product'
is "... and the rest is unscanned, with its addresses" says out 'UNSCANNED, [1-9][0-9]* bytes .*: [0-9a-fx]*-0x[0-9a-f]*'

run verify --self-test
is "the harness kills its mutants" exits 0
if is_coverage; then
	skip "... all of them" "counters are in the plugin's memory, and files that the counting maps: nobody watches either"
else
	is "... all of them" says out '^\([1-9][0-9]*\) of \1 mutants killed, \([1-9][0-9]*\) of \2 good twins passed'
fi
mkdir wrong
for file in "$mutants"/*.so; do cp "$mutants/good_opcodes.so" "wrong/$(basename "$file")"; done
TENON_MUTANTS=$directory/wrong run verify --self-test
is "a survivor is a failure of the harness" exits 1
is "... by name" says out '^FAIL  half_lanes (.*): survived [1-9][0-9]* cases$'
TENON_MUTANTS=$directory/wrong run verify --self-test --format tap
is "... in TAP too" says out '^not ok [0-9]* - half_lanes '
TENON_MUTANTS=$directory/wrong run verify --self-test --json
is_json "... and JSON" 'd["harness"]["mutants_killed"] < d["harness"]["mutants"] and
	[e for e in d["exceptions"] if e["name"] == "half_lanes" and e["verdict"] == "fail"]'
TENON_MUTANTS=$directory/nowhere run verify --self-test
is "mutants that are not there are refused" exits 3
is "... with a remedy" says err 'TENON_MUTANTS names another folder$'
run verify scalar --self-test
is "a self-test has no operand" exits 2
finish
