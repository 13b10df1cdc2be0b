#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Each public header compiles alone, as C11 and as C++17, without a warning, with every compiler that is here.
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
cd "$directory" || exit 99

# compile COMPILER LANGUAGE STANDARD HEADER, included twice.
compile() {
	if ! command -v "${1%% *}" > out 2>&1; then
		skip "$1 compiles $4 as $3" "no $1"
		return
	fi
	printf '#include <tenon/%s>\n#include <tenon/%s>\n' "$4" "$4" > alone.c
	# shellcheck disable=SC2086 # CC may carry options
	is "$1 compiles $4 as $3" sh -c "$1 -x $2 -std=$3 -Wall -Wextra -Wpedantic -Werror \
		-I'$top_srcdir/include' -c alone.c -o alone.o 2> err"
}

for header in tenon.h backend.h; do
	compile "${CC:-gcc}" c c11 $header
	for compiler in gcc clang; do
		if [ "$compiler" != "${CC:-gcc}" ]; then compile $compiler c c11 $header; fi
	done
	compile g++ c++ c++17 $header
	compile clang++ c++ c++17 $header
done

# What TENON_BACKEND() expands to is a public header too.
cp "$top_srcdir/examples/plugin.c" .
for pair in 'gcc c11' 'clang c11'; do
	compiler=${pair% *}
	if command -v "$compiler" > out; then
		is "$compiler compiles a plugin" sh -c "$compiler -std=${pair#* } -Wall -Wextra -Wpedantic -Werror \
			-I'$top_srcdir/include' -c plugin.c 2> err"
	else
		skip "$compiler compiles a plugin" "no $compiler"
	fi
done
cat > plugin.cc << 'END'
#include <tenon/backend.h>
static int nothing(const void *, void *) { return TENON_OK; }
static const tenon_backend_kernel kernels[] = {TENON_BACKEND_KERNEL(inner_product, TENON_EXACT, "", nothing)};
TENON_BACKEND("acme", "1.0", "Acme Inc.", "", "", kernels)
END
for compiler in g++ clang++; do
	if command -v "$compiler" > out; then
		is "$compiler compiles a plugin" sh -c "$compiler -std=c++17 -Wall -Wextra -Wpedantic -Werror \
			-I'$top_srcdir/include' -c plugin.cc 2> err"
	else
		skip "$compiler compiles a plugin" "no $compiler"
	fi
done
finish
