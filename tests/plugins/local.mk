# SPDX-License-Identifier: LGPL-2.1-or-later
# Backends for tests. An -rpath makes them shared; nothing of this is installed.
TEST_PLUGIN_LDFLAGS = $(PLUGIN_LINK) -rpath $(abs_builddir)/tests/plugins

check_LTLIBRARIES += tests/plugins/hooked.la tests/plugins/odd.la
tests_plugins_hooked_la_SOURCES = tests/plugins/hooked.c tests/plugins/hooked.h
tests_plugins_hooked_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)
tests_plugins_hooked_la_LIBADD = backends/libscalar.la
tests_plugins_odd_la_SOURCES = tests/plugins/odd.c
tests_plugins_odd_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)
tests_plugins_odd_la_LIBADD = backends/libscalar.la

# The same backend twice, the second 7 % slower, for the gate of tenon bench.
check_LTLIBRARIES += tests/plugins/before/slow.la tests/plugins/after/slow.la
tests_plugins_before_slow_la_SOURCES = tests/plugins/slow.c
tests_plugins_before_slow_la_CPPFLAGS = $(AM_CPPFLAGS) -DSLOW_ROWS=0
tests_plugins_before_slow_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)
tests_plugins_before_slow_la_CFLAGS = $(SCALAR_CFLAGS)
tests_plugins_after_slow_la_SOURCES = tests/plugins/slow.c
tests_plugins_after_slow_la_CPPFLAGS = $(AM_CPPFLAGS) -DSLOW_ROWS=7
tests_plugins_after_slow_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)
tests_plugins_after_slow_la_CFLAGS = $(SCALAR_CFLAGS)

check_LTLIBRARIES += tests/plugins/crooked.la
tests_plugins_crooked_la_SOURCES = tests/plugins/crooked.c
tests_plugins_crooked_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)
tests_plugins_crooked_la_LIBADD = backends/libscalar.la
