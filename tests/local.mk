# SPDX-License-Identifier: LGPL-2.1-or-later
# Tests speak TAP. Unit tests see the runtime's internals through the convenience library.
AM_TESTS_ENVIRONMENT = CMOCKA_MESSAGE_OUTPUT=TAP TENON_BACKEND_PATH='$(abs_builddir)/backends/.libs' \
	top_srcdir='$(abs_top_srcdir)' top_builddir='$(abs_top_builddir)' CC='$(CC)' OBJDUMP='$(OBJDUMP)' EMULATOR='$(EMULATOR)' \
	TEST_CFLAGS='$(INIH_CFLAGS) $(URCU_CFLAGS) $(SANITIZER_CFLAGS)' TEST_LIBS='$(INIH_LIBS) $(URCU_LIBS) $(LIBS)' \
	TSAN_OPTIONS="suppressions=$(abs_top_srcdir)/tests/tsan.supp $$TSAN_OPTIONS"; \
	export TSAN_OPTIONS CMOCKA_MESSAGE_OUTPUT TENON_BACKEND_PATH top_srcdir top_builddir CC OBJDUMP EMULATOR TEST_CFLAGS TEST_LIBS;
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
LOG_COMPILER = $(SHELL) $(top_srcdir)/tests/run-unit $(LIBTOOL) --mode=execute $(EMULATOR)
SH_LOG_DRIVER = $(LOG_DRIVER)
SH_LOG_COMPILER = $(SHELL)
TEST_EXTENSIONS = .sh

LDADD = runtime/libruntime.la $(CMOCKA_LIBS)
if HAVE_CMOCKA
check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)
endif

tests_unit_client_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
tests_unit_client_LDADD = runtime/libpolicy.la $(CMOCKA_LIBS) $(JANSSON_LIBS) -lpthread
tests_unit_tool_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
tests_unit_tool_LDADD = $(CMOCKA_LIBS) $(JANSSON_LIBS) -lm
tests_unit_share_LDADD = tools/libcases.la $(LDADD) -lpthread

tests_unit_statistics_LDADD = bench/libbench.la $(LDADD) -lm

# The nouns of the demo, and the small world that they are tested on.
tests_unit_memory_LDADD = tools/libdemo.la $(LDADD) -lm
tests_unit_store_LDADD = tools/libdemo.la $(LDADD)
tests_unit_wordnet_LDADD = tools/libdemo.la $(LDADD)
noinst_HEADERS += tests/unit/deltas.h tests/unit/world.h
WORLD_FILES = tests/data/wordnet
EXTRA_DIST += $(WORLD_FILES)/data.adj $(WORLD_FILES)/data.adv $(WORLD_FILES)/data.noun $(WORLD_FILES)/data.verb \
	$(WORLD_FILES)/index.adj $(WORLD_FILES)/index.adv $(WORLD_FILES)/index.noun $(WORLD_FILES)/index.verb

# Shell tests: tests/AREA/NAME_test.sh.
TESTS += $(SHELL_TESTS)
EXTRA_DIST += tests/run-unit tests/tap.sh $(SHELL_TESTS)

# Minutes: every interleaving of publication, rollback and reclamation.
check-model:
	$(AM_TESTS_ENVIRONMENT) $(SHELL) $(top_srcdir)/tests/model/check-model.sh
.PHONY: check-model
EXTRA_DIST += tests/model/check-model.sh tests/model/publish.pml

# The examples are the client and the plugin of installcheck; readme_test.sh compares them with the README.
EXTRA_DIST += examples/host.c examples/plugin.c tests/build/installcheck.sh
installcheck-local:
	$(AM_TESTS_ENVIRONMENT) DESTDIR='$(DESTDIR)' bindir='$(bindir)' libdir='$(libdir)' backenddir='$(backenddir)' \
		VERSION='$(VERSION)' $(SHELL) $(top_srcdir)/tests/build/installcheck.sh > installcheck.log; \
		status=$$?; cat installcheck.log; test $$status = 0 && ! grep '^not ok' installcheck.log > /dev/null
CLEANFILES += installcheck.log

noinst_HEADERS += tests/delta.h tests/live.h tests/plugin.h
include tests/bits/local.mk
include tests/conform/local.mk
include tests/exp/local.mk
include tests/fuzz/local.mk
include tests/hazards/local.mk
include tests/mutants/local.mk
include tests/plugins/local.mk
include tests/stress/local.mk

# Hosts that the shell tests start, linked with the library as hosts are, and a library that spoils a soak.
check_PROGRAMS += tests/hosts/host
tests_hosts_host_SOURCES = tests/hosts/host.c
tests_hosts_host_LDADD = libtenon.la -lpthread
check_LTLIBRARIES += tests/hosts/saboteur.la
tests_hosts_saboteur_la_SOURCES = tests/hosts/saboteur.c
tests_hosts_saboteur_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -shared -rpath $(abs_builddir)

# A host for files that must be refused.
check_PROGRAMS += tests/hostile/serve
tests_hostile_serve_SOURCES = tests/hostile/serve.c
tests_hostile_serve_LDADD = libtenon.la -lm

# The soak of the specification; make check runs a short one.
SOAK = $(LIBTOOL) --mode=execute $(EMULATOR) tools/tenon$(EXEEXT) soak --threads 64 --swaps-per-second 0 --seconds 1800
soak: all
	TENON_BACKEND_PATH='$(abs_builddir)/backends/.libs' $(SOAK) --swaps 100000
	TENON_BACKEND_PATH='$(abs_builddir)/backends/.libs' $(SOAK) --swaps 10000 --cold
.PHONY: soak
