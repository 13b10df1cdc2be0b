# SPDX-License-Identifier: LGPL-2.1-or-later
# Records of what the mutants do wrong, called again.
check_PROGRAMS += tests/flight/recorder
TESTS += tests/flight/recorder
tests_flight_recorder_SOURCES = tests/flight/recorder.c
tests_flight_recorder_LDADD = tests/conform/libconform.la runtime/libruntime.la -lm -lpthread
