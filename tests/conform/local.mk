# SPDX-License-Identifier: LGPL-2.1-or-later
# The conformance harness: a convenience library for the tools and the tests, never part of libtenon.
noinst_LTLIBRARIES += tests/conform/libconform.la
tests_conform_libconform_la_SOURCES = $(CONFORM_FILES)
tests_conform_libconform_la_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
tests_conform_libconform_la_LIBADD = $(JANSSON_LIBS) -lm

# Anti-vacuity: every kernel has a spec, and the quick profile reaches it.
check_PROGRAMS += tests/conform/complete/complete
TESTS += tests/conform/complete/complete
tests_conform_complete_complete_SOURCES = tests/conform/complete/main.c
tests_conform_complete_complete_LDADD = tests/conform/libconform.la runtime/libpolicy.la
