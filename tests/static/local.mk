# SPDX-License-Identifier: LGPL-2.1-or-later
# make check-static: what clang-format, clang-tidy, cppcheck and scan-build say of the sources. PARTS chooses some of them.
EXTRA_DIST += tests/static/check.sh tests/static/cppcheck.txt .clang-format .clang-tidy
STATIC_FLAGS = -std=gnu11 $(DEFS) $(AM_CPPFLAGS) $(JANSSON_CFLAGS) $(SODIUM_CFLAGS) $(CPPFLAGS)
check-static:
	@STATIC_FLAGS="$(STATIC_FLAGS)" top_srcdir='$(srcdir)' sh $(srcdir)/tests/static/check.sh $(PARTS)
.PHONY: check-static
