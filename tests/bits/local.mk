# SPDX-License-Identifier: LGPL-2.1-or-later
# The same bits from every backend; record-bits rewrites the golden hashes.
check_PROGRAMS += tests/bits/bits
TESTS += tests/bits/bits
tests_bits_bits_SOURCES = $(BITS_FILES)
tests_bits_bits_LDADD = runtime/libpolicy.la -lm
EXTRA_DIST += tests/bits/golden.txt tests/bits/check-compilers.sh
record-bits: tests/bits/bits$(EXEEXT) $(backend_LTLIBRARIES)
	tests/bits/bits$(EXEEXT) --record --golden $(top_srcdir)/tests/bits/golden.txt backends/.libs

bits-parts: libtenon.la tests/bits/bits$(EXEEXT) $(backend_LTLIBRARIES)

# Minutes: gcc and clang, -O0 to -O3, -march=native, aarch64.
check-compilers: own-folder
	$(AM_TESTS_ENVIRONMENT) $(SHELL) $(top_srcdir)/tests/bits/check-compilers.sh
clean-local:
	rm -rf compilers fuzz packages portability tests/state
.PHONY: bits-parts check-compilers record-bits
