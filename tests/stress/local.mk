# SPDX-License-Identifier: LGPL-2.1-or-later
# The storm, and its negative control: the program's own table.o, without grace periods, stands before the library's.
check_PROGRAMS += tests/stress/storm tests/stress/storm_no_grace
TESTS += tests/stress/storm
tests_stress_storm_SOURCES = tests/stress/storm.c
tests_stress_storm_LDADD = runtime/libruntime.la
tests_stress_storm_no_grace_SOURCES = tests/stress/storm_no_grace.c
tests_stress_storm_no_grace_CPPFLAGS = $(AM_CPPFLAGS) $(URCU_CFLAGS)
tests_stress_storm_no_grace_LDADD = runtime/libruntime.la
EXTRA_DIST += tests/tsan.supp
