/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A fuzzer is one file, tests/fuzz/NAME.c, with these two functions: libFuzzer calls them in `make fuzz-NAME`,
 * replay.c in make check, with the seeds of tests/fuzz/corpus/NAME. A finding is an abort(), after a line on stderr
 * that says what.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* For what is no subject, such as an oracle: its comparisons would be traced, and tell nothing. */
#ifdef __clang__
#define UNTRACED_BEGIN _Pragma("clang attribute push(__attribute__((no_sanitize(\"coverage\"))), apply_to = function)")
#define UNTRACED_END _Pragma("clang attribute pop")
#else
#define UNTRACED_BEGIN
#define UNTRACED_END
#endif

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold of every input. */
#define MUST(condition, ...)                                    \
	do {                                                    \
		if (!(condition)) {                             \
			fprintf(stderr, "found: " __VA_ARGS__); \
			fputc('\n', stderr);                    \
			abort();                                \
		}                                               \
	} while (0)

#endif
