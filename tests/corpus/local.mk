# SPDX-License-Identifier: LGPL-2.1-or-later
# What once was wrong, replayed. The inputs of fuzzers have a corpus of their own, tests/fuzz/corpus.
check_PROGRAMS += tests/corpus/replay
TESTS += tests/corpus/replay
tests_corpus_replay_SOURCES = tests/corpus/replay.c
tests_corpus_replay_LDADD = tests/conform/libconform.la runtime/libpolicy.la
EXTRA_DIST += tests/corpus/cases.txt
