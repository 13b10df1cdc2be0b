#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Whoever debugs or profiles a host sees the symbols of the plugin that serves it, although it runs from a private copy.
if [ $# = 0 ]; then
	exec "${top_builddir:?}/libtool" --mode=execute sh "$0" "$top_builddir/tools/tenon" "$top_builddir/tests/hosts/host"
fi
tool=$1
program=$2
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
cd "$directory" || exit 99
if [ "${EMULATOR-}" ]; then
	skip 'gdb and perf see the symbols of a plugin' 'an emulator hides its process'
	finish
	exit
fi
# shellcheck source=tests/hosts/hosts.sh
. "${top_srcdir:?}/tests/hosts/hosts.sh"
mkdir -m 700 runtime stage
export RUNTIME_DIRECTORY="$directory/runtime" XDG_RUNTIME_DIR="$directory/stage" TENON_BACKEND=scalar HOME="$directory"

start load on 1
"$tool" swap "$pid" "$top_builddir/tests/plugins/before/.libs/slow.so" > out 2> err
is 'a host loads a plugin' says out 'slow'

if ! command -v gdb > /dev/null; then
	skip 'gdb knows the functions of a plugin' 'gdb is missing (Debian package gdb)'
else
	run timeout 60 gdb -nx -batch -p "$pid" -ex 'info sharedlibrary' -ex 'info functions ^slow_inner_product$'
	if says err 'Operation not permitted\|ptrace'; then
		skip 'gdb knows the functions of a plugin' 'gdb may not attach to a process here'
	else
		is 'gdb knows the private copy' says out "$directory/stage/tenon-stage-.*/slow-[0-9]*\.so"
		is '... and its functions' says out 'slow_inner_product'
	fi
fi

# Virtual machines have no hardware counters to sample by; the clock is always there.
if ! command -v perf > /dev/null; then
	skip 'perf knows the functions of a plugin' 'perf is missing (Debian package linux-perf)'
elif ! timeout 60 perf record -q -e cpu-clock -F 499 -p "$pid" -o perf.data -- sleep 1 > out 2> err; then
	skip 'perf knows the functions of a plugin' "perf record is not permitted or not built for this kernel: $(head -n 1 err)"
else
	timeout 120 perf report -i perf.data --stdio --no-children --sort dso,symbol > out 2> err
	is 'perf samples the private copy' says out 'slow-[0-9]*\.so'
	is '... and knows its functions' says out 'slow-[0-9]*\.so *\[\.\] \(slow_inner_product\|sum_products\)'
fi
is 'the host went on serving' stop load "$pid"
finish
