# SPDX-License-Identifier: LGPL-2.1-or-later
# Broken backends, and the harness's score on them. blind is the same program with a comparator that sees nothing.
check_LTLIBRARIES += tests/mutants/mutants.la
tests_mutants_mutants_la_SOURCES = tests/mutants/mutants.c tests/mutants/mutants.def tests/mutants/mutant.h \
	tests/mutants/code.c tests/mutants/delta.c tests/mutants/dense.c tests/mutants/forget.c tests/mutants/matrix.c \
	tests/mutants/rank.c tests/mutants/spread.c tests/mutants/x86_64.c
tests_mutants_mutants_la_LDFLAGS = $(PLUGIN_LINK) -rpath $(abs_builddir)/tests/mutants
tests_mutants_mutants_la_LIBADD = backends/libscalar.la -lm

check_PROGRAMS += tests/mutants/score tests/mutants/blind
TESTS += tests/mutants/score
tests_mutants_score_SOURCES = tests/mutants/main.c
tests_mutants_score_LDADD = tests/conform/libconform.la runtime/libpolicy.la
tests_mutants_blind_SOURCES = tests/mutants/main.c tests/mutants/blind.c
tests_mutants_blind_LDADD = $(tests_mutants_score_LDADD)
