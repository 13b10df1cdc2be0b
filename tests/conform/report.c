/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the writers of a report share, and the one for people.
 */
#include "tests/conform/report.h"

#include <inttypes.h>
#include <string.h>

#include "tests/conform/call.h"
#include "tests/conform/sentry.h"
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

bool describe_outputs(const struct proof_entry *entry, char *text, size_t size)
{
	snprintf(text, size, "%016" PRIx64, entry->outputs);
	return entry->verdict == VERDICT_PASS && entry->numeric_class == TENON_EXACT;
}

size_t count_verdicts(const struct proof *proof, enum verdict verdict)
{
	size_t count = 0;
	for (size_t i = 0; i < proof->entries; i++)
		count += proof->entry[i].verdict == verdict;
	return count;
}

void describe_score(const struct score *score, char *text, size_t size)
{
	int used = snprintf(text, size, "%zu of %zu mutants killed, %zu of %zu good twins passed", score->killed,
			    score->mutants, score->passed, score->twins);
	if (score->skipped && used > 0 && (size_t)used < size)
		snprintf(text + used, size - (size_t)used, ", %zu skipped", score->skipped);
}

/* A backend that cannot be loaded, or that this CPU lacks something for, counts as one. */
size_t count_all(const struct report *report, enum verdict verdict)
{
	size_t count = 0;
	for (size_t i = 0; i < report->count; i++)
		count += count_verdicts(&report->proofs[i], verdict) +
			 (report->proofs[i].status && report->proofs[i].verdict == verdict);
	return count;
}

const char *get_note(const struct report *report, const struct proof *proof)
{
	bool is_bounded = false;
	for (size_t i = 0; i < proof->entries; i++)
		is_bounded |= proof->entry[i].numeric_class == TENON_BOUNDED && proof->entry[i].verdict == VERDICT_PASS;
	return is_bounded && !report->accepts_bounded
		       ? "loading would refuse its BOUNDED kernels, which have not the bits of "
			 "the other backends; to accept that set numerics = bounded in [runtime]"
		       : NULL;
}

size_t list_unchecked(struct unchecked list[UNCHECKED_MAX])
{
	size_t count = 0;
	prepare_calls();
	if (why_no_upper_halves())
		list[count++] = (struct unchecked){CHECK_UPPER_HALVES, why_no_upper_halves()};
	if (why_no_own_memory())
		list[count++] = (struct unchecked){CHECK_STATE, why_no_own_memory()};
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
	fprintf(out, "        (--reproducer FILE.c writes it as a C program)\n");
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
	if (entry->worst > 0)
		fprintf(out, ", at most %.3f of its bound", entry->worst);
	if (entry->verdict == VERDICT_FAIL)
		fprintf(out, ", check: %s", name_check(entry->finding.check));
	fprintf(out, "\n");
	if (entry->verdict == VERDICT_FAIL)
		print_failure(out, proof, &entry->finding);
}

/* Nothing where the lint was not asked for. */
static void print_lint(FILE *out, const struct lint *lint)
{
	char text[512];
	if (!lint->is_done && !*lint->why_not)
		return;
	describe_lint(lint, text, sizeof text);
	fprintf(out, "  %s\n", text);
	for (size_t i = 0; i < lint->kept; i++) {
		describe_lint_finding(&lint->finding[i], text, sizeof text);
		fprintf(out, "        opcode: %s\n", text);
	}
}

static void print_proof(FILE *out, const struct report *report, const struct proof *proof)
{
	const struct candidate *c = &proof->candidate;
	fprintf(out, "%s: %s%s%s\n", *c->name ? c->name : c->path,
		proof->verdict == VERDICT_PASS   ? "conforms"
		: proof->verdict == VERDICT_SKIP ? "skipped"
		: proof->status                  ? "cannot be loaded"
						 : "does not conform",
		*c->path ? "  " : "", c->path);
	if (proof->status)
		fprintf(out, "  %s\n", proof->why.text);
	else
		fprintf(out, "  %zu kernels in %.0f ms\n", proof->entries, 1000 * proof->seconds);
	print_lint(out, &proof->lint);
	if (c->distrust.status)
		fprintf(out, "  warning: %s\n", c->distrust.text);
	for (size_t i = 0; i < proof->entries; i++)
		print_entry(out, proof, &proof->entry[i]);
	if (get_note(report, proof))
		fprintf(out, "  note: %s\n", get_note(report, proof));
}

static void print_totals(FILE *out, const struct report *report)
{
	struct unchecked list[UNCHECKED_MAX];
	size_t count = list_unchecked(list);
	double seconds = 0;
	for (size_t i = 0; i < report->count; i++)
		seconds += report->proofs[i].seconds;
	fprintf(out, "%zu passed, %zu failed, %zu inherited, %zu skipped in %.1f s\n", count_all(report, VERDICT_PASS),
		count_all(report, VERDICT_FAIL) + count_all(report, VERDICT_OPEN), count_all(report, VERDICT_INHERITED),
		count_all(report, VERDICT_SKIP), seconds);
	for (size_t i = 0; i < count; i++)
		fprintf(out, "not checked: %s: %s\n", name_check(list[i].check), list[i].reason);
}

void print_human(FILE *out, const struct report *report)
{
	for (size_t i = 0; i < report->count; i++) {
		print_proof(out, report, &report->proofs[i]);
		fprintf(out, "\n");
	}
	print_totals(out, report);
	fprintf(out, "profile %s, seed %" PRIu64 ", %s%s%s\n", name_profile(report->options.profile),
		report->options.seed, report->cpu->model, report->emulator ? ", emulated by " : "",
		report->emulator ? report->emulator : "");
}
