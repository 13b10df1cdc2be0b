# SPDX-License-Identifier: LGPL-2.1-or-later
# The bench as a library for the tool. A topic is a file and a line in topics.def. Plain loops stay plain: what they are
# there to show is a loop that nobody vectorised.
# Flags that name the folder of the build say nothing about speed, and would keep two builds from being the same.
SHOWN_CFLAGS = $(filter-out -ffile-prefix-map=% -fdebug-prefix-map=% -fmacro-prefix-map=%,$(CFLAGS))
noinst_LTLIBRARIES += bench/libbench.la
bench_libbench_la_SOURCES = $(BENCH_FILES)
bench_libbench_la_CFLAGS = $(AM_CFLAGS) -fno-tree-vectorize -falign-functions=64 -falign-loops=64
bench_libbench_la_CPPFLAGS = $(AM_CPPFLAGS) $(EXP_CPPFLAGS) -DBENCH_DIR='"$(benchdir)"' \
	-DBENCH_FLAGS='"$(SCALAR_CFLAGS) $(SHOWN_CFLAGS)"' -DBENCH_CFLAGS='"$(SHOWN_CFLAGS)"'
bench_libbench_la_LIBADD = bench/libpeers.la $(EXP_LIBS)

# What others compute, as fast as a compiler makes the loops around it. None of these libraries is linked: each is opened
# when a race has use for it. tools/fetch-peers builds those that are headers alone.
noinst_LTLIBRARIES += bench/libpeers.la
bench_libpeers_la_SOURCES = $(PEER_FILES)
bench_libpeers_la_CFLAGS = -O3 $(COMMON_CFLAGS) $(VECTOR_CFLAGS)
bench_libpeers_la_CPPFLAGS = $(AM_CPPFLAGS)
bench_libpeers_la_LIBADD =
if BUILD_AVX2
bench_libpeers_la_CPPFLAGS += -DBENCH_VECTOR_8
noinst_LTLIBRARIES += bench/libvector8.la
bench_libvector8_la_SOURCES = bench/peers/vector/vector_8.c
bench_libvector8_la_CFLAGS = $(AVX2_CFLAGS)
bench_libpeers_la_LIBADD += bench/libvector8.la
endif
if BUILD_AVX512
bench_libpeers_la_CPPFLAGS += -DBENCH_VECTOR_16
noinst_LTLIBRARIES += bench/libvector16.la
bench_libvector16_la_SOURCES = bench/peers/vector/vector_16.c
bench_libvector16_la_CFLAGS = $(AVX512_CFLAGS)
bench_libpeers_la_LIBADD += bench/libvector16.la
endif
EXTRA_DIST += bench/peers/vector/vector_8.c bench/peers/vector/vector_16.c

# A runtime of its own in a module, built as libtenon is; not in backenddir, where it would be listed.
benchdir = $(backenddir)/bench
bench_LTLIBRARIES = tools/inside.la
tools_inside_la_SOURCES = bench/inside/inside.c
tools_inside_la_CFLAGS = $(RUNTIME_CFLAGS) -falign-functions=64 -falign-loops=64
tools_inside_la_LIBADD = runtime/libruntime.la
tools_inside_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -shared -export-symbols-regex '^tenon_bench_inside$$'

# For the plugins of the build tree: make bench TOPICS=similarity,top_k
bench: all
	$(UNINSTALLED) $(LIBTOOL) --mode=execute $(EMULATOR) tools/tenon$(EXEEXT) \
		bench $(if $(TOPICS),--topic $(TOPICS))
.PHONY: bench

# The figures that docs/PERFORMANCE.md quotes, measured again on this machine.
performance: all
	$(UNINSTALLED) $(SHELL) $(top_srcdir)/tools/record-performance \
		$(top_srcdir)/docs $(LIBTOOL) --mode=execute $(EMULATOR) tools/tenon$(EXEEXT)
.PHONY: performance
EXTRA_DIST += tools/record-performance

# Instructions of each kernel under qemu: what NEON is judged by. Natively: EMULATOR='qemu-x86_64 -cpu max' counts avx2.
check_PROGRAMS += bench/count/calls
bench_count_calls_SOURCES = bench/count/calls.c bench/count/marks.h
bench_count_calls_LDADD = tools/libcases.la libtenon.la -lm
count-instructions: all bench/count/calls$(EXEEXT)
	$(UNINSTALLED) $(LIBTOOL) --mode=execute $(SHELL) \
		$(top_srcdir)/bench/count/count-instructions $(top_srcdir)/bench/count bench/count/calls$(EXEEXT) $(EMULATOR)
.PHONY: count-instructions
EXTRA_DIST += bench/count/count-instructions bench/count/plugin.c
