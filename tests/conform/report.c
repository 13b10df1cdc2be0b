/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the writers of a report share, and the one for people.
 */
#include "tests/conform/report.h"

#include <inttypes.h>
#include <string.h>

#include "tests/conform/trial.h"

const char *name_profile(enum profile profile)
{
	static const char *const names[] = {"quick", "full", "nightly"};
	return names[profile];
}

const char *name_numeric_class(uint32_t numeric_class)
{
	return numeric_class == TENON_BOUNDED ? "bounded" : "exact";
}

void describe_finding(const struct finding *finding, char *text, size_t size)
{
	const struct spec *spec = specs[finding->kernel];
	char point[256];
	describe_point(spec, &finding->point, point, sizeof point);
	snprintf(text, size, "%s %s: %s", spec->kernel, point, finding->text);
}

void describe_replay(const struct proof *proof, const struct finding *finding, char *text, size_t size)
{
	const char *path = proof->candidate.path;
	char token[400];
	write_token(specs[finding->kernel], finding->seed, &finding->point, token, sizeof token);
	snprintf(text, size, "tenon verify %.600s --replay %s", *path ? path : proof->candidate.name, token);
}

static void describe_value(const struct lane *lane, uint64_t bits, char *text, size_t size)
{
	if (lane->element == ELEMENT_F32)
		snprintf(text, size, "%a", (double)float_of_bits((uint32_t)bits));
	else
		snprintf(text, size, "%#" PRIx64, bits);
}

void describe_lane(const struct lane *lane, char *text, size_t size)
{
	char got[40], want[40], oracle[40] = "-";
	describe_value(lane, lane->got, got, sizeof got);
	describe_value(lane, lane->want, want, sizeof want);
	if (lane->has_oracle)
		snprintf(oracle, sizeof oracle, "%a", lane->oracle);
	snprintf(text, size, "%c %8zu  %-18s  %-18s  %s", lane->got == lane->want ? ' ' : '*', lane->index, got, want,
		oracle);
}

size_t count_verdicts(const struct proof *proof, enum verdict verdict)
{
	size_t count = 0;
	for (size_t i = 0; i < proof->entries; i++)
		count += proof->entry[i].verdict == verdict;
	return count;
}

/* ---- For people -------------------------------------------------------------------------------------------------- */

static void print_failure(FILE *out, const struct proof *proof, const struct finding *finding)
{
	char text[1024];
	describe_finding(finding, text, sizeof text);
	fprintf(out, "        %s\n", text);
	describe_replay(proof, finding, text, sizeof text);
	fprintf(out, "        replay: %s\n", text);
	if (finding->lanes)
		fprintf(out, "          %8s  %-18s  %-18s  %s\n", finding->buffer, "got", "want", "oracle");
	for (size_t i = 0; i < finding->lanes; i++) {
		describe_lane(&finding->lane[i], text, sizeof text);
		fprintf(out, "        %s\n", text);
	}
}

static void print_entry(FILE *out, const struct proof *proof, const struct proof_entry *entry)
{
	fprintf(out, "  %-9s  %-22s", name_verdict(entry->verdict), kernels[entry->kernel].name);
	if (*entry->needs)
		fprintf(out, "  (%s)", entry->needs);
	if (entry->verdict == VERDICT_SKIP)
		fprintf(out, "  %s", entry->reason);
	else if (entry->verdict != VERDICT_INHERITED)
		fprintf(out, "  %" PRIu64 " cases, %s", entry->cases, name_numeric_class(entry->numeric_class));
	if (entry->verdict == VERDICT_FAIL)
		fprintf(out, ", check: %s", name_check(entry->finding.check));
	fprintf(out, "\n");
	if (entry->verdict == VERDICT_FAIL)
		print_failure(out, proof, &entry->finding);
}

static void print_proof(FILE *out, const struct proof *proof)
{
	const struct candidate *c = &proof->candidate;
	fprintf(out, "%s: %s%s%s\n", *c->name ? c->name : c->path, proof->verdict == VERDICT_PASS ? "conforms" :
		proof->verdict == VERDICT_SKIP ? "skipped" : proof->status ? "cannot be loaded" : "does not conform",
		*c->path ? "  " : "", c->path);
	if (proof->status)
		fprintf(out, "  %s\n", proof->why.text);
	else
		fprintf(out, "  %zu kernels in %.0f ms\n", proof->entries, 1000 * proof->seconds);
	if (c->distrust.status)
		fprintf(out, "  warning: %s\n", c->distrust.text);
	for (size_t i = 0; i < proof->entries; i++)
		print_entry(out, proof, &proof->entry[i]);
}

void print_human(FILE *out, const struct report *report)
{
	for (size_t i = 0; i < report->count; i++) {
		print_proof(out, &report->proofs[i]);
		fprintf(out, "\n");
	}
	fprintf(out, "profile %s, seed %" PRIu64 ", %s%s%s\n", name_profile(report->options.profile), report->options.seed,
		report->cpu->model, report->emulator ? ", emulated by " : "", report->emulator ? report->emulator : "");
}
