/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Runs the harness on every mutant, as TAP: a survivor, a wrong killer or a good twin that fails is a failure.
 *
 *     score [FOLDER [NAME]]
 *
 * FOLDER has the mutants, by default where find_mutants() says; NAME is one of them.
 */
#include <stdio.h>

#include "tests/conform/report.h"

/* score_observer */
static void print_mutant(void *user, const struct mutant *mutant, const struct proof *proof, const char *skipped,
			 const char *wrong)
{
	report_mutant(stdout, user, mutant, proof, skipped, wrong);
	fflush(stdout); /* a child must find nothing to print a second time */
}

int main(int argc, char **argv)
{
	struct cpu cpu;
	struct score score;
	struct why why;
	unsigned number = 0;
	char text[200];
	probe_cpu(&cpu);
	if (!score_harness(&cpu, argc > 1 ? argv[1] : find_mutants(), argc > 2 ? argv[2] : NULL, true, print_mutant,
			   &number, &score, &why)) {
		printf("Bail out! %s\n", why.text);
		return 1;
	}
	describe_score(&score, text, sizeof text);
	printf("# %s\n1..%u\n", text, number);
	return !is_perfect(&score);
}
