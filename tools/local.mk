# SPDX-License-Identifier: LGPL-2.1-or-later
EXTRA_DIST += tools/lib.sh tools/make-sysroot tools/quickstart tools/run-tests
