/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The harness's verdict, kernel by kernel; see proof.h.
 */
#include "tools/tune/proof.h"

#include <stdio.h>
#include <string.h>

#include "tests/conform/prove.h"
#include "tests/conform/report.h"

static void take_entry(const struct proof_entry *entry, bool *conforms, char *reason, size_t size)
{
	char text[400];
	*conforms = *conforms || entry->verdict == VERDICT_PASS;
	if (entry->verdict != VERDICT_FAIL || *reason)
		return;
	describe_finding(&entry->finding, text, sizeof text);
	snprintf(reason, size, "%s", text);
}

/* What is wrong with the file as a whole is wrong with every kernel of it. */
static void take_whole(const struct proof *proof, bool conforms[KERNEL_COUNT], char *reason, size_t size)
{
	memset(conforms, 0, KERNEL_COUNT * sizeof *conforms);
	if (proof->status)
		snprintf(reason, size, "%s", proof->why.text);
	else if (proof->lint.findings)
		describe_lint_finding(&proof->lint.finding[0], reason, size);
	else
		describe_finding(&proof->finding, reason, size);
}

bool prove_kernels(const struct cpu *cpu, const struct candidate *candidate, bool conforms[KERNEL_COUNT], char *reason,
		   size_t size, struct why *why)
{
	static struct proof proof;
	const struct proof_options options = {.profile = PROFILE_QUICK, .kernel = -1, .seed = 1};
	memset(&proof, 0, sizeof proof);
	memset(conforms, 0, KERNEL_COUNT * sizeof *conforms);
	reason[0] = '\0';
	proof.candidate = *candidate;
	if (!prove_backend(cpu, &options, &proof, why))
		return false;
	for (size_t i = 0; i < proof.entries; i++)
		take_entry(&proof.entry[i], &conforms[proof.entry[i].kernel], reason, size);
	/* One entry that fails condemns its kernel, whichever entry this CPU would take. */
	for (size_t i = 0; i < proof.entries; i++)
		if (proof.entry[i].verdict == VERDICT_FAIL)
			conforms[proof.entry[i].kernel] = false;
	if (proof.verdict != VERDICT_PASS && !*reason)
		take_whole(&proof, conforms, reason, size);
	return true;
}
