# SPDX-License-Identifier: LGPL-2.1-or-later
# What plugins, hosts and libtenon of different versions may rely on: docs/ABI.md. Most of a minute.
check-abi: all
	$(AM_TESTS_ENVIRONMENT) $(SHELL) $(top_srcdir)/tests/abi/check-abi.sh
record-abi: libtenon.la
	$(AM_TESTS_ENVIRONMENT) FORCE='$(FORCE)' $(SHELL) $(top_srcdir)/tests/abi/record-abi.sh
.PHONY: check-abi record-abi
EXTRA_DIST += tests/abi/1.0 tests/abi/check-abi.sh tests/abi/host.c tests/abi/interface.c tests/abi/later.c tests/abi/lib.sh \
	tests/abi/libtenon.abi tests/abi/list-header.sh tests/abi/plugin.abi tests/abi/plugin.c tests/abi/record-abi.sh
