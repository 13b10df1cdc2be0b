# SPDX-License-Identifier: LGPL-2.1-or-later
tenonincludedir = $(includedir)/tenon
tenoninclude_HEADERS = include/tenon/tenon.h include/tenon/backend.h include/tenon/kernels.def include/tenon/status.def

# The API reference; a public name that the headers do not explain is an error.
doxygen:
	$(MKDIR_P) api
	sed -e 's|[@]top_srcdir@|$(abs_top_srcdir)|g' -e 's|[@]PACKAGE_VERSION@|$(VERSION)|' $(top_srcdir)/docs/Doxyfile.in > api/Doxyfile
	doxygen api/Doxyfile
.PHONY: doxygen
mostlyclean-local:
	rm -rf api
