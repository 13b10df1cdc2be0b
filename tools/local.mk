# SPDX-License-Identifier: LGPL-2.1-or-later
EXTRA_DIST += tools/lib.sh tools/make-sysroot tools/quickstart tools/run-tests

bin_PROGRAMS += tools/tenon
tools_tenon_SOURCES = $(TOOL_FILES)
tools_tenon_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
tools_tenon_LDADD = libtenon.la runtime/libpolicy.la $(JANSSON_LIBS) -lm
