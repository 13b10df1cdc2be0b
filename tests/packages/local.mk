# SPDX-License-Identifier: LGPL-2.1-or-later
# Minutes: the packages, built twice from the tarball, installed into a root of their own, used and purged.
check-packages:
	XZ_OPT=-1 $(MAKE) $(AM_MAKEFLAGS) dist
	$(AM_TESTS_ENVIRONMENT) VERSION='$(VERSION)' $(SHELL) $(top_srcdir)/tests/packages/check-packages.sh
.PHONY: check-packages
EXTRA_DIST += tests/packages/check-packages.sh
