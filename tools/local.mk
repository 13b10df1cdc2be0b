# SPDX-License-Identifier: LGPL-2.1-or-later
EXTRA_DIST += tools/lib.sh tools/make-sysroot tools/quickstart tools/run-tests tools/steps.sh

# What tenon demo tells people to run when it has no data, and tenon bench when it has no peers.
dist_pkgdata_SCRIPTS = tools/fetch-data tools/fetch-peers tools/flamegraph
dist_pkgdata_DATA = tools/convert-vectors.mjs
peersdir = $(pkgdatadir)/peers
dist_peers_DATA = $(BUILT_PEER_FILES)

# What tenon new-backend writes a vendor's project from.
templatesdir = $(pkgdatadir)/new-backend
commontemplatesdir = $(templatesdir)/common
dist_commontemplates_DATA = $(TEMPLATE_COMMON_FILES)
testtemplatesdir = $(templatesdir)/common/tests
dist_testtemplates_DATA = $(TEMPLATE_TEST_FILES)
citemplatesdir = $(templatesdir)/common/ci
dist_citemplates_DATA = $(TEMPLATE_CI_FILES)
maketemplatesdir = $(templatesdir)/make
dist_maketemplates_DATA = $(TEMPLATE_MAKE_FILES)
autotoolstemplatesdir = $(templatesdir)/autotools
dist_autotoolstemplates_DATA = $(TEMPLATE_AUTOTOOLS_FILES)
languagetemplatesdir = $(templatesdir)/language
dist_languagetemplates_DATA = $(TEMPLATE_LANGUAGE_FILES)
isatemplatesdir = $(templatesdir)/isa
dist_isatemplates_DATA = $(TEMPLATE_ISA_FILES)

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

# What tenon-prove does, for that program, for the tool and for unit tests.
noinst_LTLIBRARIES += tools/libprove.la
tools_libprove_la_SOURCES = $(PROVE_FILES)
tools_libprove_la_CPPFLAGS = $(AM_CPPFLAGS) $(SODIUM_CFLAGS)
tools_libprove_la_LIBADD = $(SODIUM_LIBS)

# Starts in the milliseconds of a swap: no library that it can do without. Its build-id is the harness's name in verdicts.
provedir = $(libexecdir)/tenon
prove_PROGRAMS = tools/tenon-prove
tools_tenon_prove_SOURCES = tools/prove/main.c
tools_tenon_prove_LDFLAGS = $(AM_LDFLAGS) -Wl,--build-id=sha1 -Wl,--as-needed
tools_tenon_prove_LDADD = tools/libprove.la tests/conform/libconform.la runtime/libpolicy.la -lm

bin_PROGRAMS += tools/tenon
tools_tenon_SOURCES = $(TOOL_FILES)
tools_tenon_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS) $(NCURSES_CFLAGS) -DTENON_FETCH_DATA='"$(pkgdatadir)/fetch-data"' \
	-DTENON_TEMPLATES='"$(templatesdir)"'
tools_tenon_LDADD = tests/conform/libconform.la tools/libdemo.la tools/libcases.la tools/libprove.la bench/libbench.la libtenon.la \
	runtime/libpolicy.la $(JANSSON_LIBS) $(NCURSES_LIBS) -lm -lpthread
