#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Prints the automake lists that follow from the folders; configure.ac runs it from the top of the source tree.
set -eu
export LC_ALL=C

list() { # VARIABLE GLOB...
	variable=$1
	shift
	printf '%s =' "$variable"
	for file in "$@"; do
		if [ -e "$file" ]; then printf ' \\\n\t%s' "$file"; fi
	done
	printf '\n\n'
}

# The runtime's policy: nouns that know nothing of threads and tables, so that the tools may hold a second copy. load and
# stage keep state of their own process alone.
policy=
runtime=
for file in runtime/*.c; do
	case ${file#runtime/} in
	config.c|cpu.c|elf.c|event.c|file.c|find.c|flight.c|flight_read.c|graph.c|helper.c|inifile.c|kernels.c|keys.c| \
	load.c|logfmt.c|microcode.c|needs.c|packed.c|places.c|prove.c|record.c|regions.c|share.c|socket.c|stage.c|state.c| \
	trust.c|tuned.c|value.c|vet.c|vet_link.c|vet_note.c|why.c) policy="$policy $file" ;;
	*) runtime="$runtime $file" ;;
	esac
done
# shellcheck disable=SC2086 # one word a file
list POLICY_FILES $policy runtime/specs/*.c
# shellcheck disable=SC2086
list RUNTIME_FILES $runtime runtime/*.h runtime/*.def runtime/specs/*.h
list SCALAR_FILES backends/scalar/*.c backends/scalar/*.h
list SHARED_FILES backends/shared/*.h
list AVX2_FILES backends/avx2/*.c backends/avx2/*.h
list AVX512_FILES backends/avx512/*.c backends/avx512/*.h
list NEON_FILES backends/neon/*.c backends/neon/*.h
# A folder of a backend is a feature beyond its level; only entries that need the feature use what is in it.
list AVX2_PCLMULQDQ_FILES backends/avx2/pclmulqdq/*.c
list AVX2_VPCLMULQDQ_FILES backends/avx2/vpclmulqdq/*.c
list AVX512_VPCLMULQDQ_FILES backends/avx512/vpclmulqdq/*.c
list AVX512_VBMI2_FILES backends/avx512/vbmi2/*.c
list NEON_CRC32_FILES backends/neon/crc32/*.c
list NEON_PMULL_FILES backends/neon/pmull/*.c
# The demo is a library of its own, so that unit tests can have it.
# shellcheck disable=SC2046
list TOOL_FILES tools/*.c tools/*.h tools/*.def $(echo tools/*/*.[ch] | tr ' ' '\n' | grep -v -e '^tools/demo/' -e '^tools/cases/' -e '^tools/prove/')
list CASE_FILES tools/cases/*.[ch]
# All of tenon-prove but its main() is for the tool and unit tests, too.
# shellcheck disable=SC2046
list PROVE_FILES $(echo tools/prove/*.[ch] | tr ' ' '\n' | grep -v main.c)
list DEMO_FILES tools/demo/*.c tools/demo/*.h
list BITS_FILES tests/bits/*.c tests/bits/*.h tests/conform/subject.c tests/conform/subject.h
list CONFORM_FILES tests/conform/*.c tests/conform/*.h tests/conform/*.S tests/conform/laws/*.c tests/conform/specs/*.c tests/conform/specs/*.h
list BENCH_FILES bench/*.c bench/*.h bench/*.def
list PEER_FILES bench/peers/*.c bench/peers/*.h bench/peers/*.def
list BUILT_PEER_FILES bench/peers/built/*.c
list MAN_PAGES tools/man/*.[1-8]
for folder in tests ci; do
	list "TEMPLATE_$(echo $folder | sed 's/s$//' | tr '[:lower:]' '[:upper:]')_FILES" tools/new-backend/common/$folder/*
done
# shellcheck disable=SC2046 # one word a file
list TEMPLATE_COMMON_FILES $(find tools/new-backend/common -maxdepth 1 -type f | sort)
for folder in make autotools language isa; do
	list "TEMPLATE_$(echo $folder | tr '[:lower:]' '[:upper:]')_FILES" tools/new-backend/$folder/*
done
list SHELL_TESTS tests/*/*_test.sh

# One program a unit test: tests/unit/NOUN.c.
set -- tests/unit/*.c
[ -e "$1" ] || set --
printf 'UNIT_TESTS ='
for file in "$@"; do printf ' \\\n\t%s' "${file%.c}"; done
printf '\n\n'
for file in "$@"; do
	program=${file%.c}
	printf '%s_SOURCES = %s\n' "$(echo "$program" | tr -c 'A-Za-z0-9\n' _)" "$file"
done

# Two programs a fuzzer: tests/fuzz/NAME.c with libFuzzer, and replaying the seeds.
fuzzers=
for file in tests/fuzz/*.c; do
	name=$(basename "$file" .c)
	if [ "$name" = replay ]; then continue; fi
	fuzzers="$fuzzers $name"
	shared='tests/fuzz/fuzz.h tests/fuzz/backends.h tests/bits/plugins.c tests/bits/plugins.h tests/conform/subject.c tests/conform/subject.h tests/delta.h'
	printf 'tests_fuzz_%s_SOURCES = %s %s\n' "$name" "$file" "$shared"
	# shellcheck disable=SC2016 # make's variables
	printf 'tests_fuzz_%s_LDFLAGS = $(FUZZ_LINK)\ntests_fuzz_%s_LDADD = $(FUZZ_PARTS)\n' "$name" "$name"
	printf 'tests_fuzz_replay_%s_SOURCES = %s tests/fuzz/replay.c %s\n' "$name" "$file" "$shared"
	# shellcheck disable=SC2016
	printf 'tests_fuzz_replay_%s_LDADD = $(FUZZ_PARTS)\n\n' "$name"
done
programs='' replays=''
for name in $fuzzers; do
	programs="$programs tests/fuzz/$name" replays="$replays tests/fuzz/replay_$name"
done
printf 'FUZZERS =%s\nFUZZ_TOOLS =%s\nFUZZ_REPLAYS =%s\n' "$fuzzers" "$programs" "$replays"
