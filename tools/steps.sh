# shellcheck shell=sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The steps of run-tests: step_NAME counts what it checked through count(), check() and the like. Sourced by run-tests, which
# has tell_failures() and sets $build, $source, $jobs, $no_install, and $name and $log for the step that runs.
# shellcheck disable=SC2154,SC2034

# ---- Counting --------------------------------------------------------------------------------------------------------

count() { # passed|failed|skipped [REASON]: one check that is not in a TAP summary
	case $1 in
	passed) step_passed=$((step_passed + 1)) ;;
	failed) step_failed=$((step_failed + 1)); say "$name: $2" | tell_failures ;;
	skipped) step_skipped=$((step_skipped + 1)); say "$name: $2" >> "$build/skips.txt" ;;
	esac
}

# check WHAT COMMAND...: one counted check.
check() {
	what=$1
	shift
	if logged "$log" "$@"; then count passed; else count failed "$what"; fi
}

# count_suite DIR STATUS: adds the totals of automake's last `make check` in DIR.
count_suite() {
	summary=$1/test-suite.log
	if [ ! -e "$summary" ]; then
		count failed "make check wrote no $summary"
		return
	fi
	count_totals "$summary" "$2"
	find "$1/tests" -name '*.log' -exec grep -hE '^ok .*# *SKIP' {} + | sed "s/^ok [0-9]* *-* */$name: /" >> "$build/skips.txt" || true
	if [ "$bad" != 0 ]; then
		find "$1/tests" -name '*.log' -exec grep -HE -A 4 '^not ok' {} + | sed "s|^$1/|$name: |" | tell_failures || true
	fi
}

# count_totals FILE STATUS: what automake says of a `make check` that exited so; $bad of its tests failed.
count_totals() {
	summary=$1
	bad=0
	if ! grep -q '^# TOTAL: ' "$summary"; then
		count failed "make check ended before it had counted ($2): $summary"
		return
	fi
	number() { sed -n "s/^# $1: *\([0-9][0-9]*\)$/\1/p" "$summary" | sed -n 1p; }
	step_passed=$((step_passed + $(number PASS) + $(number XFAIL)))
	step_skipped=$((step_skipped + $(number SKIP)))
	bad=$(($(number FAIL) + $(number XPASS) + $(number ERROR)))
	step_failed=$((step_failed + bad))
	if [ "$bad" = 0 ] && [ "$2" != 0 ]; then count failed "make check exited $2"; fi
}

# count_tap TARGET [VARIABLE=VALUE...]: the lines of a make target that prints TAP.
count_tap() {
	tap=$build/$1.tap
	need_gcc_build || return 0
	status=0
	make -s -C "$build/gcc" "$@" > "$tap" 2>> "$log" < /dev/null || status=$?
	cat "$tap" >> "$log"
	while read -r line; do
		case $line in
		'ok '*' # SKIP '*) count skipped "${line#ok * - }" ;;
		'ok '*) count passed ;;
		'not ok '*) count failed "${line#not ok * - }" ;;
		esac
	done < "$tap"
	if [ "$status" != 0 ] && [ "$step_failed" = 0 ]; then count failed "make $1 exited $status"; fi
}

# ---- What steps need -------------------------------------------------------------------------------------------------

# make_build DIR CONFIGURE_ARGUMENTS...: configured once, made from the sources as they are now.
make_build() (
	mkdir -p "$1" && cd "$1" || exit
	shift
	if [ ! -e Makefile ]; then logged "$log" "$source/configure" -q "$@"; fi && logged "$log" make "$jobs" WERROR=-Werror
)

# check_build DIR TARGET: TARGET is check or a part of it.
check_build() {
	status=0
	rm -f "$1/test-suite.log"
	make -C "$1" "$jobs" "$2" WERROR=-Werror >> "$log" 2>&1 < /dev/null || status=$?
	count_suite "$1" "$status"
}

# build_and_check DIR TARGET CONFIGURE_ARGUMENTS...
build_and_check() {
	folder=$1 target=$2
	shift 2
	if make_build "$folder" "$@"; then check_build "$folder" "$target"; else count failed 'the build'; fi
}

