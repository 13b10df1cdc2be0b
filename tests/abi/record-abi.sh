#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# `make record-abi`: writes tests/abi/*.abi anew, at a release. Refuses when something was removed or changed; with FORCE=yes
# it says what and goes on: for a new minor version whose structs grew, or a new major one. See docs/ABI.md.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
# shellcheck source=tests/abi/lib.sh
. "${top_srcdir:?}/tests/abi/lib.sh"
cd "$directory"
for name in libtenon plugin; do
	write_abi $name $name.abi
	if [ -e "$top_srcdir/tests/abi/$name.abi" ] && ! against $name $name.abi; then
		cat changed
		if [ "${FORCE-}" != yes ]; then
			echo "record-abi: the ABI of $name changed as above; make it grow instead (docs/ABI.md), or say FORCE=yes" >&2
			exit 1
		fi
	fi
done
cp libtenon.abi plugin.abi "$top_srcdir/tests/abi/"
