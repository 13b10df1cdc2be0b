# SPDX-License-Identifier: LGPL-2.1-or-later
# One page a command, format and family of functions; every public name is a link to its page.
dist_man_MANS = $(MAN_PAGES)
EXTRA_DIST += tools/man/names
MAN_NAMES = $(SHELL) $(top_srcdir)/tools/man/names $(addprefix $(top_srcdir)/,$(MAN_PAGES))

install-data-local:
	$(MAN_NAMES) | while read -r name page; do folder=$(DESTDIR)$(mandir)/man$${name##*.}; \
		$(MKDIR_P) "$$folder" && ln -sf "$$page" "$$folder/$$name" || exit 1; done

uninstall-local:
	$(MAN_NAMES) | while read -r name page; do rm -f "$(DESTDIR)$(mandir)/man$${name##*.}/$$name"; done
