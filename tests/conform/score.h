/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The harness's own score: every mutant of tests/mutants/mutants.def must be killed, by the check that the list names,
 * and every good twin must pass.
 */
#ifndef CONFORM_SCORE_H
#define CONFORM_SCORE_H

#include "tests/conform/prove.h"

struct mutant {
	const char *name, *defect;
	int kernel;
	enum check check; /* NONE: a good twin */
};

extern const struct mutant mutants[];
size_t count_mutants(void);
size_t count_broken_mutants(void); /* without the good twins */

/* Proves one mutant of the backend in proof->candidate; true if it came out as the list says. */
bool score_mutant(const struct cpu *cpu, const struct mutant *mutant, const struct proof_options *options,
	struct proof *proof, struct why *why);

#endif
