# SPDX-License-Identifier: LGPL-2.1-or-later
# Minutes: builds with less, and with the flags of packagers; PORTABILITY=full takes an hour.
check-portability: own-folder
	$(AM_TESTS_ENVIRONMENT) PORTABILITY='$(PORTABILITY)' $(SHELL) $(top_srcdir)/tests/portability/check-portability.sh
.PHONY: check-portability
EXTRA_DIST += tests/portability/check-portability.sh