# need_gcc_build: made once a run, by the first step that needs it; where two lanes run, that is the step gcc before them.
need_gcc_build() {
	if [ ! -e "$build/gcc.built" ]; then
		made=no
		if make_build "$build/gcc" CC=gcc; then made=yes; fi
		echo $made > "$build/gcc.built"
	fi
	if [ "$(cat "$build/gcc.built")" = yes ]; then return 0; fi
	count failed 'the build with gcc'
	return 1
}

need() { # COMMAND PACKAGE: a missing tool is one counted skip
	if command -v "$1" > /dev/null; then return 0; fi
	count skipped "$1 is missing (Debian package $2)"
	return 1
}

# prepare_sysroot: arm64 libraries in $sysroot; without them, one counted skip.
prepare_sysroot() {
	sysroot=$build/sysroot
	if [ "$no_install" = yes ] && [ ! -e "$sysroot/.complete" ]; then
		count skipped 'no arm64 libraries (--no-install forbids the download; run tools/make-sysroot)'
		return 1
	fi
	if ! logged "$log" tools/make-sysroot "$sysroot"; then
		count skipped 'the arm64 libraries could not be downloaded'
		return 1
	fi
}

# ---- Builds with make check ------------------------------------------------------------------------------------------

step_gcc() {
	need_gcc_build || return 0
	check_build "$build/gcc" check
}

step_clang() {
	if need clang clang; then build_and_check "$build/clang" check-short CC=clang; fi
}

step_asan() { build_and_check "$build/asan" check-memory CC=gcc --enable-sanitizer=address,undefined; }

step_tsan() { build_and_check "$build/tsan" check-threads CC=gcc --enable-sanitizer=thread; }

step_aarch64() {
	need aarch64-linux-gnu-gcc gcc-aarch64-linux-gnu || return 0
	need qemu-aarch64 qemu-user || return 0
	prepare_sysroot || return 0
	libraries=$sysroot/usr/lib/aarch64-linux-gnu
	PKG_CONFIG_LIBDIR=$libraries/pkgconfig PKG_CONFIG_SYSROOT_DIR=$sysroot PKG_CONFIG_PATH='' \
		build_and_check "$build/aarch64" check-short --host=aarch64-linux-gnu \
		LDFLAGS="-L$libraries -Wl,-rpath-link,$libraries" EMULATOR="qemu-aarch64 -L $sysroot"
	need_gcc_build || return 0
	check 'neon writes what scalar writes on this machine' same_hashes
}

# Every case of the quick profile, neon under the emulator beside this machine's scalar.
same_hashes() {
	top_builddir=$build/gcc sh tests/conform/print-hashes.sh "$build/gcc/backends/.libs/scalar.so" > "$build/hashes.scalar" &&
		top_builddir=$build/aarch64 EMULATOR="qemu-aarch64 -L $sysroot" sh tests/conform/print-hashes.sh \
			"$build/aarch64/backends/.libs/neon.so" > "$build/hashes.neon" &&
		[ -s "$build/hashes.neon" ] && diff "$build/hashes.scalar" "$build/hashes.neon"
}

step_coverage() {
	need gcovr gcovr || return 0
	need_gcc_build || return 0
	check 'make coverage' make -s -C "$build/gcc" coverage
	sed -n 's/^FAILED: /coverage: /p' "$log" | tell_failures
	grep '^lines: ' "$log" || true
}

# ---- Installing, shipping --------------------------------------------------------------------------------------------

step_installed() {
	need_gcc_build || return 0
	root=$build/root
	rm -rf "$root"
	check 'make install' make -C "$build/gcc" install DESTDIR="$root"
	check 'make installcheck' make -C "$build/gcc" installcheck DESTDIR="$root"
	check 'make uninstall' make -C "$build/gcc" uninstall DESTDIR="$root"
	left=$(find "$root" -type f)
	check "make uninstall leaves nothing: $left" test -z "$left"
}

