# SPDX-License-Identifier: LGPL-2.1-or-later
# Hazards meet libtenon as a host does: as a shared library, through its public functions.
check_PROGRAMS += tests/hazards/hazards tests/hazards/reopen
TESTS += tests/hazards/hazards tests/hazards/reopen
tests_hazards_hazards_SOURCES = tests/hazards/main.c tests/hazards/load.c tests/hazards/fork.c tests/hazards/threads.c \
	tests/hazards/hosts.c tests/hazards/memb.c tests/hazards/hazards.h tests/hazards/hazards.def
tests_hazards_hazards_CPPFLAGS = $(AM_CPPFLAGS) $(URCU_CFLAGS)
tests_hazards_hazards_LDADD = libtenon.la $(URCU_LIBS) $(MEMB_LIBS) -lpthread

# Not linked with libtenon: opens it with dlopen() and closes it again.
tests_hazards_reopen_SOURCES = tests/hazards/reopen.c
tests_hazards_reopen_LDADD = -lpthread
