/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reports as TAP: one point a kernel entry, or one for a backend that could not be run. Only prints.
 */
#include <inttypes.h>

#include "tests/conform/report.h"

static void print_comment(FILE *out, const char *text)
{
	fprintf(out, "#   %s\n", text);
}

static void print_failure(FILE *out, const struct proof *proof, const struct finding *finding)
{
	char text[1024];
	describe_finding(finding, text, sizeof text);
	fprintf(out, "# %s: %s\n", name_check(finding->check), text);
	describe_replay(proof, finding, text, sizeof text);
	fprintf(out, "# replay: %s\n", text);
	for (size_t i = 0; i < finding->lanes; i++) {
		describe_lane(&finding->lane[i], text, sizeof text);
		print_comment(out, text);
	}
}

static void print_entry(FILE *out, size_t number, const struct proof *proof, const struct proof_entry *entry)
{
	bool good = entry->verdict != VERDICT_FAIL && entry->verdict != VERDICT_OPEN;
	fprintf(out, "%sok %zu - %s %s", good ? "" : "not ", number, proof->candidate.name, kernels[entry->kernel].name);
	if (*entry->needs)
		fprintf(out, " (%s)", entry->needs);
	if (entry->verdict == VERDICT_SKIP)
		fprintf(out, " # SKIP %s", entry->reason);
	else if (entry->verdict == VERDICT_INHERITED)
		fprintf(out, ": inherited from scalar");
	else
		fprintf(out, ": %" PRIu64 " cases, %s", entry->cases, name_numeric_class(entry->numeric_class));
	fprintf(out, "\n");
	if (!good)
		print_failure(out, proof, &entry->finding);
}

void print_tap(FILE *out, const struct report *report)
{
	size_t number = 0;
	fprintf(out, "TAP version 13\n# profile %s, seed %" PRIu64 ", %s%s%s\n", name_profile(report->options.profile),
		report->options.seed, report->cpu->model, report->emulator ? ", emulated by " : "",
		report->emulator ? report->emulator : "");
	for (size_t i = 0; i < report->count; i++) {
		const struct proof *proof = &report->proofs[i];
		const char *name = *proof->candidate.name ? proof->candidate.name : proof->candidate.path;
		if (proof->status && proof->verdict == VERDICT_SKIP)
			fprintf(out, "ok %zu - %s # SKIP %s\n", ++number, name, proof->why.text);
		else if (proof->status)
			fprintf(out, "not ok %zu - %s\n# %s\n", ++number, name, proof->why.text);
		for (size_t e = 0; e < proof->entries; e++)
			print_entry(out, ++number, proof, &proof->entry[e]);
	}
	fprintf(out, "1..%zu\n", number);
}
