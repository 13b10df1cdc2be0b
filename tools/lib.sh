# shellcheck shell=sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What quickstart and run-tests share: the Debian packages that each purpose needs, installing them, and running a step
# with its output in a log. Sourced from the top of the source tree by a script that sets $logs and $no_install.
# shellcheck disable=SC2034,SC2154

# Build and unit tests; wider checks; what examples/ is tried with; the aarch64 cross build; the demo's data; what the bench
# compares with (8 MB to download, 46 MB on disk), and the one of it that is large (24 MB, 176 MB on disk), which nothing
# installs by itself.
packages_build='gcc g++ make autoconf automake libtool pkg-config libinih-dev liburcu-dev libjansson-dev libcmocka-dev libsodium-dev libncurses-dev
	libzydis-dev libmicrohttpd-dev'
packages_check='gdb linux-perf clang libclang-rt-14-dev binutils shellcheck python3 qemu-user spin minisign gcovr abigail-tools tmux'
packages_monitoring='prometheus systemd python3-yaml curl'
# docs/OPERATIONS.md by the letter, beside those.
packages_operations='jq ansible-core'
# make check-docs, and make doxygen.
packages_docs='mandoc doxygen patch'
# make check-static.
packages_static='clang-format clang-tidy clang-tools cppcheck'
packages_cross='gcc-aarch64-linux-gnu libc6-dev-arm64-cross'
# The Debian packages, and a root to install them into.
packages_package='debhelper dpkg-dev fakeroot lintian debootstrap'
packages_demo='ca-certificates npm'
packages_peers='libopenblas0-pthread libsleef3 libisal2 liblz4-1'
packages_peers_large='libgraphblas7'

say() { printf '%s\n' "$*"; }

# The names of those packages that dpkg does not list as installed. npm is often there without its package.
missing_packages() {
	for package in "$@"; do
		case $package in
		npm) command -v npm > /dev/null && command -v node > /dev/null && continue ;;
		esac
		dpkg-query -W -f '${Status}' "$package" 2> /dev/null | grep -q 'ok installed' || printf '%s ' "$package"
	done
}

# install_packages NAME...: as root or through sudo; otherwise prints the command and goes on with what exists.
install_packages() {
	missing=$(missing_packages "$@")
	if [ -z "$missing" ]; then return 0; fi
	line="apt-get install -y --no-install-recommends $missing"
	if [ "${no_install-}" = yes ]; then
		say "not installed (--no-install), going on without: $missing"
		return 0
	fi
	if [ "$(id -u)" = 0 ]; then
		as_root=
	elif sudo -n true 2> /dev/null; then
		as_root='sudo -n'
	else
		say "not root and no sudo, going on without: $missing"
		say "to install them: sudo $line"
		return 0
	fi
	say "installing: $missing"
	# shellcheck disable=SC2086 # $as_root is a command and its option, or nothing
	if ! $as_root env DEBIAN_FRONTEND=noninteractive sh -c "apt-get -qq update && $line" > "$logs/apt.log" 2>&1; then
		# One refused package must not keep the others away.
		say "installing all at once failed (see $logs/apt.log); trying one by one"
		for package in $missing; do
			$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$package" \
				>> "$logs/apt.log" 2>&1 || say "could not install $package"
		done
	fi
}

# logged LOG COMMAND...: runs it with all output appended to LOG; on failure shows the end of it.
logged() {
	log=$1
	shift
	status=0
	"$@" >> "$log" 2>&1 < /dev/null || status=$?
	if [ "$status" = 0 ]; then return 0; fi
	say "failed ($status): $*"
	tail -n 30 "$log" | sed 's/^/    /'
	return "$status"
}

# prepare_configure: makes configure if it is missing or older than what it is made of (a tarball ships it).
prepare_configure() {
	if [ -e configure ] && [ -z "$(find configure.ac Makefile.am m4/sources.sh ./*/local.mk include/tenon runtime backends \
		tests tools bench -newer configure -type f 2> /dev/null | head -n 1)" ]; then
		return 0
	fi
	logged "$logs/autogen.log" ./autogen.sh
}
