# SPDX-License-Identifier: LGPL-2.1-or-later
# Broken backends, and the harness's score on them; installed beside the tools, because `tenon verify --self-test` and every
# certificate measure it. Not in backenddir, where they would be listed.
mutantsdir = $(libexecdir)/tenon/mutants
mutants_LTLIBRARIES = tests/mutants/mutants.la tests/mutants/good_opcodes.la tests/mutants/opcode_beyond_level.la \
	tests/mutants/opcode_in_baseline.la tests/mutants/opcode_in_entry.la tests/mutants/opcode_past_jump.la \
	tests/mutants/opcode_past_return.la
tests_mutants_mutants_la_SOURCES = tests/mutants/mutants.c tests/mutants/mutants.def tests/mutants/mutant.h \
	tests/mutants/rows.h tests/mutants/bounded.c tests/mutants/code.c tests/mutants/delta.c tests/mutants/dense.c \
	tests/mutants/forget.c tests/mutants/matrix.c tests/mutants/process.c \
	tests/mutants/rank.c tests/mutants/spread.c tests/mutants/x86_64.c
tests_mutants_mutants_la_LDFLAGS = $(PLUGIN_LINK)
tests_mutants_mutants_la_LIBADD = backends/libscalar.la -lm

OPCODE_FILES = tests/mutants/opcode.c tests/mutants/mutant.h
tests_mutants_good_opcodes_la_SOURCES = $(OPCODE_FILES)
tests_mutants_good_opcodes_la_CPPFLAGS = $(AM_CPPFLAGS) -DOPCODE_GOOD
tests_mutants_good_opcodes_la_LDFLAGS = $(PLUGIN_LINK)
tests_mutants_opcode_beyond_level_la_SOURCES = $(OPCODE_FILES)
tests_mutants_opcode_beyond_level_la_CPPFLAGS = $(AM_CPPFLAGS) -DOPCODE_LEVEL
tests_mutants_opcode_beyond_level_la_LDFLAGS = $(PLUGIN_LINK)
tests_mutants_opcode_in_baseline_la_SOURCES = $(OPCODE_FILES)
tests_mutants_opcode_in_baseline_la_CPPFLAGS = $(AM_CPPFLAGS) -DOPCODE_BASELINE
tests_mutants_opcode_in_baseline_la_LDFLAGS = $(PLUGIN_LINK)
tests_mutants_opcode_in_entry_la_SOURCES = $(OPCODE_FILES)
tests_mutants_opcode_in_entry_la_CPPFLAGS = $(AM_CPPFLAGS) -DOPCODE_ENTRY
tests_mutants_opcode_in_entry_la_LDFLAGS = $(PLUGIN_LINK)
tests_mutants_opcode_past_jump_la_SOURCES = $(OPCODE_FILES)
tests_mutants_opcode_past_jump_la_CPPFLAGS = $(AM_CPPFLAGS) -DOPCODE_JUMP
tests_mutants_opcode_past_jump_la_LDFLAGS = $(PLUGIN_LINK)
tests_mutants_opcode_past_return_la_SOURCES = $(OPCODE_FILES)
tests_mutants_opcode_past_return_la_CPPFLAGS = $(AM_CPPFLAGS) -DOPCODE_RETURN
tests_mutants_opcode_past_return_la_LDFLAGS = $(PLUGIN_LINK)

# blind is the same program with a comparator that sees nothing.
check_PROGRAMS += tests/mutants/score tests/mutants/blind
TESTS += tests/mutants/score
tests_mutants_score_SOURCES = tests/mutants/main.c
tests_mutants_score_LDADD = tests/conform/libconform.la runtime/libpolicy.la
tests_mutants_blind_SOURCES = tests/mutants/main.c tests/mutants/blind.c
tests_mutants_blind_LDADD = $(tests_mutants_score_LDADD)