# As a packager's build user has it: nobody, no network, no home, a source tree without git, which distcheck makes read-only.
step_tarball() {
	need_gcc_build || return 0
	user='' wall=''
	if [ "$(id -u)" = 0 ]; then user='setpriv --reuid=65534 --regid=65534 --clear-groups'; else count skipped 'only root can become nobody'; fi
	if unshare --net true 2> /dev/null; then wall='unshare --net'; else count skipped 'unshare --net is not permitted: the network stays'; fi
	folder=$(mktemp -d /tmp/tenon-tarball.XXXXXX)
	if ! logged "$log" make -C "$build/gcc" dist || ! tar -xf "$build"/gcc/tenon-*.tar.xz -C "$folder" --strip-components=1; then
		count failed 'make dist'
		return 0
	fi
	if [ "$user" ]; then chown -R nobody "$folder"; fi
	short=$(make -s -C "$build/gcc" print-short)
	status=0
	distcheck=$build/distcheck.log
	# shellcheck disable=SC2086
	(cd "$folder" && $wall $user env -i PATH="$PATH" HOME=/nonexistent \
		sh -c "./configure -q && make $jobs distcheck TESTS='$short'") > "$distcheck" 2>&1 < /dev/null || status=$?
	count_totals "$distcheck" "$status"
	if [ "$status" = 0 ]; then
		count passed
		chmod -R u+w "$folder" && rm -rf "$folder"
	else
		grep -E '^(FAIL|ERROR): ' "$distcheck" | sed 's/^/tarball: /' | tell_failures
		say "    kept: $folder"
	fi
}

step_portability() { count_tap check-portability; }

step_packages() {
	prepare_sysroot || true
	offline=
	if [ "$no_install" = yes ]; then offline=yes; fi
	export TENON_SYSROOT="$sysroot" TENON_OFFLINE="$offline"
	count_tap check-packages
}

# ---- Bits ------------------------------------------------------------------------------------------------------------

step_compilers() {
	prepare_sysroot || true
	export TENON_SYSROOT="$sysroot"
	count_tap check-compilers
}

step_exp() {
	need_gcc_build || return 0
	check 'make check-exp' make -C "$build/gcc" check-exp
}

# Whoever is there must compute what scalar computes; whoever is not is a skip, with the package that has it.
step_peers() {
	need_gcc_build || return 0
	offline=
	if [ "$no_install" = yes ]; then offline=--no-install; fi
	# shellcheck disable=SC2086 # one option or none
	tools/fetch-peers --dir "$build/peers" $offline >> "$log" 2>&1 < /dev/null || true
	check 'the topic peers' env TENON_PEERS="$build/peers" make -s -C "$build/gcc" bench TOPICS=peers
	while read -r line; do
		case $line in
		*' agrees') count passed ;;
		'without '*'computes something else'*) count failed "${line#without }" ;;
		'without '*) count skipped "${line#without }" ;;
		esac
	done <<-END
		$(awk '!/^ *without / || !seen[$0]++' "$log")
	END
}

# ---- Sources and documents -------------------------------------------------------------------------------------------

step_style() {
	if need shellcheck shellcheck; then
		check shellcheck sh -c 'grep -rlE "^#!/bin/(ba)?sh|^# shellcheck shell" tools tests m4 .ci autogen.sh | xargs shellcheck -x'
	fi
}

step_static() { count_tap check-static PARTS='format tidy cppcheck scan'; }
step_docs() { count_tap check-docs; }
step_abi() { count_tap check-abi; }

# ---- Vendors: with what the step aarch64 built, if it did, for what is cross-built -----------------------------------

step_vendor() { count_tap check-vendor "CROSS=$build/aarch64" "SYSROOT=$build/sysroot"; }

step_sve() {
	need aarch64-linux-gnu-gcc gcc-aarch64-linux-gnu || return 0
	need qemu-aarch64 qemu-user || return 0
	if [ ! -e "$build/aarch64/tools/.libs/tenon" ]; then
		count skipped 'no build for aarch64: run the step aarch64 first'
		return 0
	fi
	count_tap check-sve "CROSS=$build/aarch64" "SYSROOT=$build/sysroot"
}

# ---- Operators -------------------------------------------------------------------------------------------------------

step_monitoring() { count_tap check-monitoring; }
step_operations() { count_tap check-operations; }

# ---- What goes wrong -------------------------------------------------------------------------------------------------

step_model() { count_tap check-model; }
step_faults() { count_tap check-faults; }

step_fuzz() {
	need clang 'clang and libclang-rt-14-dev' || return 0
	need_gcc_build || return 0
	for fuzzer in 'delta 200000' 'config 200000' 'vet 100000' 'flight 100000'; do
		check "make fuzz-${fuzzer% *}" make -C "$build/gcc" "fuzz-${fuzzer% *}" FUZZ_RUNS="${fuzzer#* }"
	done
}

step_soak() {
	need_gcc_build || return 0
	check 'make soak-minutes' make -C "$build/gcc" soak-minutes
}
