#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A package upgrade under running hosts, rehearsed with dpkg itself in a root of its own: unpacking changes nothing, a swap
# loads the new version and the old one leaves, and removing the package changes nothing again.
if [ $# = 0 ]; then
	exec "${top_builddir:?}/libtool" --mode=execute sh "$0" "$top_builddir/tools/tenon" "$top_builddir/tests/hosts/host"
fi
tool=$1
program=$2
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
cd "$directory" || exit 99
if ! command -v dpkg-deb > /dev/null || ! command -v dpkg > /dev/null; then
	skip 'a package upgrade under running hosts' 'no dpkg on this system'
	finish
	exit
fi
if [ "${EMULATOR-}" ]; then
	skip 'a package upgrade under running hosts' 'dpkg takes packages for this machine alone'
	finish
	exit
fi
# shellcheck source=tests/hosts/hosts.sh
. "${top_srcdir:?}/tests/hosts/hosts.sh"
umask 022
mkdir -m 700 runtime stage
mkdir -p root/var/lib/dpkg/updates root/var/lib/dpkg/info
: > root/var/lib/dpkg/status
export RUNTIME_DIRECTORY="$directory/runtime" XDG_RUNTIME_DIR="$directory/stage" TENON_BACKEND=scalar \
	TENON_BACKEND_PATH="$directory/root/usr/lib/tenon"
plugins=$top_builddir/tests/plugins

tenon() { "$tool" "$@"; }
build_id() { readelf -n "$1" | sed -n 's/.*Build ID: //p'; }

# pack VERSION PLUGIN: slow_VERSION.deb, which has the plugin as usr/lib/tenon/slow.so.
pack() {
	mkdir -p "$1/DEBIAN" "$1/usr/lib/tenon"
	cp "$2" "$1/usr/lib/tenon/slow.so"
	printf 'Package: tenon-slow\nVersion: %s\nArchitecture: all\nMaintainer: Tenon tests <tests@example.org>\n%s\n' "$1" \
		'Description: a plugin' > "$1/DEBIAN/control"
	dpkg-deb --build "$1" "slow_$1.deb" > out 2> err
}

# Without the checks of a real system: no ldconfig in the path, no other user, no log of it.
packages() { dpkg --root="$directory/root" --force-not-root --force-bad-path --log=/dev/null "$@" > out 2> err; }

settles_on() { # BUILD-ID, on both hosts
	for host in $first $second; do
		tenon status "$host" > out 2> err && says out "^  build-id *$1" || return
	done
}

is 'version 1 is packed' pack 1 "$plugins/before/.libs/slow.so"
is 'version 2 is packed' pack 2 "$plugins/after/.libs/slow.so"
old=$(build_id 1/usr/lib/tenon/slow.so) new=$(build_id 2/usr/lib/tenon/slow.so)
is 'version 1 is installed' packages --install slow_1.deb
start first on 2
first=$pid
start second on 1
second=$pid
run tenon swap --all slow
is 'two hosts under load swap to it by name' exits 0
is '... and both serve it' settles_on "$old"

is 'version 2 is unpacked over it' packages --install slow_2.deb
is '... as dpkg says' says root/var/lib/dpkg/status '^Version: 2$'
is 'the hosts go on with version 1' settles_on "$old"
run tenon swap --all slow
is 'a swap' exits 0
is '... loads version 2' settles_on "$new"
# What a rollback would go back to stays; after another swap nobody needs version 1 any more.
run tenon swap --all scalar
run tenon swap --all slow
is 'another swap and back' settles_on "$new"
unloaded() { tenon status "$first" > out && says out ' [1-9][0-9]* unloaded, 0 resident'; }
is 'the old image is unloaded' settled unloaded
is '... and mapped no more' test "$(grep -o 'slow-[0-9]*\.so' "/proc/$first/maps" | sort -u | wc -l)" = 1

is 'the package is removed' packages --remove tenon-slow
is '... the file is gone' test ! -e root/usr/lib/tenon/slow.so
is 'the hosts go on' settles_on "$new"
is 'the first had no call that was wrong or failed' stop first "$first"
is 'nor had the second' stop second "$second"
finish
