/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A report: everything that one run of the harness found, and its four faces. The writers only print.
 */
#ifndef CONFORM_REPORT_H
#define CONFORM_REPORT_H

#include <stdio.h>

#include "tests/conform/prove.h"

struct report {
	const struct cpu *cpu;
	struct proof_options options;
	const char *emulator; /* under which the harness runs; NULL: none */
	struct proof *proofs;
	size_t count;
};

void print_human(FILE *out, const struct report *report);
void print_tap(FILE *out, const struct report *report);
void print_junit(FILE *out, const struct report *report);

/* What the writers share. */
const char *name_profile(enum profile profile);
const char *name_numeric_class(uint32_t numeric_class);
/* "inner_product dim=7 count=1: scores[0] is 1 ulp too high", on one line. */
void describe_finding(const struct finding *finding, char *text, size_t size);
/* The command that replays it. */
void describe_replay(const struct proof *proof, const struct finding *finding, char *text, size_t size);
/* A line of the lane table, as "index  got  want  oracle". */
void describe_lane(const struct lane *lane, char *text, size_t size);

/* How the kernels of a proof, or the proofs of a report, ended. */
size_t count_verdicts(const struct proof *proof, enum verdict verdict);

#endif
