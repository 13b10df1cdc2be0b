# SPDX-License-Identifier: LGPL-2.1-or-later
# A minute: vendors' projects of all kinds, from the installed package alone; docs/VENDORS.md and the recipes of
# examples/ci, executed. With CROSS=BUILD_FOLDER of a build for aarch64 its tool verifies what is cross-built.
check-vendor: all
	top_srcdir='$(abs_top_srcdir)' top_builddir='$(abs_top_builddir)' bindir='$(bindir)' libdir='$(libdir)' \
		libexecdir='$(libexecdir)' pkgdatadir='$(pkgdatadir)' backenddir='$(backenddir)' CROSS='$(CROSS)' \
		SYSROOT='$(SYSROOT)' MAKE='$(MAKE)' $(SHELL) $(top_srcdir)/tests/vendor/check-vendor.sh
.PHONY: check-vendor
EXTRA_DIST += tests/vendor/check-vendor.sh examples/ci/gitlab.yml examples/ci/github.yml
