# SPDX-License-Identifier: LGPL-2.1-or-later
# Tests speak TAP. Unit tests see the runtime's internals through the convenience library.
AM_TESTS_ENVIRONMENT = CMOCKA_MESSAGE_OUTPUT=TAP $(UNINSTALLED) \
	TENON_MUTANTS='$(abs_builddir)/tests/mutants/.libs' \
	top_srcdir='$(abs_top_srcdir)' top_builddir='$(abs_top_builddir)' CC='$(CC)' OBJDUMP='$(OBJDUMP)' EMULATOR='$(EMULATOR)' \
	TEST_CFLAGS='$(INIH_CFLAGS) $(URCU_CFLAGS) $(SANITIZER_CFLAGS) $(COVERAGE_LDFLAGS)' TEST_LIBS='$(INIH_LIBS) $(URCU_LIBS) $(LIBS)' \
	TSAN_OPTIONS="suppressions=$(abs_top_srcdir)/tests/tsan.supp $$TSAN_OPTIONS"; \
	export TSAN_OPTIONS CMOCKA_MESSAGE_OUTPUT TENON_BACKEND_PATH TENON_MUTANTS TENON_PROVE TENON_HTTP_MODULE TENON_LAUNCHER STATE_DIRECTORY \
	top_srcdir top_builddir CC OBJDUMP EMULATOR TEST_CFLAGS TEST_LIBS;
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

tests_unit_event_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
tests_unit_event_LDADD = $(LDADD) $(JANSSON_LIBS)
tests_unit_client_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
tests_unit_client_LDADD = runtime/libpolicy.la $(CMOCKA_LIBS) $(JANSSON_LIBS) -lpthread
tests_unit_sample_CPPFLAGS = $(tests_unit_client_CPPFLAGS)
tests_unit_sample_LDADD = $(tests_unit_client_LDADD) -lm
tests_unit_page_CPPFLAGS = $(tests_unit_client_CPPFLAGS)
tests_unit_page_LDADD = $(CMOCKA_LIBS)
tests_unit_reader_CPPFLAGS = $(tests_unit_client_CPPFLAGS)
tests_unit_reader_LDADD = $(CMOCKA_LIBS) -lpthread
tests_unit_tool_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
tests_unit_tool_LDADD = $(CMOCKA_LIBS) $(JANSSON_LIBS) -lm
tests_unit_digest_LDADD = tools/libprove.la runtime/libpolicy.la $(CMOCKA_LIBS)
tests_unit_signature_CPPFLAGS = $(AM_CPPFLAGS) $(SODIUM_CFLAGS)
tests_unit_signature_LDADD = $(tests_unit_digest_LDADD) $(SODIUM_LIBS)
tests_unit_verdicts_LDADD = $(tests_unit_digest_LDADD)
tests_unit_verdicts_LDFLAGS = $(AM_LDFLAGS) -Wl,--build-id=sha1
tests_unit_flight_LDADD = tests/conform/libconform.la tools/libcases.la $(LDADD) -lpthread
tests_unit_rollout_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=tenon_status_get -Wl,--wrap=report_rollout
tests_unit_shadow_LDADD = tools/libcases.la $(LDADD) -lpthread
tests_unit_share_LDADD = tools/libcases.la $(LDADD) -lpthread
tests_unit_regions_LDADD = tests/conform/libconform.la tools/libcases.la $(LDADD) -lpthread

tests_unit_opcodes_LDADD = tests/conform/libconform.la $(LDADD)

tests_unit_probation_LDADD = $(LDADD) -lm
tests_unit_statistics_LDADD = bench/libbench.la $(LDADD) -lm

# The nouns of the demo, and the small world that they are tested on.
tests_unit_memory_LDADD = tools/libdemo.la $(LDADD) -lm
tests_unit_store_LDADD = tools/libdemo.la $(LDADD)
tests_unit_wordnet_LDADD = tools/libdemo.la $(LDADD)
noinst_HEADERS += tests/unit/deltas.h tests/unit/folder.h tests/unit/played.h tests/unit/probation.h tests/unit/world.h
WORLD_FILES = tests/data/wordnet
EXTRA_DIST += $(WORLD_FILES)/data.adj $(WORLD_FILES)/data.adv $(WORLD_FILES)/data.noun $(WORLD_FILES)/data.verb \
	$(WORLD_FILES)/index.adj $(WORLD_FILES)/index.adv $(WORLD_FILES)/index.noun $(WORLD_FILES)/index.verb

# Shell tests: tests/AREA/NAME_test.sh.
TESTS += $(SHELL_TESTS)
EXTRA_DIST += tests/run-unit tests/tap.sh tests/hosts/hosts.sh tests/tools/trace_rules.py $(SHELL_TESTS)

# Parts of make check, for builds beside the first. Short: without what takes seconds and tries tools more than what the
# compiler made of them. Memory: without what measures, and what compiles other things than this build. Threads: where threads
# meet.
OTHER_TREES = tests/bench/%_test.sh tests/bits/wrong_test.sh tests/build/headers_test.sh tests/build/missing_scalar_test.sh \
	tests/build/readme_test.sh tests/conform/reproducer_test.sh tests/tools/flamegraph_test.sh tests/tools/new_backend_test.sh
LONG_TESTS = $(OTHER_TREES) tests/conform/lint_test.sh tests/faults/% tests/stage/symbols_test.sh tests/tools/certificate_test.sh \
	tests/tools/demo_test.sh tests/tools/doctor_test.sh tests/tools/fleet_test.sh tests/tools/rollout_test.sh tests/tools/soak_test.sh \
	tests/tools/top_test.sh tests/tools/trace_test.sh tests/tools/tune_test.sh
