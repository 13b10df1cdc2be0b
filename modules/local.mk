# SPDX-License-Identifier: LGPL-2.1-or-later
# What libtenon opens only when it is asked for, so that hosts do not link what it needs. In a folder of their own: what
# lies in backenddir is listed as a backend.
moduledir = $(pkglibdir)/modules
module_LTLIBRARIES =
EXTRA_DIST += modules/http.c
if HAVE_MICROHTTPD
module_LTLIBRARIES += modules/tenon-http.la
modules_tenon_http_la_SOURCES = modules/http.c
modules_tenon_http_la_CFLAGS = $(AM_CFLAGS) $(MICROHTTPD_CFLAGS)
modules_tenon_http_la_LIBADD = $(MICROHTTPD_LIBS)
modules_tenon_http_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -shared -export-symbols-regex '^tenon_http_module$$'
endif
