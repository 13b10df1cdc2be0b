#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# make installcheck: the examples, compiled and run against installed files only, found through pkg-config. Works under
# DESTDIR; prefix and the like come from the makefile. Not part of make check: it needs an installation.
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
root=${DESTDIR-}
cp "$top_srcdir/examples/host.c" "$top_srcdir/examples/plugin.c" "$directory" || exit 99
cd "$directory" || exit 99
# The build tree must not help.
unset TENON_BACKEND TENON_BACKEND_PATH TENON_CONFIG TENON_MAX_ISA TENON_ARENA_SIZE TENON_ARENA_OVERFLOW TENON_LOG TENON_PROVE \
	STATE_DIRECTORY
# The library knows the helper's place without DESTDIR.
if [ "$root" ]; then export TENON_PROVE="$root${libexecdir:?}/tenon/tenon-prove"; fi
export PKG_CONFIG_LIBDIR="$root${libdir:?}/pkgconfig${PKG_CONFIG_LIBDIR:+:$PKG_CONFIG_LIBDIR}"
export PKG_CONFIG_SYSROOT_DIR="$root"
export LD_LIBRARY_PATH="$root$libdir"

# build OUTPUT PACKAGE SOURCE
build() {
	run sh -c "${CC:-cc} -O2 -Wall -Wextra -Werror $(pkg-config --cflags "$2") -o $1 $3 $(pkg-config --libs "$2")"
}

is "pkg-config knows tenon $VERSION" test "$(pkg-config --modversion tenon)" = "$VERSION"
is "pkg-config knows tenon-backend $VERSION" test "$(pkg-config --modversion tenon-backend)" = "$VERSION"
is "... its backenddir" test -d "$root$(pkg-config --variable=backenddir tenon-backend)"
is "... and its ABI range" test "$(pkg-config --variable=abi_min tenon-backend)" = 1.0
is "the helper is installed" test -x "$root${libexecdir:?}/tenon/tenon-prove"
is "no libtool archive is beside the backends" test -z "$(find "$root${backenddir:?}" -name "*.la")"

build host tenon host.c
is "a host program builds" exits 0
build plugin.so tenon-backend plugin.c
is "a plugin builds" exits 0
is "... without libtenon" test -z "$(readelf -dW plugin.so | grep 'NEEDED.*tenon')"

# The sanitizers' libraries would have to be linked into the host program.
if is_sanitized; then
	skip "the host runs" "a sanitizer build is not for installing"
	finish
	exit
fi
run sh -c "$EMULATOR ./host"
is "the host runs" exits 0
is "... and computes" says out '^10 8 by '
cp out auto
run sh -c "TENON_PROVE=/no/such/helper $EMULATOR ./host"
is "... with what auto takes, which needs no helper" cmp -s out auto
run sh -c "TENON_BACKEND=scalar $EMULATOR ./host"
is "... with scalar when asked" says out '^10 8 by scalar$'
run sh -c "TENON_BACKEND='$directory/plugin.so' $EMULATOR ./host"
is "... and with the plugin, by its path, which the installed helper proves" says out '^10 8 by acme$'
run sh -c "TENON_PROVE=/no/such/helper TENON_BACKEND='$directory/plugin.so' $EMULATOR ./host"
is "... but not without a helper" says out '^10 8 by scalar$'
run sh -c "$EMULATOR '$root${bindir:?}/tenon' --version"
is "the tool runs" says out "^tenon $VERSION\$"
run sh -c "TENON_MUTANTS='$root${libexecdir:?}/tenon/mutants' $EMULATOR '$root$bindir/tenon' verify --self-test"
is "its harness kills the mutants that it is installed with" exits 0
finish
