# SPDX-License-Identifier: LGPL-2.1-or-later
# libtenon, and the same objects as convenience libraries: all of them for unit tests, those without threads and state
# for the tools' offline commands.

# initial-exec: a call may cost one thread-local read, not a call into the dynamic linker (and see docs/ARCHITECTURE.md
# on why dlopen still works).
# The crash guard resumes elsewhere than where a fault was, which a shadow stack would take for an attack: no promise of one.
RUNTIME_CFLAGS = $(AM_CFLAGS) $(BRANCH_CFLAGS) -ftls-model=initial-exec

RUNTIME_CPPFLAGS = $(AM_CPPFLAGS) -DTENON_BACKENDDIR='"$(backenddir)"' -DTENON_SYSCONFDIR='"$(sysconfdir)/tenon"' \
	-DTENON_MODULEDIR='"$(pkglibdir)/modules"' \
	-DTENON_PROVE_PROGRAM='"$(libexecdir)/tenon/tenon-prove"'

# Without threads and state: the tools link it beside libtenon.so and still have one runtime in their process.
noinst_LTLIBRARIES += runtime/libpolicy.la
runtime_libpolicy_la_SOURCES = $(POLICY_FILES)
runtime_libpolicy_la_CPPFLAGS = $(RUNTIME_CPPFLAGS)
runtime_libpolicy_la_CFLAGS = $(RUNTIME_CFLAGS)
runtime_libpolicy_la_LIBADD = backends/libscalar.la $(INIH_LIBS) -lm

noinst_LTLIBRARIES += runtime/libruntime.la
runtime_libruntime_la_SOURCES = $(RUNTIME_FILES)
runtime_libruntime_la_CPPFLAGS = $(RUNTIME_CPPFLAGS)
runtime_libruntime_la_CFLAGS = $(RUNTIME_CFLAGS)
runtime_libruntime_la_LIBADD = runtime/libpolicy.la $(URCU_LIBS) -lpthread

# nodelete: threads carry a destructor of ours, which must not outlive the library.
lib_LTLIBRARIES += libtenon.la
libtenon_la_SOURCES =
libtenon_la_LIBADD = runtime/libruntime.la
libtenon_la_LDFLAGS = $(AM_LDFLAGS) -version-info 1:0:0 -Wl,-z,nodelete \
	-Wl,--version-script=$(top_srcdir)/runtime/libtenon.map
if !SANITIZED
libtenon_la_LDFLAGS += -no-undefined -Wl,-z,defs
endif
EXTRA_libtenon_la_DEPENDENCIES = runtime/libtenon.map
EXTRA_DIST += runtime/libtenon.map
