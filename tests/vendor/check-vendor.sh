#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A new user's path, with nothing but the package installed in a scratch root: projects of all kinds built, proven and swapped
# into a live process; a broken one caught; docs/VENDORS.md and the recipes of examples/ci executed. Run by make check-vendor.
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
cd "$directory" || exit 99
root=$directory/root
if ! "${MAKE:-make}" -s -C "${top_builddir:?}" install DESTDIR="$root" > installed 2>&1; then
	cat installed
	exit 99
fi
: "${libdir:?}" "${bindir:?}"
unset -f tenon # the build tree's

# Nothing of the build tree; what an installation at its own place would know by itself is said here.
for variable in $(env | sed -n 's/^\(TENON_[A-Z_]*\|MAKE[A-Z]*\|MFLAGS\|EMULATOR\|STATE_DIRECTORY\|DESTDIR\|CFLAGS\|LDFLAGS\)=.*/\1/p'); do
	unset "$variable"
done
export PATH="$root$bindir:/usr/local/bin:/usr/bin:/bin" LD_LIBRARY_PATH="$root$libdir"
export PKG_CONFIG_PATH="$root$libdir/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$root"
export TENON_TEMPLATES="$root${pkgdatadir:?}/new-backend" TENON_PROVE="$root${libexecdir:?}/tenon/tenon-prove"
export TENON_BACKEND_PATH="$root${backenddir:?}" TENON_MUTANTS="$root$libexecdir/tenon/mutants"
installed=$root$backenddir
# A makefile would take them for its own.
unset bindir libdir libexecdir pkgdatadir backenddir
mkdir runtime state
chmod 700 runtime state
export RUNTIME_DIRECTORY="$directory/runtime" STATE_DIRECTORY="$directory/state"
# Some pkg-configs put the sysroot before each variable, others do not.
case $(pkg-config --variable=backenddir tenon-backend) in
"$root"*) ;;
*) export DESTDIR="$root" ;;
esac

has_feature() { tenon probe | grep -qw "$1"; }

# project NAME ISA LANGUAGE BUILD: makes it, builds it and runs its own tests, all output in NAME.log.
project() {
	flags='' custom=''
	if [ "$4" = autotools ]; then flags=--autotools; fi
	if [ "$2" = custom ]; then custom='--needs cpuid:7.0.ebx=200 --flags -O2'; fi # a bit without a name here
	# shellcheck disable=SC2086 # one option a word
	tenon new-backend "$1" --isa "$2" --language "$3" $flags $custom || return
	cd "$1" || return
	if [ "$4" = autotools ]; then
		./autogen.sh && ./configure --cache-file=../config."$3".cache || return
	fi
	make && make check
}

# projects BUILD LANGUAGE: one for each ISA; LANGUAGE-ISA-BUILD.code has how it ended.
projects() {
	for isa in avx2 avx512 scalar custom; do
		made=$2-$isa-$1
		made=$(echo "$made" | tr + p)
		(project "$made" "$isa" "$2" "$1") > "$made.log" 2>&1
		echo $? > "$made.code"
	done
}

machine=$(uname -m)
if [ "$machine" != x86_64 ]; then
	skip "projects for x86-64" "this machine is $machine"
	finish
	exit
fi
builds='make'
if command -v autoreconf > out && command -v libtoolize > out; then builds='make autotools'
else skip "projects with autotools" "no autoconf, automake or libtool"; fi
languages=c
if command -v g++ > out; then languages='c c++'; else skip "projects in C++" "no g++"; fi

for language in $languages; do
	for build in $builds; do projects "$build" "$language"; done &
done
wait
: > out
for language in $languages; do
	for build in $builds; do
		for isa in avx2 avx512 scalar custom; do
			made=$(echo "$language-$isa-$build" | tr + p)
			cp "$made.log" out
			is "$language, $isa, $build: builds, conforms, goes into a live process" test "$(cat "$made.code")" = 0
			if [ "$build" = make ]; then plugin=$made/$made.so log=out; else plugin=$made/.libs/$made.so log=$made/tests/check.log; fi
			case $isa in
			avx2) needed=avx2 ;;
			avx512) needed=avx512vl ;;
			*) needed=sse2 ;;
			esac
			if has_feature $needed; then is "... without a skip" test "$(grep -c '^ok [123]' "$log"):$(grep -c SKIP "$log")" = 3:0
			else skip "... without a skip" "no $needed"; fi
			readelf -dW "$plugin" | grep NEEDED | grep -v -e 'libc\.so' -e 'libm\.so' > out
			is "... and needs libc and libm alone" empty out
			grep -n -i 'warning' "$made.log" | grep -v -e libtool -e autoreconf -e 'was moved' > out
			is "... without a warning" empty out
		done
	done
done

# ---- What is wrong is found by the project's own tests -----------------------------------------------------------------

tenon new-backend broken --isa scalar > out
sed -i 's/lane\[j\] += lane\[j + w\];/lane[j] += lane[2 * w - 1 - j];/' broken/dot.h
run make -C broken check
is "another order of the last additions fails make check" test "$code" != 0
is "... where bits are compared" says out "^not ok 2 - every bit"
is "... and names kernel and case" says out 'inner_product.*--replay\|--replay inner_product'
sed -i 's/for (size_t j = 0; j < n; j++)/for (size_t j = 0; j + 1 < n; j++)/' broken/dot.h
run make -C broken check
is "so does a tail that is one short" says out "^not ok 2"
(cd broken && sh ci/verify.sh ./broken.so) > out 2>&1
is "... and the script for CI" test $? = 1
is "... with a report" grep -q '<failure' broken/junit.xml
is "... and no certificate" test ! -e broken/certificate.json

