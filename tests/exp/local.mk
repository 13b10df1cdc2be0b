# SPDX-License-Identifier: LGPL-2.1-or-later
# The canonical exp and log over their whole domains: make check takes a part, make check-exp all (two minutes on two CPUs).
EXTRA_LTLIBRARIES = tests/exp/libscalar.la
tests_exp_libscalar_la_SOURCES = tests/exp/scalar.c tests/exp/exp.h
tests_exp_libscalar_la_CFLAGS = $(SCALAR_CFLAGS)
EXP_CPPFLAGS =
EXP_LIBS = tests/exp/libscalar.la
EXTRA_DIST += tests/exp/vector.c

if BUILD_AVX2
EXTRA_LTLIBRARIES += tests/exp/libavx2.la
tests_exp_libavx2_la_SOURCES = tests/exp/vector.c
tests_exp_libavx2_la_CPPFLAGS = $(AM_CPPFLAGS) -DEXP_VEC='"backends/avx2/vec.h"' -DEXP_FUNCTION=exp_avx2 \
	-DLOG_FUNCTION=log_avx2
tests_exp_libavx2_la_CFLAGS = $(AVX2_CFLAGS)
EXP_CPPFLAGS += -DEXP_AVX2
EXP_LIBS += tests/exp/libavx2.la
endif
if BUILD_AVX512
EXTRA_LTLIBRARIES += tests/exp/libavx512.la
tests_exp_libavx512_la_SOURCES = tests/exp/vector.c
tests_exp_libavx512_la_CPPFLAGS = $(AM_CPPFLAGS) -DEXP_VEC='"backends/avx512/vec.h"' -DEXP_FUNCTION=exp_avx512 \
	-DLOG_FUNCTION=log_avx512
tests_exp_libavx512_la_CFLAGS = $(AVX512_CFLAGS)
EXP_CPPFLAGS += -DEXP_AVX512
EXP_LIBS += tests/exp/libavx512.la
endif
if BUILD_NEON
EXTRA_LTLIBRARIES += tests/exp/libneon.la
tests_exp_libneon_la_SOURCES = tests/exp/vector.c
tests_exp_libneon_la_CPPFLAGS = $(AM_CPPFLAGS) -DEXP_VEC='"backends/neon/vec.h"' -DEXP_FUNCTION=exp_neon \
	-DLOG_FUNCTION=log_neon
tests_exp_libneon_la_CFLAGS = $(NEON_CFLAGS)
EXP_CPPFLAGS += -DEXP_NEON
EXP_LIBS += tests/exp/libneon.la
endif

check_PROGRAMS += tests/exp/exp
TESTS += tests/exp/exp
tests_exp_exp_SOURCES = tests/exp/main.c
tests_exp_exp_CPPFLAGS = $(AM_CPPFLAGS) $(EXP_CPPFLAGS)
tests_exp_exp_LDADD = $(EXP_LIBS) runtime/libpolicy.la -lpthread -lm
check-exp: tests/exp/exp$(EXEEXT)
	$(LIBTOOL) --mode=execute $(EMULATOR) tests/exp/exp$(EXEEXT) --all
.PHONY: check-exp

# Automake cleans what is in its own lists only.
CLEANFILES += $(EXP_LIBS)
