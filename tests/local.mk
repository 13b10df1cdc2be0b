# SPDX-License-Identifier: LGPL-2.1-or-later
# Tests speak TAP. Unit tests see the runtime's internals through the convenience library.
AM_TESTS_ENVIRONMENT = CMOCKA_MESSAGE_OUTPUT=TAP TENON_BACKEND_PATH='$(abs_builddir)/backends/.libs' \
	top_srcdir='$(abs_top_srcdir)' top_builddir='$(abs_top_builddir)'; \
	export CMOCKA_MESSAGE_OUTPUT TENON_BACKEND_PATH top_srcdir top_builddir;
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

# Shell tests: tests/AREA/NAME_test.sh.
TESTS += $(SHELL_TESTS)
EXTRA_DIST += tests/run-unit $(SHELL_TESTS)
