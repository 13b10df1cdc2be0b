# SPDX-License-Identifier: LGPL-2.1-or-later
# The conformance harness: a convenience library for the tools and the tests, never part of libtenon.
noinst_LTLIBRARIES += tests/conform/libconform.la
tests_conform_libconform_la_SOURCES = $(CONFORM_FILES)
tests_conform_libconform_la_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS) -DTENON_MUTANTSDIR='"$(mutantsdir)"'
tests_conform_libconform_la_LIBADD = $(JANSSON_LIBS) $(ZYDIS_LIBS) -lm

# Part of every reproducer, taken in by template.S; by a variable, because automake takes a plain target for the whole rule.
EXTRA_DIST += tests/conform/reproducer/template.c tests/conform/print-hashes.sh
TEMPLATE_OBJECT = tests/conform/libconform_la-template.lo
$(TEMPLATE_OBJECT): $(top_srcdir)/tests/conform/reproducer/template.c

# Anti-vacuity: every kernel has a spec, and the quick profile reaches it.
check_PROGRAMS += tests/conform/complete/complete
TESTS += tests/conform/complete/complete
tests_conform_complete_complete_SOURCES = tests/conform/complete/main.c
tests_conform_complete_complete_LDADD = tests/conform/libconform.la runtime/libpolicy.la

# The same with a schedule that visits nothing, for idle_test.sh.
check_PROGRAMS += tests/conform/idle/complete tests/conform/idle/score
tests_conform_idle_complete_SOURCES = tests/conform/complete/main.c tests/conform/idle/idle.c
tests_conform_idle_complete_LDADD = $(tests_conform_complete_complete_LDADD)
tests_conform_idle_score_SOURCES = tests/mutants/main.c tests/conform/idle/idle.c
tests_conform_idle_score_LDADD = $(tests_conform_complete_complete_LDADD)

# The quick profile's 100 ms; under an emulator time says nothing.
check_PROGRAMS += tests/conform/budget/budget
TESTS += tests/conform/budget/budget
tests_conform_budget_budget_SOURCES = tests/conform/budget/main.c
tests_conform_budget_budget_LDADD = $(tests_conform_complete_complete_LDADD)
