#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# tenon new-backend: what it writes, what it refuses, and that a failure leaves nothing. That projects build and conform is
# for make check-vendor.
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
cd "$directory" || exit 99
export TENON_TEMPLATES="$top_srcdir/tools/new-backend"

run tenon new-backend acme --isa avx2
is "a project is written" exits 0
cp out said
find acme -type f | sort > files
is "... with build file, kernel, tests, script for CI, README and licence" test "$(tr '\n' ' ' < files)" = \
	"acme/.gitignore acme/LICENSE acme/Makefile acme/README.md acme/backend.c acme/ci/verify.sh acme/dot.h acme/inner_product.c acme/kernels.h acme/tests/check.sh acme/tests/live.c "
missing=
while read -r file; do grep -qx "  ${file#acme/}" said || missing="$missing $file"; done < files
is "... and each is named: $missing" test -z "$missing"
is "... with what comes next" says said "^next: cd 'acme' && make && make check\$"
is "the name is in the note" says acme/backend.c '^TENON_BACKEND("acme", "0.1.0", "acme", "x86-64-v3", "", kernels)$'
is "flags follow the ISA" says acme/Makefile '^ISA_FLAGS = -mavx2 '
is "scripts may be run" test -x acme/ci/verify.sh -a -x acme/tests/check.sh -a ! -x acme/Makefile
grep -rn -e '@[A-Z_]*@' -e '^%[A-Z]' acme > out
is "no variable is left in it" empty out
unlicensed=$(grep -rL 0BSD acme --exclude=.gitignore)
is "every file is under 0BSD: $unlicensed" test -z "$unlicensed"

run tenon new-backend other --isa avx512 --name acme-x.1 --vendor 'Acme Inc.' --language c++ --autotools
is "C++, autotools, a name and a vendor of one's own" exits 0
is "... go into the sources" says other/backend.cc '^TENON_BACKEND("acme-x.1", "0.1.0", "Acme Inc.", "x86-64-v4", "", kernels)$'
is "... and into names that automake can have" says other/Makefile.am '^acme_x_1_la_SOURCES = backend.cc inner_product.cc'
is "... and autogen.sh is the next step" says out "cd 'other' && ./autogen.sh && ./configure && make && make check\$"
mkdir empty
# shellcheck disable=SC2046 # a word or none
run tenon new-backend empty/ --isa custom --needs cpuid:7.0.ebx=200,xcr0:6 --flags '-mavx2 -O3' $(json)
is "an empty folder is taken, and raw requirements" exits 0
is_json "... and --json says what was made" 'd["schema"] == "tenon.new-backend/1" and d["name"] == "empty" and
	d["needs"] == "cpuid:7.0.ebx=200,xcr0:6" and d["build"] == "make" and "backend.c" in d["files"]'
is "... as given" says empty/backend.c '"cpuid:7.0.ebx=200,xcr0:6", "", kernels)$'
is "... flags too" says empty/Makefile '^ISA_FLAGS = -mavx2 -O3$'
run tenon new-backend ../"$(basename "$PWD")"/baseline --isa scalar
is "what every CPU has needs nothing" says out 'baseline: the backend baseline, needs baseline, in c$'

# refused CODE PATTERN ARGUMENT...: and nothing is made of it.
refused() {
	want=$1 pattern=$2
	shift 2
	run tenon new-backend "$@"
	is "refused: $*" exits "$want"
	is "... $pattern" says err "$pattern"
	is "... and nothing is made" test ! -e no
}
refused 2 'an argument is missing' --isa avx2
refused 2 '^tenon new-backend: --isa is missing; there are avx2, avx512, custom, ' no
refused 2 "--isa 'avx3'; did you mean avx2?" no --isa avx3
refused 2 "--language 'rust'; there are c, c++" no --isa avx2 --language rust
refused 2 "no backend may be called that; use letters" no --isa avx2 --name '../x'
refused 2 "no backend may be called that" .. --isa avx2
refused 2 "no backend may be called that" no --isa avx2 --name a2345678901234567890123456789012
for name in avx2 scalar auto mixed; do
	refused 2 "a name of Tenon's own; add yours to it, for example acme-$name" no --isa avx2 --name $name
done
refused 2 "--vendor .*cannot stand there; use letters" no --isa avx2 --vendor 'a"b'
refused 2 "has 32 characters, 31 is the most" no --isa avx2 --vendor a2345678901234567890123456789012
refused 2 "say with --needs what the CPU must have" no --isa custom
refused 2 "--needs is for --isa custom; avx2 brings its own" no --isa avx2 --needs avx
refused 2 "--flags is for --isa custom" no --isa avx2 --flags -mavx
refused 2 "a feature that Tenon .* does not know; write it as a raw requirement" no --isa custom --needs turbo
refused 2 "do not parse at 'cpuid:7'" no --isa custom --needs cpuid:7
refused 2 "127 is the most" no --isa custom --needs "$(printf 'avx,%.0s' 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 \
	21 22 23 24 25 26 27 28 29 30 31)avx2"
# shellcheck disable=SC2016 # nothing is to expand
refused 2 "'\$' cannot stand there" no --isa custom --needs avx --flags '-I$HOME'
refused 3 "acme: is not empty (.* entries), and nothing is written over" acme --isa avx2
refused 3 "make the folder that it is to be in first" no/where --isa avx2
refused 3 "cannot be read as a folder" files --isa avx2
is "... which stays" test -s files
TENON_TEMPLATES=$directory/nowhere
refused 3 "no templates there; make install puts them there, TENON_TEMPLATES" no --isa avx2

# What fails halfway is taken back.
cp -R "$top_srcdir/tools/new-backend" templates
chmod -R u+w templates
TENON_TEMPLATES=$directory/templates
rm -r templates/common
refused 3 "common: cannot be read as a folder of templates" no --isa avx2
mkdir -p templates/common/tests/much/deep
echo x > templates/common/tests/much/deep/file
refused 3 "too deep" no --isa avx2
rm -r templates/common
mkdir templates/common kept
echo x > templates/common/Makefile
refused 3 "no/Makefile: cannot be made: File exists" no --isa avx2
run tenon new-backend kept --isa avx2
is "... and an empty folder that was there stays, empty" test "$code:$(ls kept)" = 3:
seq -f '%%V%g x' 30 > templates/common/file
rm templates/common/Makefile
refused 3 "out of memory, or of places for its variables" no --isa avx2
if ! is_sanitized; then
	rm templates/common/file
	head -c 300000 /dev/zero | tr '\0' x > templates/common/large
	too_large() (
		ulimit -f 100
		trap '' XFSZ
		tenon new-backend no --isa avx2
	)
	run too_large
	is "a disk that is full is a failure" exits 3
	is "... and named" says err 'no/large: cannot be written'
	is "... and nothing is left" test ! -e no
fi
finish
