# SPDX-License-Identifier: LGPL-2.1-or-later
# The figures of the documents: `make bench` prints them, for this machine. A topic is a file and a line in bench.c.
check_PROGRAMS += bench/bench
bench_bench_SOURCES = $(BENCH_FILES)
bench_bench_CFLAGS = $(RUNTIME_CFLAGS) -fno-tree-vectorize -falign-functions=64 -falign-loops=64
bench_bench_CPPFLAGS = $(AM_CPPFLAGS) $(URCU_CFLAGS) $(EXP_CPPFLAGS) $(JANSSON_CFLAGS)
bench_bench_LDADD = bench/libpeers.la $(EXP_LIBS) runtime/libruntime.la $(JANSSON_LIBS) -lm

# What others compute, as fast as a compiler makes the loops around it. None of these libraries is linked: each is opened
# when a race has use for it. tools/fetch-peers builds those that are headers alone.
check_LTLIBRARIES += bench/libpeers.la
bench_libpeers_la_SOURCES = $(PEER_FILES)
bench_libpeers_la_CFLAGS = -O3 $(COMMON_CFLAGS)
EXTRA_DIST += $(BUILT_PEER_FILES)

bench: bench-parts
	TENON_BACKEND_PATH='$(abs_builddir)/backends/.libs' $(LIBTOOL) --mode=execute $(EMULATOR) bench/bench$(EXEEXT) $(TOPICS)
bench-parts: bench/bench$(EXEEXT) $(backend_LTLIBRARIES)
.PHONY: bench bench-parts
