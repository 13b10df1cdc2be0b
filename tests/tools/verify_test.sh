#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# tenon verify: this build's backends, a broken one, replay, what cannot be loaded, exit codes.
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
cd "$directory" || exit 99
unset TENON_BACKEND TENON_MAX_ISA TENON_CONFIG TENON_MUTANT
: > empty.ini
verify() { tenon verify --config empty.ini "$@"; }
lacks() { ! says "$@"; }
count_cases() { sed -n 's/^  pass .* \([0-9]*\) cases.*/\1/p' out; }
mutants=${top_builddir:?}/tests/mutants/.libs/mutants.so
export TENON_BACKEND_PATH="$top_builddir/backends/.libs"

run verify --all
is "this build's backends conform" exits 0
is "... scalar, by the oracle" says out '^scalar: conforms'
# A build without any ISA has no plugin that is listed: scalar's is another copy of what is linked in.
plugins=$(find "$TENON_BACKEND_PATH" -name '*.so' ! -name scalar.so)
if [ "$plugins" ]; then is "... and a plugin" says out "^[a-z0-9]*: conforms .*/backends/.libs/"
else skip "... and a plugin" "built without any ISA: scalar alone"; fi
is "... whose worst error is a share of its bound" says out '^  pass  *inner_product .* exact, at most 0\.[0-9]* of its bound$'
is "... how many there were, and the time" says out '^[0-9][0-9]* passed, 0 failed, [0-9]* inherited, [0-9]* skipped in [0-9.]* s$'
is "... after many cases" says out '^  pass  *inner_product  *[0-9]\{4,\} cases, exact'

# The shares of bounds in docs/NUMERICS.md; libraries' exp and log, in the oracles, differ in the last digits.
run verify scalar
awk '/^## / { kernel = $2 } /`tenon verify scalar` measures/ { sub(/.*at most /, ""); print kernel, $1 }' \
	"$top_srcdir/docs/NUMERICS.md" > said
sed -n 's/^  pass *\([a-z_0-9]*\) .* at most \([0-9.]*\) of its bound$/\1 \2/p' out > measured
# shellcheck disable=SC2016
is "docs/NUMERICS.md says what is measured, of every kernel that has a bound" awk 'NR == FNR { said[$1] = $2; next }
	!($1 in said) || $2 - said[$1] > 0.02 || said[$1] - $2 > 0.02 { print "#", $1, $2, "said:", said[$1]; bad = 1 }
	END { exit bad || FNR < 11 }' said measured

TENON_MUTANT=drops_tail
export TENON_MUTANT
run verify "$mutants"
is "a broken backend does not" exits 1
is "... in one line" says out 'inner_product kind=plain dim=1: scores\[0\] is [0-9]* ulp too \(low\|high\)$'
is "... with the lanes in hexadecimal" says out '^ *\* *0  0x0p+0  *-\{0,1\}0x[0-9.a-f]*p-[0-9]*  *-\{0,1\}0x'
token=$(sed -n 's/.*--replay \(inner_product:.*\)/\1/p' out)
run verify "$mutants" --replay "$token"
is "... its token fails again" exits 1
is "... as the one case" says out '^  fail  *inner_product  *1 cases, exact, check: bits$'
TENON_MUTANT=good_inner_product
run verify "$mutants" --replay "$token"
is "... and passes when it is right" exits 0
TENON_MUTANT=nobody
run verify "$mutants"
is "a backend that declines is refused" exits 3
unset TENON_MUTANT

for format in human tap junit json; do
	export TENON_MUTANT=fuses
	run verify "$mutants" --kernel inner_product --format $format
	if [ $format = json ] && ! built_with HAVE_JANSSON; then continue; fi
	is "--format $format exits alike" exits 1
	is "... and names the kernel and the token" says out 'inner_product:seed=1,'
done
is_json "JSON has the keys of the contract" 'd["schema"] == "tenon.verify/1" and d["seed"] == "1" and set(d["harness"]) ==
	{"version", "mutants_killed", "mutants"} and d["backends"][0]["verdict"] == "fail" and set(d["backends"][0]["kernels"][0])
	>= {"name", "class", "cases", "verdict", "worst", "replay"} and d["backends"][0]["skips"] == []'
run verify "$mutants" --kernel inner_product --format tap
is "TAP ends with its plan" says out '^1\.\.2$'
run verify "$mutants" --kernel inner_product --format junit
is "JUnit is XML" python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse("out")'
unset TENON_MUTANT
run verify scalar --kernel crc32c --format junit
is "... with the processor time of a kernel" says out 'name="crc32c" time="[0-9.]*[1-9][0-9]*">$'
run verify scalar --format latex
is "an unknown format is a usage error" exits 2