THREAD_TESTS = tests/flight/% tests/hazards/% tests/stage/replace_test.sh tests/stress/% tests/tools/events_test.sh tests/tools/metrics_test.sh \
	tests/tools/operator_test.sh tests/tools/reload_test.sh tests/tools/rollout_test.sh tests/tools/soak_test.sh tests/tools/trace_test.sh \
	tests/unit/%
# Coverage: without what runs no line that others do not, but takes its time: builds of other trees, and what is about a file's form.
UNCOUNTED = tests/bits/opcodes_test.sh tests/bits/wrong_test.sh tests/build/% tests/crc32c/% tests/exp/% tests/mutants/% \
	tests/stage/symbols_test.sh tests/tools/flamegraph_test.sh
check-counted:
	$(MAKE) check TESTS='$(filter-out $(UNCOUNTED),$(TESTS))'
check-short:
	$(MAKE) check TESTS='$(filter-out $(LONG_TESTS),$(TESTS))'
check-memory:
	$(MAKE) check TESTS='$(filter-out $(OTHER_TREES),$(TESTS))'
check-threads:
	$(MAKE) check TESTS='$(filter $(THREAD_TESTS),$(TESTS))'
print-short:
	@echo '$(filter-out $(LONG_TESTS),$(TESTS))'
.PHONY: check-counted check-short check-memory check-threads print-short

# Minutes: which lines of runtime, backends and tools make check runs.
coverage: own-folder
	top_srcdir='$(abs_top_srcdir)' top_builddir='$(abs_top_builddir)' $(SHELL) $(top_srcdir)/tests/coverage/coverage.sh
.PHONY: coverage
EXTRA_DIST += tests/coverage/coverage.sh tests/coverage/reasons.txt

# Autoconf configures a tree elsewhere only while it is not configured itself.
own-folder:
	@if [ -e '$(abs_top_srcdir)/config.status' ]; then \
		echo 'this target configures the sources once more, which have a build among them; run: make distclean &&' \
			'mkdir build && cd build && ../configure && make, and the target there' >&2; \
		exit 1; \
	fi
.PHONY: own-folder

# Minutes: every interleaving of publication, rollback and reclamation.
check-model:
	$(AM_TESTS_ENVIRONMENT) $(SHELL) $(top_srcdir)/tests/model/check-model.sh
.PHONY: check-model
EXTRA_DIST += tests/model/check-model.sh tests/model/publish.pml

EXTRA_DIST += tests/hostile/misdeeds.c
EXTRA_DIST += tests/build/installcheck.sh
installcheck-local:
	$(AM_TESTS_ENVIRONMENT) DESTDIR='$(DESTDIR)' bindir='$(bindir)' libdir='$(libdir)' libexecdir='$(libexecdir)' \
		backenddir='$(backenddir)' VERSION='$(VERSION)' $(SHELL) $(top_srcdir)/tests/build/installcheck.sh > installcheck.log; \
		status=$$?; cat installcheck.log; test $$status = 0 && ! grep '^not ok' installcheck.log > /dev/null
CLEANFILES += installcheck.log

noinst_HEADERS += tests/delta.h tests/delta_read.h tests/leave.h tests/live.h tests/plugin.h
include tests/abi/local.mk
include tests/bits/local.mk
include tests/conform/local.mk
include tests/corpus/local.mk
include tests/docs/local.mk
include tests/exp/local.mk
include tests/faults/local.mk
include tests/flight/local.mk
include tests/fuzz/local.mk
include tests/hazards/local.mk
include tests/monitoring/local.mk
include tests/mutants/local.mk
include tests/operations/local.mk
include tests/packages/local.mk
include tests/plugins/local.mk
include tests/portability/local.mk
include tests/static/local.mk
include tests/stress/local.mk
include tests/sve/local.mk
include tests/vendor/local.mk

# Hosts that the shell tests start, linked with the library as hosts are, and a library that spoils a soak.
check_PROGRAMS += tests/hosts/host
tests_hosts_host_SOURCES = tests/hosts/host.c
tests_hosts_host_LDADD = libtenon.la -lpthread
check_PROGRAMS += tests/hosts/refuse
tests_hosts_refuse_SOURCES = tests/hosts/refuse.c
tests_hosts_refuse_LDADD =
check_LTLIBRARIES += tests/hosts/saboteur.la
tests_hosts_saboteur_la_SOURCES = tests/hosts/saboteur.c
tests_hosts_saboteur_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -shared -rpath $(abs_builddir)

# A host for files that must be refused.
check_PROGRAMS += tests/hostile/serve
tests_hostile_serve_SOURCES = tests/hostile/serve.c
tests_hostile_serve_LDADD = libtenon.la -lm

# The soak of the specification, and one of ten minutes; make check runs a short one.
SOAK = $(UNINSTALLED) $(LIBTOOL) --mode=execute $(EMULATOR) tools/tenon$(EXEEXT) soak \
	--threads 64 --swaps-per-second 0 --crashing tests/plugins/crashing/.libs --turncoats tests/plugins/turncoats/.libs
SOAK_PLUGINS = tests/plugins/crashing/entry.la tests/plugins/crashing/kernel.la tests/plugins/turncoats/liar.la
if !SANITIZED
SOAK_PLUGINS += tests/plugins/turncoats/bomb.la
endif
soak: all $(SOAK_PLUGINS)
	$(SOAK) --seconds 7200 --swaps 1000000
	$(SOAK) --seconds 1800 --swaps 10000 --cold
soak-minutes: all $(SOAK_PLUGINS)
	$(SOAK) --seconds 420
	$(SOAK) --seconds 180 --cold
.PHONY: soak soak-minutes
