/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Scoring the harness on its mutants; score.h says when it is right. No state.
 */
#include "build.h"

#include "tests/conform/score.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/conform/lint.h"

const struct mutant mutants[] = {
#define MUTANT(name, kernel, check, defect) {#name, defect, KERNEL_##kernel, CHECK_##check, false},
#define BOUNDED MUTANT
#define NEEDY(name, kernel, check, needs, defect) MUTANT(name, kernel, check, defect)
#define ALONE(name, kernel, check, defect) {#name, defect, KERNEL_##kernel, CHECK_##check, true},
#include "tests/mutants/mutants.def"
#undef ALONE
#undef NEEDY
#undef BOUNDED
#undef MUTANT
};

size_t count_mutants(void)
{
	return sizeof mutants / sizeof *mutants;
}

size_t count_broken_mutants(void)
{
	size_t count = 0;
	for (size_t i = 0; i < count_mutants(); i++)
		count += mutants[i].check != CHECK_NONE;
	return count;
}

const char *find_mutants(void)
{
	const char *folder = getenv("TENON_MUTANTS");
	return folder && *folder ? folder : TENON_MUTANTSDIR;
}

/* ---- One mutant -------------------------------------------------------------------------------------------------- */

/* Why a mutant cannot be scored in this build, or NULL. */
static const char *why_not(const struct mutant *mutant)
{
#ifdef TENON_SANITIZED
	if (mutant->check == CHECK_STATE)
		return "a sanitizer keeps accounts in the plugin's memory, so nobody watches it";
	if (strcmp(mutant->name, "maps_memory") == 0)
		return "a sanitizer maps memory as it goes, so nobody watches that";
#endif
	return mutant->check == CHECK_OPCODE ? why_no_lint() : NULL;
}

/* The entry that decides: one that failed, else one that passed, else the first. */
static const struct proof_entry *choose_entry(const struct proof *proof)
{
	const struct proof_entry *chosen = &proof->entry[0];
	for (size_t i = proof->entries; i-- > 0;)
		if (proof->entry[i].verdict > VERDICT_SKIP ||
		    (proof->entry[i].verdict == VERDICT_PASS && chosen->verdict != VERDICT_FAIL))
			chosen = &proof->entry[i];
	return chosen;
}

/* NULL if it came out as the list says, else what did not. */
static const char *judge_mutant(const struct mutant *mutant, const struct proof *proof, struct why *why)
{
	const struct proof_entry *entry = choose_entry(proof);
	enum check killer = proof->lint.findings             ? CHECK_OPCODE
			    : entry->verdict == VERDICT_FAIL ? entry->finding.check
							     : CHECK_NONE;
	if (killer && killer == mutant->check)
		return NULL;
	if (killer)
		explain(why, TENON_EREFUSED, "killed by %s, not by %s", name_check(killer),
			mutant->check ? name_check(mutant->check) : "nothing");
	else if (proof->status)
		explain(why, TENON_EREFUSED, "%s", proof->why.text);
	else if (entry->verdict == VERDICT_SKIP)
		explain(why, TENON_EREFUSED, "skipped: %s", entry->reason);
	else if (entry->verdict != VERDICT_PASS)
		explain(why, TENON_EREFUSED, "no kernel was run");
	else if (mutant->check != CHECK_NONE)
		explain(why, TENON_EREFUSED, "survived %ju cases", (uintmax_t)entry->cases);
	else
		return NULL;
	return why->text;
}

/* ---- All of them ------------------------------------------------------------------------------------------------- */

static double get_seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* The file that has the mutant; cached, because most are in the same one. */
static bool open_mutant(const struct cpu *cpu, const char *folder, const struct mutant *mutant, struct candidate *file,
			struct why *why)
{
	static struct config config;
	char path[PATH_MAX];
	snprintf(path, sizeof path, "%.3900s/%s.so", folder, mutant->is_alone ? mutant->name : "mutants");
	if (strcmp(path, file->path) == 0)
		return true;
	default_config(&config);
	int status = examine_backend(&config, cpu, path, file);
	if (!status || (mutant->is_alone && status == TENON_EUNSUPPORTED))
		return true;
	explain(why, TENON_EREFUSED,
		"the mutants of this harness: %.700s; make install puts them in %s, TENON_MUTANTS names "
		"another folder",
		file->why.text, TENON_MUTANTSDIR);
	return false;
}

static bool prove_mutant(const struct cpu *cpu, const struct mutant *mutant, bool shrinks, struct proof *proof,
			 struct why *why)
{
	struct proof_options options = {.profile = PROFILE_QUICK,
					.seed = 1,
					.kernel = mutant->kernel,
					.mutant = mutant->name,
					.stops_early = !shrinks,
					.skips_lint = !mutant->is_alone};
	return prove_backend(cpu, &options, proof, why);
}

static void count_mutant(const struct mutant *mutant, bool skipped, bool good, struct score *score)
{
	bool is_twin = mutant->check == CHECK_NONE;
	score->mutants += !is_twin;
	score->twins += is_twin;
	score->skipped += skipped;
	score->killed += good && !skipped && !is_twin;
	score->passed += good && !skipped && is_twin;
}

static bool score_mutant(const struct cpu *cpu, const struct mutant *mutant, bool shrinks, struct proof *proof,
			 score_observer *observer, void *user, struct score *score, struct why *why)
{
	struct candidate file = proof->candidate;
	struct why wrong = {0};
	const char *skipped = why_not(mutant), *text = NULL;
	memset(proof, 0, sizeof *proof);
	proof->candidate = file;
	if (!skipped && !prove_mutant(cpu, mutant, shrinks, proof, why))
		return false;
	if (!skipped)
		text = judge_mutant(mutant, proof, &wrong);
	count_mutant(mutant, skipped, !text, score);
	if (observer)
		observer(user, mutant, proof, skipped, text);
	return true;
}

bool score_harness(const struct cpu *cpu, const char *folder, const char *only, bool shrinks, score_observer *observer,
		   void *user, struct score *score, struct why *why)
{
	struct proof *proof = calloc(1, sizeof *proof);
	double start = get_seconds();
	bool good = proof || (explain(why, TENON_ENOMEM, "out of memory"), false);
	*score = (struct score){0};
	for (size_t i = 0; good && i < count_mutants(); i++)
		if (!only || strcmp(only, mutants[i].name) == 0)
			good = open_mutant(cpu, folder, &mutants[i], &proof->candidate, why) &&
			       score_mutant(cpu, &mutants[i], shrinks, proof, observer, user, score, why);
	if (good && score->mutants + score->twins == 0)
		good = (explain(why, TENON_ENOENT, "no mutant is called '%s'; tests/mutants/mutants.def lists them",
				only),
			false);
	free(proof);
	score->seconds = get_seconds() - start;
	return good;
}
