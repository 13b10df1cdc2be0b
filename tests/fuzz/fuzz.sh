#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# fuzz.sh NAME RUNS: builds the fuzzer NAME with clang, libFuzzer, ASan and UBSan in ./fuzz, with the real configure, and lets
# it try RUNS inputs, beginning with the seeds and what earlier runs found. An input that fails is kept in ./fuzz. For make
# fuzz-NAME.
set -eu
name=$1 runs=$2
if ! command -v clang > /dev/null; then
	echo 'clang is missing (Debian packages clang and libclang-rt-14-dev)' >&2
	exit 77
fi
mkdir -p fuzz
cd fuzz
unset CC OBJDUMP CFLAGS CPPFLAGS LDFLAGS # make's are those of another build
if [ ! -e Makefile ]; then
	"${top_srcdir:?}/configure" -q --without-jansson CC=clang CFLAGS='-g -O2 -fsanitize=fuzzer-no-link' \
		--enable-sanitizer=address,undefined
fi
make -s -j2 fuzz-parts
mkdir -p "corpus/$name"
TENON_BACKEND_PATH=$PWD/backends/.libs "tests/fuzz/$name" -runs="$runs" -max_len=400 -timeout=10 -print_final_stats=1 \
	-artifact_prefix="$PWD/" "corpus/$name" "$top_srcdir/tests/fuzz/corpus/$name"
