# SPDX-License-Identifier: LGPL-2.1-or-later
# Fuzzers: tests/fuzz/NAME.c with seeds in tests/fuzz/corpus/NAME; their programs are listed by m4/sources.sh. make check runs
# the seeds; `make fuzz-NAME` builds all with clang, libFuzzer, ASan and UBSan in ./fuzz and tries FUZZ_RUNS inputs.
FUZZ_RUNS = 10000000
check_PROGRAMS += $(FUZZ_REPLAYS)
TESTS += $(FUZZ_REPLAYS)

# Built by make fuzz-NAME alone.
EXTRA_PROGRAMS += $(FUZZ_TOOLS)
FUZZ_LINK = $(AM_LDFLAGS) -fsanitize=fuzzer
FUZZ_PARTS = tools/libcases.la runtime/libruntime.la -lm

$(FUZZERS:%=fuzz-%): own-folder
	$(AM_TESTS_ENVIRONMENT) $(SHELL) $(top_srcdir)/tests/fuzz/fuzz.sh $(@:fuzz-%=%) $(FUZZ_RUNS)
fuzz-parts: $(backend_LTLIBRARIES) $(FUZZ_TOOLS)
.PHONY: $(FUZZERS:%=fuzz-%) fuzz-parts
EXTRA_DIST += tests/fuzz/fuzz.sh tests/fuzz/corpus
