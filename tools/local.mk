# SPDX-License-Identifier: LGPL-2.1-or-later
EXTRA_DIST += tools/lib.sh tools/make-sysroot tools/quickstart tools/run-tests

# What tenon demo tells people to run when it has no data, and tenon bench when it has no peers.
dist_pkgdata_SCRIPTS = tools/fetch-data tools/fetch-peers
dist_pkgdata_DATA = tools/convert-vectors.mjs
peersdir = $(pkgdatadir)/peers
dist_peers_DATA = $(BUILT_PEER_FILES)

# The parts of the demo, for the program and for unit tests.
noinst_LTLIBRARIES += tools/libdemo.la
tools_libdemo_la_SOURCES = $(DEMO_FILES)
tools_libdemo_la_CFLAGS = $(AM_CFLAGS) -O3
tools_libdemo_la_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS) -DTENON_DEMODIR='"$(demodir)"'

# The backend that the demo shows being refused; not in backenddir, where it would be listed.
demodir = $(backenddir)/demo
demo_LTLIBRARIES = tools/wrong.la
tools_wrong_la_SOURCES = tools/demo/wrong/wrong.c
tools_wrong_la_LDFLAGS = $(PLUGIN_LINK)

# Kernel calls with known answers, for soak and for unit tests.
noinst_LTLIBRARIES += tools/libcases.la
tools_libcases_la_SOURCES = $(CASE_FILES)

bin_PROGRAMS += tools/tenon
tools_tenon_SOURCES = $(TOOL_FILES)
tools_tenon_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS) -DTENON_FETCH_DATA='"$(pkgdatadir)/fetch-data"'
tools_tenon_LDADD = tests/conform/libconform.la tools/libdemo.la tools/libcases.la bench/libbench.la libtenon.la \
	runtime/libpolicy.la $(JANSSON_LIBS) -lm -lpthread
