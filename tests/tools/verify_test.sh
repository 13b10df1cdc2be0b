#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# tenon verify: this build's backends, a broken one, replay, what cannot be loaded, exit codes.
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
cd "$directory" || exit 99
unset TENON_BACKEND TENON_MAX_ISA TENON_CONFIG TENON_MUTANT
: > empty.ini
verify() { tenon verify --config empty.ini "$@"; }
mutants=${top_builddir:?}/tests/mutants/.libs/mutants.so
export TENON_BACKEND_PATH="$top_builddir/backends/.libs"

run verify --all
is "this build's backends conform" exits 0
is "... scalar, by the oracle" says out '^scalar: conforms'
is "... and a plugin" says out "^[a-z0-9]*: conforms .*/backends/.libs/"
is "... after many cases" says out '^  pass  *inner_product  *[0-9]\{4,\} cases, exact$'

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
	if [ $format = json ] && ! grep -q '^#define HAVE_JANSSON' "$top_builddir/build.h"; then continue; fi
	is "--format $format exits alike" exits 1
	is "... and names the kernel and the token" says out 'inner_product:seed=1,'
done
is_json "JSON has the keys of the contract" 'd["schema"] == "tenon.verify/1" and d["seed"] == "1" and set(d["harness"]) ==
	{"version", "mutants_killed", "mutants"} and d["backends"][0]["verdict"] == "fail" and set(d["backends"][0]["kernels"][0])
	>= {"name", "class", "cases", "verdict", "worst", "replay"} and d["backends"][0]["skips"] == []'
run verify "$mutants" --kernel inner_product --format tap
is "TAP ends with its plan" says out '^1\.\.1$'
run verify "$mutants" --kernel inner_product --format junit
is "JUnit is XML" python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse("out")'
unset TENON_MUTANT
run verify scalar --format latex
is "an unknown format is a usage error" exits 2

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
