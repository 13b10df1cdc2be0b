/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The harness's own score: every mutant of tests/mutants/mutants.def must be killed, by the check that the list names,
 * and every good twin must pass. For the test, for `tenon verify --self-test` and for certificates; one thread.
 */
#ifndef CONFORM_SCORE_H
#define CONFORM_SCORE_H

#include "tests/conform/prove.h"

struct mutant {
	const char *name, *defect;
	int kernel;
	enum check check; /* NONE: a good twin */
	bool is_alone;    /* a file of its own, NAME.so; else one of those in mutants.so */
};

extern const struct mutant mutants[];
size_t count_mutants(void);
size_t count_broken_mutants(void); /* without the good twins */

/* skipped: why this build cannot score it, or NULL; wrong: what is not as the list says, or NULL. */
typedef void score_observer(void *user, const struct mutant *mutant, const struct proof *proof, const char *skipped,
			    const char *wrong);

struct score {
	size_t mutants, killed, twins, passed, skipped;
	double seconds;
};

/* Where the mutants of this harness are: $TENON_MUTANTS, else where they were installed. */
const char *find_mutants(void);

/*
 * Scores all mutants of a folder, or the one that is called `only`; stops each proof at its first failure unless the
 * caller wants it shrunk. False if the harness could not be scored at all, with why.
 */
bool score_harness(const struct cpu *cpu, const char *folder, const char *only, bool shrinks, score_observer *observer,
		   void *user, struct score *score, struct why *why);

/* Whether everything that was scored came out as the list says. */
static inline bool is_perfect(const struct score *score)
{
	return score->killed + score->passed + score->skipped == score->mutants + score->twins;
}

#endif
