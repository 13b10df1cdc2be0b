# SPDX-License-Identifier: LGPL-2.1-or-later
# A minute: the vendor's backend of examples/sve, built from the installed headers alone, at three lengths of vectors under
# qemu: make check-sve CROSS=BUILD_FOLDER, of a build for aarch64 with its check programs, SYSROOT=ITS_LIBRARIES.
check-sve: all
	top_srcdir='$(abs_top_srcdir)' top_builddir='$(abs_top_builddir)' libdir='$(libdir)' CROSS='$(CROSS)' \
		SYSROOT='$(SYSROOT)' MAKE='$(MAKE)' $(SHELL) $(top_srcdir)/tests/sve/check-sve.sh
.PHONY: check-sve
EXTRA_DIST += tests/sve/check-sve.sh examples/sve/Makefile examples/sve/README.md examples/sve/backend.c \
	examples/sve/delta.c examples/sve/forget.c examples/sve/functions.h examples/sve/similarity.c examples/sve/sve.h
