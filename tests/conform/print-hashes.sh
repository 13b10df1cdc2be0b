#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Prints "KERNEL HASH", sorted, once each: what a backend wrote in the cases of tenon verify. Every right backend prints the
# same, on every ISA. $top_builddir and $EMULATOR as in make check.
#
#     print-hashes.sh BACKEND [OPTION]...
: > "${TMPDIR:-/tmp}/tenon-hashes.$$.ini"
# shellcheck disable=SC2086 # EMULATOR carries options
LD_LIBRARY_PATH=${top_builddir:?}/.libs ${EMULATOR-} "$top_builddir/tools/.libs/tenon" verify \
	--config "${TMPDIR:-/tmp}/tenon-hashes.$$.ini" --json "$@" | sed -n 's/^ *"\(name\|output_hash\)": "\([^"]*\)".*/\1 \2/p' |
	awk '$1 == "name" { name = $2 } $1 == "output_hash" { print name, $2 }' | sort -u
rm -f "${TMPDIR:-/tmp}/tenon-hashes.$$.ini"
