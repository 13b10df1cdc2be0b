# SPDX-License-Identifier: LGPL-2.1-or-later
# About a minute: every block of docs/OPERATIONS.md, run in order against live hosts, and how long a rollback takes.
EXTRA_DIST += tests/operations/check-operations.sh tests/operations/blocks.py tests/operations/alerts.py tests/operations/inline.py
check-operations: all tests/hosts/host$(EXEEXT) tests/plugins/twin.la tests/plugins/liar.la
	@$(AM_TESTS_ENVIRONMENT) LIBTOOL='$(LIBTOOL)' $(SHELL) $(top_srcdir)/tests/operations/check-operations.sh
.PHONY: check-operations