# A CPU without the feature: the leaf does not exist, so no CPU has it.
tenon new-backend missing --isa custom --needs cpuid:40ffffff.0.eax=1 > out
run make -C missing check
is "what this CPU cannot run is no failure" exits 0
is "... but skipped, with the reason" says out '^ok 1 .* # SKIP .*'
(cd missing && sh ci/verify.sh ./missing.so) > out 2>&1
is "... which the script for CI says by 77" test $? = 77
(cd missing && REQUIRE=missing sh ci/verify.sh ./missing.so) > out 2>&1
is "... and, where it is required, by 1" test $? = 1

# ---- The document, command by command ----------------------------------------------------------------------------------

awk '/^```sh$/ {inside = 1; next} /^```$/ {inside = 0} inside' "$top_srcdir/docs/VENDORS.md" > commands
is "docs/VENDORS.md has commands" test "$(wc -l < commands)" -gt 20
mkdir document
if ! has_feature avx2; then skip "docs/VENDORS.md" "no avx2"
else
	(cd document && timeout 120 sh -eu ../commands) > out 2> err
	code=$?
	is "they run from the first to the last" exits 0
	is "... the tests pass" test "$(grep -c '^ok [123] ' out):$(grep -c 'SKIP\|^not ok' out)" = 6:0
	is "... the certificate holds" test -s document/acme/acme.json
	is "... tenon list finds it" says out '^[* ]*acme .*'
	is "... where pkg-config says" test -f "$installed/acme.so"
	is "... and a live process was served by it" says out '  kernel  *inner_product  *.*acme'
fi

# ---- The recipes -------------------------------------------------------------------------------------------------------

# The items of `script:` below a job, and what stands in `run:` of a step, without the packages.
awk '
	/^[.a-z]/ {inside = 0}
	/^  script:/ {inside = 1; next}
	/^  [a-z]/ {inside = 0}
	inside {sub(/^ *- /, ""); print}' "$top_srcdir/examples/ci/gitlab.yml" > gitlab.sh
awk '
	/^  [a-z]*:$/ {job = $1}
	/^      - / {inside = 0}
	job == "anywhere:" && /^        run: [^|]/ && !/apt-get/ {sub(/^ *run: /, ""); print}
	job == "anywhere:" && /^        run: \|/ {inside = 1; next}
	inside {print}' "$top_srcdir/examples/ci/github.yml" > github.sh
# shellcheck disable=SC2016 # nothing is to expand
is "the GitLab recipe builds and verifies" test "$(tr '\n' ';' < gitlab.sh)" = 'make;sh ci/verify.sh "$PLUGIN";'
is "... and knows 77" grep -q 'exit_codes: 77' "$top_srcdir/examples/ci/gitlab.yml"
is "the GitHub recipe builds, too" test "$(head -n 1 github.sh)" = make
for recipe in gitlab github; do
	(cd c-scalar-make && rm -f junit.xml certificate.json && PLUGIN=./c-scalar-make.so REQUIRE=c-scalar-make sh -e ../$recipe.sh) > out 2> err
	is "$recipe: what conforms passes" test $? = 0
	is "... with JUnit and a certificate" test -s c-scalar-make/junit.xml -a -s c-scalar-make/certificate.json
	(cd broken && PLUGIN=./broken.so sh -e ../$recipe.sh) > out 2> err
	is "... what does not, fails" test $? = 1
	if [ $recipe = gitlab ]; then want=77; else want=0; fi
	(cd missing && PLUGIN=./missing.so sh -e ../$recipe.sh) > out 2> err
	is "... a skip is told" test $? = $want
	(cd missing && PLUGIN=./missing.so REQUIRE=missing sh -e ../$recipe.sh) > out 2> err
	is "... and fails where it is required" test $? = 1
done
if command -v python3 > out && python3 -c 'import yaml' 2> err; then
	for recipe in gitlab github; do
		run python3 -c 'import sys, yaml; yaml.safe_load(open(sys.argv[1]))' "$top_srcdir/examples/ci/$recipe.yml"
		is "$recipe.yml is YAML" exits 0
	done
else
	skip "the recipes are YAML" "no python3-yaml"
fi

# ---- Another machine ---------------------------------------------------------------------------------------------------

for isa in neon sve; do
	if ! command -v aarch64-linux-gnu-gcc > out; then
		skip "$isa, cross-built" "no aarch64-linux-gnu-gcc"
		continue
	fi
	tenon new-backend "$isa-cross" --isa $isa > out
	run make -C $isa-cross CC=aarch64-linux-gnu-gcc $isa-cross.so
	is "$isa is cross-built" exits 0
	run tenon verify ./$isa-cross/$isa-cross.so
	is "... and not run here" exits 77
	if [ ! -x "${CROSS:-/nonexistent}/tools/.libs/tenon" ]; then
		skip "... but under qemu" "no build for aarch64 (CROSS)"
		continue
	fi
	LD_LIBRARY_PATH=$CROSS/.libs run qemu-aarch64 -cpu max -L "$SYSROOT" "$CROSS/tools/.libs/tenon" verify ./$isa-cross/$isa-cross.so
	is "... but under qemu" exits 0
	is "... where it conforms" says out '^1 passed, 0 failed, 17 inherited'
done
finish
[ "$failures" = 0 ]
