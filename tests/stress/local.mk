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

# Recoveries from faults; a million of them is what is promised: make recoveries
check_PROGRAMS += tests/stress/recover
TESTS += tests/stress/recover
tests_stress_recover_SOURCES = tests/stress/recover.c
tests_stress_recover_LDADD = tests/conform/libconform.la runtime/libruntime.la
recoveries: tests/stress/recover$(EXEEXT) tests/plugins/faulty.la
	$(AM_TESTS_ENVIRONMENT) $(LIBTOOL) --mode=execute $(EMULATOR) tests/stress/recover$(EXEEXT) 1000000
.PHONY: recoveries
