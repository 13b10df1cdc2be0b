/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A report: everything that one run of the harness found, and its four faces. The writers only print.
 */
#ifndef CONFORM_REPORT_H
#define CONFORM_REPORT_H

#include <stdio.h>

#include "tests/conform/prove.h"
#include "tests/conform/score.h"

struct report {
	const struct cpu *cpu;
	struct proof_options options;
	const char *emulator;      /* under which the harness runs; NULL: none */
	bool accepts_bounded;      /* the configuration would load BOUNDED kernels */
	const struct score *score; /* of the harness, where it was measured */
	struct proof *proofs;
	size_t count;
};

void print_human(FILE *out, const struct report *report);
void print_tap(FILE *out, const struct report *report);
void print_junit(FILE *out, const struct report *report);

/* One TAP point for what a score_observer sees; *number is that of the last one. */
void report_mutant(FILE *out, unsigned *number, const struct mutant *mutant, const struct proof *proof,
		   const char *skipped, const char *wrong);
/* "127 of 127 mutants killed, 17 of 17 good twins passed" */
void describe_score(const struct score *score, char *text, size_t size);

/* What the writers share. */
const char *name_profile(enum profile profile);
const char *name_numeric_class(uint32_t numeric_class);
/* "inner_product dim=7 count=1: scores[0] is 1 ulp too high", on one line. */
void describe_finding(const struct finding *finding, char *text, size_t size);
/* The command that replays it. */
void describe_replay(const struct proof *proof, const struct finding *finding, char *text, size_t size);
/* A line of the lane table, as "index  got  want  oracle". */
void describe_lane(const struct lane *lane, char *text, size_t size);

/* The hash of an entry's outputs as text; false where it says nothing: it did not pass, or its bits are its own. */
bool describe_outputs(const struct proof_entry *entry, char *text, size_t size);

/* What to know of a backend beside its verdict, or NULL: that loading would refuse what conforms. */
const char *get_note(const struct report *report, const struct proof *proof);

/* What this machine or build cannot check, with the reason. */
struct unchecked {
	enum check check;
	const char *reason;
};
enum { UNCHECKED_MAX = 4 };
size_t list_unchecked(struct unchecked list[UNCHECKED_MAX]);

/* How the kernels of a proof, or the proofs of a report, ended. */
size_t count_verdicts(const struct proof *proof, enum verdict verdict);
size_t count_all(const struct report *report, enum verdict verdict);

#endif
