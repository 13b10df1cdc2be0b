/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Runs the harness on every mutant, as TAP: a survivor, a wrong killer or a good twin that fails is a failure.
 *
 *     score [FILE [NAME]]
 *
 * FILE is the backend of mutants, by default that of $top_builddir; NAME is one of them.
 */
#include "build.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/conform/report.h"
#include "tests/conform/score.h"

static struct proof proof;

/* Why a mutant cannot be scored in this build, or NULL. */
static const char *why_not(const struct mutant *mutant)
{
#ifdef TENON_SANITIZED
	if (mutant->check == CHECK_STATE)
		return "a sanitizer keeps accounts in the plugin's memory, so nobody watches it";
#else
	(void)mutant;
#endif
	return NULL;
}

static bool report_mutant(size_t number, const struct mutant *mutant, const struct cpu *cpu)
{
	static const struct proof_options options = {.profile = PROFILE_QUICK, .seed = 1};
	struct why why = {0};
	struct candidate candidate = proof.candidate;
	if (why_not(mutant)) {
		printf("ok %zu - %s # SKIP %s\n", number, mutant->name, why_not(mutant));
		return true;
	}
	memset(&proof, 0, sizeof proof);
	proof.candidate = candidate;
	bool good = score_mutant(cpu, mutant, &options, &proof, &why);
	printf("%sok %zu - %s (%s, %.0f ms)\n", good ? "" : "not ", number, mutant->name, mutant->defect,
		1000 * proof.seconds);
	if (!good)
		printf("# %s\n", why.text);
	char text[1024];
	if (proof.entries && proof.entry[0].verdict == VERDICT_FAIL) {
		describe_finding(&proof.entry[0].finding, text, sizeof text);
		printf("# %s: %s\n", name_check(proof.entry[0].finding.check), text);
	}
	fflush(stdout);
	return good;
}

int main(int argc, char **argv)
{
	const char *top = getenv("top_builddir");
	char path[PATH_MAX];
	static struct config config;
	struct cpu cpu;
	size_t number = 0, failures = 0;
	setvbuf(stdout, NULL, _IOLBF, 0); /* a child must find nothing to print a second time */
	snprintf(path, sizeof path, "%s/tests/mutants/.libs/mutants.so", top ? top : ".");
	probe_cpu(&cpu);
	default_config(&config);
	if (examine_backend(&config, &cpu, argc > 1 ? argv[1] : path, &proof.candidate)) {
		printf("Bail out! %s\n", proof.candidate.why.text);
		return 1;
	}
	for (size_t i = 0; i < count_mutants(); i++)
		if (argc < 3 || strcmp(argv[2], mutants[i].name) == 0)
			failures += !report_mutant(++number, &mutants[i], &cpu);
	printf("1..%zu\n", number);
	return failures != 0 || number == 0;
}
