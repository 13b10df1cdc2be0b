# shellcheck shell=sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What check-abi.sh and record-abi.sh share: the two ABIs as abidw writes them, without paths, line numbers or types that are
# not public. $directory is scratch.
# shellcheck disable=SC2154

# write_abi NAME OUTPUT [INCLUDE]: of libtenon or plugin; INCLUDE stands in for the headers of the plugin interface.
write_abi() {
	headers=${3:-${top_srcdir:?}/include}
	if [ "$1" = libtenon ]; then
		object=${top_builddir:?}/.libs/libtenon.so
	else
		object=$directory/plugin-interface.so
		(cd "$top_srcdir/tests/abi" && sh -c "${CC:-cc} -g -O0 -shared -fPIC -fvisibility=hidden -I'$headers' -o '$object' \
			interface.c") || return 1
	fi
	abidw --headers-dir "$headers/tenon" --drop-private-types --exported-interfaces-only --no-elf-needed --no-corpus-path \
		--no-comp-dir-path --no-show-locs --no-parameter-names --type-id-style hash --out-file "$2" "$object" &&
		sed -i "s|path='[./]*/|path='|" "$2"
}

# against NAME NOW: what was removed or changed since NAME was recorded goes to the file `changed`, what is new to `added`;
# whether nothing was removed or changed.
against() {
	abidiff "$top_srcdir/tests/abi/$1.abi" "$2" > added
	abidiff --no-added-syms "$top_srcdir/tests/abi/$1.abi" "$2" > changed
}
