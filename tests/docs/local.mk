# SPDX-License-Identifier: LGPL-2.1-or-later
# A minute or two: manual pages, the API reference, links, tutorials and the worked change of CONTRIBUTING.md, which are
# followed in a copy of the tree as it ships. It looks at documents, so once is enough and make check is not the place.
EXTRA_PROGRAMS += tests/docs/keys
tests_docs_keys_SOURCES = tests/docs/keys.c
tests_docs_keys_LDADD = runtime/libpolicy.la
check-docs: all tests/docs/keys$(EXEEXT)
	$(AM_TESTS_ENVIRONMENT) MANDIR='$(mandir)' PARTS='$(PARTS)' $(SHELL) $(top_srcdir)/tests/docs/check-docs.sh
.PHONY: check-docs
CLEANFILES += tests/docs/keys$(EXEEXT)
EXTRA_DIST += tests/docs/check-docs.sh tests/docs/follow.py tests/docs/links.py tests/docs/man.py \
	tests/docs/report.py
