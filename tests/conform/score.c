/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Scoring the harness on its mutants; score.h says when it is right. No state.
 */
#include "tests/conform/score.h"

const struct mutant mutants[] = {
#define MUTANT(name, kernel, check, defect) {#name, defect, KERNEL_##kernel, CHECK_##check},
#define BOUNDED MUTANT
#include "tests/mutants/mutants.def"
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

bool score_mutant(const struct cpu *cpu, const struct mutant *mutant, const struct proof_options *options,
	struct proof *proof, struct why *why)
{
	struct proof_options chosen = *options;
	chosen.mutant = mutant->name;
	chosen.kernel = mutant->kernel;
	if (!prove_backend(cpu, &chosen, proof, why))
		return false;
	if (proof->status || proof->entries != 1)
		return explain(why, TENON_EREFUSED, "%s", proof->status ? proof->why.text : "not one kernel was run"), false;
	const struct proof_entry *entry = &proof->entry[0];
	if (entry->verdict == VERDICT_SKIP)
		return explain(why, TENON_EREFUSED, "skipped: %s", entry->reason), false;
	if (entry->verdict == VERDICT_PASS)
		return mutant->check == CHECK_NONE || (explain(why, TENON_EREFUSED, "survived %ju cases",
			(uintmax_t)entry->cases), false);
	if (entry->finding.check == mutant->check)
		return true;
	return explain(why, TENON_EREFUSED, "killed by %s, not by %s", name_check(entry->finding.check),
		name_check(mutant->check)), false;
}