# BOUNDED kernels conform, but are not loaded unless the operator says so.
export TENON_MUTANT=bounded_in_order
for format in human tap junit json; do
	if [ $format = json ] && ! built_with HAVE_JANSSON; then continue; fi
	run verify "$mutants" --kernel inner_product --format $format
	is "a BOUNDED kernel conforms ($format)" exits 0
	is "... but would be refused, and how not" says out 'set numerics = bounded in \[runtime\]'
done
printf '[runtime]\nnumerics = bounded\n' > bounded.ini
run tenon verify --config bounded.ini "$mutants" --kernel inner_product
is "... and there is nothing to say where that is set" exits 0
is "... nothing" lacks out 'numerics = bounded'
for gate in half_lanes:oracle last_bit:exact-sum truncates:alarm by_alignment:law-alignment; do
	TENON_MUTANT=bounded_${gate%:*}
	run verify "$mutants" --kernel inner_product
	is "bounded_${gate%:*} is stopped by ${gate#*:}" says out "bounded.*, check: ${gate#*:}\$"
done
unset TENON_MUTANT

# Nightly: another seed every time, until the time is over, and it can be had again.
run verify scalar --profile nightly --kernel delta_apply --seconds 1
is "nightly" exits 0
first=$(sed -n 's/^profile nightly, seed \([0-9]*\),.*/\1/p' out)
is "... has a fresh seed, which it prints" [ "${first:-1}" != 1 ]
run verify scalar --profile nightly --kernel delta_apply --seconds 0
is "... another one every time" lacks out "seed ${first:-none},"
is "... and as many cases as its time has room for" [ "$(count_cases)" -gt 1000 ]
TENON_MUTANT=apply_drops_tail
export TENON_MUTANT
run verify "$mutants" --kernel delta_apply --profile nightly --seconds 1
is "... a failure there has a token with that seed" exits 1
token=$(sed -n 's/.*--replay \(delta_apply:.*\)/\1/p' out)
is "... namely" says out "seed=[1-9][0-9]\{6,\}"
run verify "$mutants" --replay "$token"
is "... which fails again" exits 1
unset TENON_MUTANT

# What is skipped is listed, with its reason, and fails where it is required.
if [ "$(uname -m)" = x86_64 ] && [ -e "$top_builddir/backends/.libs/avx2.so" ]; then
	export TENON_MAX_ISA=scalar
	for format in human tap junit json; do
		if [ $format = json ] && ! built_with HAVE_JANSSON; then continue; fi
		run verify scalar avx2 --kernel crc32c --format $format
		is "a skip is no failure ($format)" exits 0
		is "... and has a reason" says out 'max_isa'
	done
	is_json "... and is listed and counted" 'd["totals"]["skip"] == 1 and len(d["backends"][1]["skips"]) == 1'
	run verify scalar avx2 --kernel crc32c --require avx2
	is "a required backend must not be skipped" exits 1
	run verify avx2 --kernel crc32c
	is "nothing but skips is 77" exits 77
	unset TENON_MAX_ISA
else
	skip "skips" "needs an x86-64 build with avx2"
fi

if [ -n "${EMULATOR-}" ]; then
	skip "--runner runs" "under an emulator already"
else
	LD_LIBRARY_PATH=$top_builddir/.libs run verify scalar --kernel crc32c --runner 'env RUNNER=1' --format human
	is "--runner runs" exits 0
	is "... what it is given, and says so" says out 'emulated by env RUNNER=1$'
	run verify scalar --kernel crc32c --runner="$directory/no-runner -x"
	is "a runner that is not there exits 3" exits 3
	is "... and is named" says err "--runner: cannot run '$directory/no-runner'"
fi
if [ "$(uname -m)" != x86_64 ] || [ -n "${EMULATOR-}" ] || ! command -v qemu-x86_64 > /dev/null; then
	skip "--runner" "needs an x86-64 machine with qemu-x86_64 (Debian package qemu-user)"
elif is_sanitized; then
	skip "--runner" "sanitizers do not run under qemu-x86_64"
else
	LD_LIBRARY_PATH=$top_builddir/.libs run verify scalar --kernel crc32c --runner 'qemu-x86_64 -cpu Nehalem'
	is "--runner proves under an emulator" exits 0
	is "... and says so" says out 'emulated by qemu-x86_64 -cpu Nehalem$'
fi

run verify ./nowhere.so
is "a file that is not there is refused" exits 3
echo junk > junk.so
run verify ./junk.so
is "a file that is no backend is refused" exits 3
run verify scalar --require avx9000
is "what is required must run" exits 1
is "... and is named" says err 'required, but not run: avx9000'
run verify scalar --kernel none
is "an unknown kernel is a usage error" exits 2
run verify scalar --profile quack
is "an unknown profile is a usage error" exits 2
is "... with a hint" says err 'did you mean quick'
run verify scalar --replay inner_product:dim=many
is "a broken token is a usage error" exits 2
run verify
is "nothing to verify is a usage error" exits 2
finish
