# SPDX-License-Identifier: LGPL-2.1-or-later
# Calls that fail, one after the other; make check tries some, make check-faults all of them.
check_PROGRAMS += tests/faults/faults
TESTS += tests/faults/faults
tests_faults_faults_SOURCES = tests/faults/main.c tests/faults/heap.c tests/faults/watch.c tests/faults/scenario.c \
	tests/faults/faults.h tests/faults/kinds.def tools/footprint.c tools/footprint.h
tests_faults_faults_LDFLAGS = $(AM_LDFLAGS) -export-dynamic
tests_faults_faults_LDADD = tools/libcases.la libtenon.la -lm -lpthread
check-faults: all tests/faults/faults$(EXEEXT) tests/plugins/hooked.la tests/plugins/odd.la
	$(AM_TESTS_ENVIRONMENT) $(LIBTOOL) --mode=execute $(EMULATOR) tests/faults/faults$(EXEEXT) --all $(KIND)
.PHONY: check-faults
