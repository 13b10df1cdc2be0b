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
	fprintf(out, "%sok %zu - %s %s", good ? "" : "not ", number, proof->candidate.name,
		kernels[entry->kernel].name);
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

static void print_lint(FILE *out, size_t number, const char *name, const struct lint *lint)
{
	char text[512];
	describe_lint(lint, text, sizeof text);
	fprintf(out, "%sok %zu - %s opcodes%s%s\n", lint->findings ? "not " : "", number, name,
		lint->is_done ? "" : " # SKIP ", lint->is_done ? "" : lint->why_not);
	fprintf(out, "# %s\n", text);
	for (size_t i = 0; i < lint->kept; i++) {
		describe_lint_finding(&lint->finding[i], text, sizeof text);
		print_comment(out, text);
	}
}

void report_mutant(FILE *out, unsigned *number, const struct mutant *mutant, const struct proof *proof,
		   const char *skipped, const char *wrong)
{
	char text[1024];
	fprintf(out, "%sok %u - %s (%s", wrong ? "not " : "", ++*number, mutant->name, mutant->defect);
	if (skipped)
		fprintf(out, ") # SKIP %s\n", skipped);
	else
		fprintf(out, ", %.0f ms)\n", 1000 * proof->seconds);
	if (wrong)
		fprintf(out, "# %s\n", wrong);
	for (size_t e = 0; e < proof->entries; e++)
		if (proof->entry[e].verdict == VERDICT_FAIL) {
			describe_finding(&proof->entry[e].finding, text, sizeof text);
			fprintf(out, "# %s: %s\n", name_check(proof->entry[e].finding.check), text);
		}
	for (size_t i = 0; i < proof->lint.kept; i++) {
		describe_lint_finding(&proof->lint.finding[i], text, sizeof text);
		fprintf(out, "# opcode: %s\n", text);
	}
}

static void print_unchecked(FILE *out)
{
	struct unchecked list[UNCHECKED_MAX];
	size_t count = list_unchecked(list);
	for (size_t i = 0; i < count; i++)
		fprintf(out, "# not checked: %s: %s\n", name_check(list[i].check), list[i].reason);
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
		if (proof->lint.is_done || *proof->lint.why_not)
			print_lint(out, ++number, name, &proof->lint);
		if (get_note(report, proof))
			fprintf(out, "# note: %s\n", get_note(report, proof));
	}
	print_unchecked(out);
	fprintf(out, "1..%zu\n", number);
}
