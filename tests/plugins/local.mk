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
