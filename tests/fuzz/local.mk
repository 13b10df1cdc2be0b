# SPDX-License-Identifier: LGPL-2.1-or-later
# Fuzzers: tests/fuzz/NAME.c with seeds in tests/fuzz/corpus/NAME. make check runs the seeds; `make fuzz-NAME` builds all with
# clang, libFuzzer, ASan and UBSan in ./fuzz and tries FUZZ_RUNS inputs.
FUZZERS = delta
FUZZ_RUNS = 10000000
FUZZ_FILES = tests/fuzz/fuzz.h tests/bits/plugins.c tests/bits/plugins.h tests/delta.h

check_PROGRAMS += tests/fuzz/replay_delta
TESTS += tests/fuzz/replay_delta
tests_fuzz_replay_delta_SOURCES = tests/fuzz/delta.c tests/fuzz/replay.c $(FUZZ_FILES)
tests_fuzz_replay_delta_LDADD = runtime/libpolicy.la -lm

# Built by make fuzz-delta alone.
EXTRA_PROGRAMS += tests/fuzz/delta
tests_fuzz_delta_SOURCES = tests/fuzz/delta.c $(FUZZ_FILES)
tests_fuzz_delta_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_delta_LDADD = runtime/libpolicy.la -lm

fuzz-delta:
	$(AM_TESTS_ENVIRONMENT) $(SHELL) $(top_srcdir)/tests/fuzz/fuzz.sh delta $(FUZZ_RUNS)
fuzz-parts: $(backend_LTLIBRARIES) $(FUZZERS:%=tests/fuzz/%$(EXEEXT))
.PHONY: fuzz-delta fuzz-parts
EXTRA_DIST += tests/fuzz/fuzz.sh tests/fuzz/corpus
