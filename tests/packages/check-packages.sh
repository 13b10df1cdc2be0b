#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# `make check-packages`: the Debian packages, built from the tarball twice, differently, to the same bytes; lintian; for arm64;
# installed into a new Debian root, used there, purged. Minutes, so not part of make check: the builds and the root are made at
# the same time. Everything is in ./packages, which `make clean` removes. TENON_SYSROOT is what tools/make-sysroot made, for
# arm64.
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
trap 'end_jobs; rm -rf "$directory"' EXIT
unset CC CFLAGS CPPFLAGS LDFLAGS OBJDUMP EMULATOR MAKEFLAGS MFLAGS # those of another build
tarball=${top_builddir:?}/tenon-${VERSION:?}.tar.xz
work=$top_builddir/packages
limit='timeout 1800'
rm -rf "${work:?}/one" "${work:?}/other" "${work:?}/arm64" "${work:?}/bin" "$work"/*.log "$work"/*.status
mkdir -p "$work/bin" && cd "$work" || exit 99

# A failure shows the end of the log of what failed.
logged() { # LOG COMMAND...
	log=$1
	shift
	: > out
	"$@" > "$log" 2>&1 < /dev/null || { tail -n 25 "$log" > out; return 1; }
}

# start NAME COMMAND...: in the background, into NAME.log.
start() {
	part=$1
	shift
	{
		("$@") > "$part.log" 2>&1 < /dev/null
		echo $? > "$part.status"
		times > "$part.times"
	} &
	echo $! > "$part.pid"
}

# succeeds NAME: waits for what was started; on success says what it cost.
succeeds() {
	wait "$(cat "$1.pid")"
	: > out
	if [ "$(cat "$1.status")" = 0 ]; then
		sed -n "2s/\(.*\) \(.*\)/# $1: processor time \1 user, \2 system/p" "$1.times"
		return
	fi
	tail -n 25 "$1.log" > out
	return 1
}

for tool in dpkg-buildpackage dh lintian; do
	command -v $tool > /dev/null && continue
	skip 'packages' "$tool is missing (Debian packages debhelper, dpkg-dev, lintian)"
	finish
	exit
done

# ---- What is built ---------------------------------------------------------------------------------------------------

# A tarball is not a clone: whoever asks git gets no answer, and is found out.
printf '#!/bin/sh\necho "$*" >> "%s/asked-git"\nexit 128\n' "$work" > bin/git
chmod +x bin/git
rm -f asked-git
export PATH="$work/bin:$PATH"
# These packages are for nobody to download.
export DPKG_DEB_COMPRESSOR_LEVEL=1

unpack() { # FOLDER: the tarball as dpkg-source wants it
	mkdir -p "$1" && cp "$tarball" "$1/tenon_$VERSION.orig.tar.xz" && tar -xf "$tarball" -C "$1" && cd "$1/tenon-$VERSION" || return
}

# The packages, without the tests, which have run.
build_one() {
	unpack one || return
	DEB_BUILD_OPTIONS="nocheck parallel=$(nproc)" $limit dpkg-buildpackage -us -uc -F
}

# The same, where all that should not matter is different: time, folder, umask, locale, time zone, home, user, order of work.
# The packages of debug symbols are left out: a build-id, which is in the others, is a hash of them as well.
build_other() {
	umask 027
	export LC_ALL=C.UTF-8 TZ=Pacific/Kiritimati HOME="$work/other/home" USER=builder
	unpack other/and/deeper || return
	DEB_BUILD_OPTIONS="nocheck noautodbgsym parallel=3 terse" $limit dpkg-buildpackage -us -uc -b
}

sysroot=${TENON_SYSROOT:-}
libraries=$sysroot/usr/lib/aarch64-linux-gnu

# No foreign architecture: the libraries are the sysroot's, and so is what they say about dependencies. What nobody keeps, the
# debug symbols, is not written.
build_arm64() {
	unpack arm64 || return
	grep -v "^udeb" "$sysroot/.shlibs" > debian/shlibs.local
	export SYSROOT_LIBRARIES="$libraries:$sysroot/lib/aarch64-linux-gnu"
	export PKG_CONFIG_LIBDIR="$libraries/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$sysroot" PKG_CONFIG_PATH=''
	export DEB_LDFLAGS_APPEND="-L$libraries -Wl,-rpath-link,$libraries" DEB_CFLAGS_APPEND=-g0
	DEB_BUILD_OPTIONS="nocheck noautodbgsym parallel=$(nproc)" DEB_BUILD_PROFILES='cross nocheck' \
		$limit dpkg-buildpackage -us -uc -b -d -aarm64
}

# ---- A new machine ---------------------------------------------------------------------------------------------------

root=$work/root

# With processes and mounts of its own, gone when the command is.
inside() { unshare --mount --pid --fork -- sh -c "mount -t proc proc '$root/proc' && exec chroot '$root' \"\$@\"" sh "$@"; }
apt() {
	inside env DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root apt-get -qq -y \
		-o Dpkg::Use-Pty=0 -o Acquire::Retries=3 "$@"
}
make_root() {
	if [ -e "$root/.complete" ]; then return 0; fi
	rm -rf "$root"
	# shellcheck disable=SC2086 # address and release
	set -- $mirror
	$limit debootstrap --variant=minbase "${2:-bookworm}" "$root" "$1" && touch "$root/.complete"
}
# What is there, but for what apt and ldconfig keep for themselves.
contents() {
	(cd "$root" && find . -xdev \( -path ./var/cache -o -path ./var/lib/apt -o -path ./var/log -o -path ./var/lib/dpkg -o -path ./proc \
		-o -path ./tmp -o -path ./packages \) -prune -o -print | LC_ALL=C sort)
}
put_packages() { rm -rf "$root/packages" && mkdir -p "$root/packages" && cp one/*.deb "$root/packages/"; }
install_packages() {
	end=_$VERSION-1_$(dpkg --print-architecture).deb
	apt install --no-install-recommends "/packages/libtenon1$end" "/packages/tenon-backends$end" "/packages/tenon-tools$end" \
		libmicrohttpd12
}
# The libraries that Tenon needs stay: they are not ours to look at.
purge_packages() { apt purge libtenon1 tenon-backends tenon-tools; }

# Compiled here, against what the packages put there; a compiler is not worth a hundred megabytes of root.
compile_host() {
	dpkg -x one/libtenon-dev_*.deb "$directory/dev" &&
		sh -c "cc -O2 -o '$root/packages/live' one/tenon-$VERSION/debian/tests/live.c -I'$directory/dev/usr/include' \
			-L'$root/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH)' -l:libtenon.so.1 -Wl,--unresolved-symbols=ignore-in-shared-libs"
}
use_packages() {
	cp one/tenon-"$VERSION"/debian/tests/live "$root/packages/test" &&
		inside env -i PATH=/usr/bin:/bin HOME=/root timeout 300 /packages/test /packages/live
}
# shellcheck disable=SC2016
is_installed() { inside dpkg-query -W -f '${Status}\n' "$1" 2> /dev/null | grep -q 'ok installed'; }

# ---- All at once -----------------------------------------------------------------------------------------------------

# shellcheck disable=SC2016 # apt's variables
mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Identifier: Packages' 2> /dev/null | grep -m 1 '/debian/* ')
rootless=
if [ "$(id -u)" != 0 ] || ! unshare --mount --pid --fork true 2> /dev/null; then
	rootless='only root can make a root of its own'
elif ! command -v debootstrap > /dev/null || [ -z "$mirror" ] || [ "${TENON_OFFLINE-}" ]; then
	rootless='needs debootstrap, and a Debian mirror in the configuration of apt'
fi
armless=
if [ ! -e "$sysroot/.shlibs" ]; then
	armless='TENON_SYSROOT names no folder that tools/make-sysroot completed'
elif ! command -v aarch64-linux-gnu-gcc > /dev/null || ! command -v qemu-aarch64 > /dev/null; then
	armless='needs gcc-aarch64-linux-gnu and qemu-user'
fi
foreign=$(dpkg --print-foreign-architectures)
start one build_one
start other build_other
if [ -z "$rootless" ]; then start root make_root; fi
if [ -z "$armless" ]; then start arm64 build_arm64; fi

# ---- The sources -----------------------------------------------------------------------------------------------------

# What debian/copyright says of each file, where the file's own SPDX line differs. The last pattern that fits counts.
licences() {
	rm -rf sources && mkdir sources && tar -xf "$tarball" -C sources --strip-components=1 || return
	(cd sources && grep -rHnom 1 'SPDX-License-Identifier: [A-Za-z0-9.-]*[A-Za-z0-9]\( OR [A-Za-z0-9.-]*[A-Za-z0-9]\)\?' . | awk -F ': *' '
		FNR == NR && $1 == "Files" { n = split($2, globs, " ") }
		FNR == NR && $1 == "License" && n {
			for (i = 1; i <= n; i++) { gsub(/[.]/, "[.]", globs[i]); gsub(/[*]/, ".*", globs[i]); glob[++patterns] = globs[i]; says[patterns] = $2 }
			n = 0
		}
		FNR == NR { next }
		$2 > 3 { next } # not of the file itself
		{ file = substr($1, 3); for (i = patterns; i && file !~ "^" glob[i] "$"; i--); files++ }
		tolower(says[i]) != tolower($NF) { print file " has " $NF ", debian/copyright " says[i]; bad = 1 }
		END { if (files < 500) print "only " files " files"; exit bad || files < 500 }' debian/copyright -) > out
}

is 'the tarball has no trace of git' test -z "$(tar -tf "$tarball" | grep -E '/\.git(/|$)')"
is 'debian/copyright says of each file what the file says' licences

# ---- The packages ----------------------------------------------------------------------------------------------------

hashes() { (cd "$1" && sha256sum ./*.deb); }
of() { dpkg-deb -f one/"$1"_*.deb "$2"; } # PACKAGE FIELD
# Each of them needs something.
need_no_http() {
	for package in one/*.deb; do
		dpkg-deb -f "$package" Depends > out
		if empty out || says out microhttpd; then return 1; fi
	done
}

is 'packages are built from the tarball' succeeds one
is '... without git' test ! -e asked-git
is 'seven of them, debug symbols included' test "$(find one -name '*.deb' | wc -l)" = 7
start lintian timeout 900 nice lintian --allow-root --fail-on error,warning "one/tenon_$VERSION-1_$(dpkg --print-architecture).changes"
is 'no package needs libmicrohttpd' need_no_http
of tenon-backends Recommends > out
is '... whose module is in tenon-backends, which recommends it' says out microhttpd

if [ "$rootless" ]; then
	skip 'install, use, purge' "$rootless"
else
	is 'a new Debian root is made' succeeds root
	put_packages
	is 'the packages are installed' logged install.log install_packages
	is '... the library' is_installed libtenon1
	is '... the backends' is_installed tenon-backends
	is '... and the tools' is_installed tenon-tools
	is 'a host is compiled with libtenon-dev' logged compile.log compile_host
	is 'list, verify, swap, metrics over HTTP and rollback of a live process' logged use.log use_packages
	grep -E '^(process|calls|tenon_build) ' use.log | sed 's/^/# /'
	is 'the packages are purged' logged purge.log purge_packages
	is '... and dpkg knows them no more' sh -c "grep -q '^Package: dpkg$' '$root/var/lib/dpkg/status' &&
		! grep -E '^Package: (lib)?tenon' '$root/var/lib/dpkg/status' > out"
	contents > left
	is '... no file of theirs is left' sh -c 'grep -qx ./usr/bin left && ! grep tenon left > out'
fi

is 'they are built in another way' succeeds other
is '... without git' test ! -e asked-git
hashes one | grep -v dbgsym > one.sha256
hashes other/and/deeper > other.sha256
is '... four, without the debug symbols' test "$(wc -l < other.sha256)" = 4
is '... and are the same bytes' sh -c 'diff one.sha256 other.sha256 > out'
is 'lintian has nothing to say' succeeds lintian
is '... and no override is unused' sh -c "! grep -i 'unused-override' lintian.log"

# ---- arm64 -----------------------------------------------------------------------------------------------------------

# The sysroot with the packages unpacked into it; tenon and the helper run in it under qemu.
unpack_arm64() {
	cp -al "$sysroot/." arm64/root && for package in arm64/*.deb; do dpkg -x "$package" arm64/root || return; done
}
tenon_arm64() {
	run env -u TENON_BACKEND_PATH TENON_LAUNCHER="qemu-aarch64 -L $PWD/arm64/root" \
		TENON_PROVE="$PWD/arm64/root/usr/libexec/tenon/tenon-prove" \
		TENON_BACKEND_PATH="$PWD/arm64/root/usr/lib/aarch64-linux-gnu/tenon" \
		timeout 300 qemu-aarch64 -L "$PWD/arm64/root" "$PWD/arm64/root/usr/bin/tenon" "$@"
}

if [ "$armless" ]; then
	skip 'packages for arm64' "$armless"
else
	is 'packages for arm64 are built' succeeds arm64
	is '... four of them' test "$(find arm64 -name '*_arm64.deb' | wc -l)" = 4
	is '... that say what they need' sh -c 'dpkg-deb -f arm64/libtenon1_*.deb Depends | grep libinih1 | grep -q liburcu8'
	is '... and recommend' sh -c 'dpkg-deb -f arm64/tenon-backends_*.deb Recommends | grep -q libmicrohttpd12'
	is '... without a foreign architecture here' test "$foreign" = "$(dpkg --print-foreign-architectures)"
	is '... and are unpacked' unpack_arm64
	tenon_arm64 list
	is 'tenon list of arm64 runs under qemu' exits 0
	is '... and has neon' says out ' neon  *usable'
	# The others are the same code as in make check under qemu.
	for kernel in vector_similarity delta_encode crc32c; do
		tenon_arm64 verify neon --kernel $kernel
		is "$kernel of neon of arm64 conforms" exits 0
	done
fi
finish
[ "$failures" = 0 ]
