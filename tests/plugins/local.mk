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
tests_plugins_before_slow_la_CPPFLAGS = $(AM_CPPFLAGS) -DSLOW_PERCENT=0
tests_plugins_before_slow_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)
tests_plugins_before_slow_la_CFLAGS = $(SCALAR_CFLAGS)
tests_plugins_after_slow_la_SOURCES = tests/plugins/slow.c
tests_plugins_after_slow_la_CPPFLAGS = $(AM_CPPFLAGS) -DSLOW_PERCENT=7
tests_plugins_after_slow_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)
tests_plugins_after_slow_la_CFLAGS = $(SCALAR_CFLAGS)

check_LTLIBRARIES += tests/plugins/crooked.la
tests_plugins_crooked_la_SOURCES = tests/plugins/crooked.c
tests_plugins_crooked_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)
tests_plugins_crooked_la_LIBADD = backends/libscalar.la

# What happens to who calls it is judged by tests of probation.
check_LTLIBRARIES += tests/plugins/faulty.la
tests_plugins_faulty_la_SOURCES = tests/plugins/faulty.c tests/plugins/faulty.h
tests_plugins_faulty_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)
tests_plugins_faulty_la_LIBADD = backends/libscalar.la

# One that betrays the host of the tests, in each way, and its good twin.
check_LTLIBRARIES += tests/plugins/twin.la tests/plugins/liar.la tests/plugins/bomb.la tests/plugins/snail.la
tests_plugins_twin_la_SOURCES = tests/plugins/turncoat.c tests/plugins/turncoat.h
tests_plugins_twin_la_CPPFLAGS = $(AM_CPPFLAGS) -DTURN=TURN_GOOD -DTURN_NAME='"twin"'
tests_plugins_twin_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)
tests_plugins_twin_la_LIBADD = backends/libscalar.la
tests_plugins_liar_la_SOURCES = tests/plugins/turncoat.c tests/plugins/turncoat.h
tests_plugins_liar_la_CPPFLAGS = $(AM_CPPFLAGS) -DTURN=TURN_WRONG -DTURN_NAME='"liar"'
tests_plugins_liar_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)
tests_plugins_liar_la_LIBADD = backends/libscalar.la
tests_plugins_bomb_la_SOURCES = tests/plugins/turncoat.c tests/plugins/turncoat.h
tests_plugins_bomb_la_CPPFLAGS = $(AM_CPPFLAGS) -DTURN=TURN_FAULT -DTURN_NAME='"bomb"'
tests_plugins_bomb_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)
tests_plugins_bomb_la_LIBADD = backends/libscalar.la
tests_plugins_snail_la_SOURCES = tests/plugins/turncoat.c tests/plugins/turncoat.h
tests_plugins_snail_la_CPPFLAGS = $(AM_CPPFLAGS) -DTURN=TURN_SLOW -DTURN_NAME='"snail"'
tests_plugins_snail_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)
tests_plugins_snail_la_LIBADD = backends/libscalar.la

# For soaks, a folder each: what its proof must refuse, and what probation must catch. Sanitized builds guard no faults.
check_LTLIBRARIES += tests/plugins/crashing/entry.la tests/plugins/crashing/kernel.la tests/plugins/turncoats/liar.la
tests_plugins_crashing_entry_la_SOURCES = tests/hostile/misdeeds.c
tests_plugins_crashing_entry_la_CPPFLAGS = $(AM_CPPFLAGS) -DDEED=crash
tests_plugins_crashing_entry_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)
tests_plugins_crashing_kernel_la_SOURCES = tests/hostile/misdeeds.c
tests_plugins_crashing_kernel_la_CPPFLAGS = $(AM_CPPFLAGS) -DDEED=trap -DIN_KERNEL
tests_plugins_crashing_kernel_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)
tests_plugins_turncoats_liar_la_SOURCES = tests/plugins/turncoat.c tests/plugins/turncoat.h
tests_plugins_turncoats_liar_la_CPPFLAGS = $(AM_CPPFLAGS) -DTURN=TURN_WRONG -DTURN_NAME='"liar"'
tests_plugins_turncoats_liar_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)
tests_plugins_turncoats_liar_la_LIBADD = backends/libscalar.la
if !SANITIZED
check_LTLIBRARIES += tests/plugins/turncoats/bomb.la
tests_plugins_turncoats_bomb_la_SOURCES = tests/plugins/turncoat.c tests/plugins/turncoat.h
tests_plugins_turncoats_bomb_la_CPPFLAGS = $(AM_CPPFLAGS) -DTURN=TURN_FAULT -DTURN_NAME='"bomb"'
tests_plugins_turncoats_bomb_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)
tests_plugins_turncoats_bomb_la_LIBADD = backends/libscalar.la
endif
