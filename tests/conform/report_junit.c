/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reports as JUnit XML, as continuous integration reads it: a suite a backend, a case a kernel entry. Only prints.
 */
#include <inttypes.h>

#include "tests/conform/report.h"

/* XML has no place for control characters, whatever the encoding. */
static void print_escaped(FILE *out, const char *text)
{
	for (; *text; text++)
		switch (*text) {
		case '<': fputs("&lt;", out); break;
		case '>': fputs("&gt;", out); break;
		case '&': fputs("&amp;", out); break;
		case '"': fputs("&quot;", out); break;
		default: fputc((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text, out);
		}
}

static void print_attribute(FILE *out, const char *name, const char *value)
{
	fprintf(out, " %s=\"", name);
	print_escaped(out, value);
	fputc('"', out);
}

static void print_failure(FILE *out, const struct proof *proof, const struct finding *finding)
{
	char text[1024];
	fprintf(out, "      <failure");
	print_attribute(out, "type", name_check(finding->check));
	describe_finding(finding, text, sizeof text);
	print_attribute(out, "message", text);
	fputs(">replay: ", out);
	describe_replay(proof, finding, text, sizeof text);
	print_escaped(out, text);
	for (size_t i = 0; i < finding->lanes; i++) {
		describe_lane(&finding->lane[i], text, sizeof text);
		fputc('\n', out);
		print_escaped(out, text);
	}
	fputs("</failure>\n", out);
}

static void print_entry(FILE *out, const struct proof *proof, const struct proof_entry *entry)
{
	fputs("    <testcase", out);
	print_attribute(out, "classname", proof->candidate.name);
	fprintf(out, " name=\"%s%s", kernels[entry->kernel].name, *entry->needs ? " " : "");
	print_escaped(out, entry->needs);
	fprintf(out, "\" time=\"%.3f\">\n", entry->seconds);
	if (entry->verdict == VERDICT_FAIL || entry->verdict == VERDICT_OPEN)
		print_failure(out, proof, &entry->finding);
	if (entry->verdict == VERDICT_SKIP) {
		fputs("      <skipped", out);
		print_attribute(out, "message", entry->reason);
		fputs("/>\n", out);
	}
	fputs("    </testcase>\n", out);
}

/* A backend that could not be run is a case of its own. */
static void print_unloaded(FILE *out, const struct proof *proof)
{
	bool is_skip = proof->verdict == VERDICT_SKIP;
	fputs("    <testcase", out);
	print_attribute(out, "classname", proof->candidate.name);
	fputs(" name=\"load\">\n      <", out);
	fputs(is_skip ? "skipped" : "failure type=\"load\"", out);
	print_attribute(out, "message", proof->why.text);
	fputs("/>\n    </testcase>\n", out);
}

static void print_lint(FILE *out, const struct proof *proof)
{
	const struct lint *lint = &proof->lint;
	char text[512];
	fputs("    <testcase", out);
	print_attribute(out, "classname", proof->candidate.name);
	fputs(" name=\"opcodes\">\n", out);
	describe_lint(lint, text, sizeof text);
	if (lint->findings || !lint->is_done) {
		fputs(lint->findings ? "      <failure type=\"opcode\"" : "      <skipped", out);
		print_attribute(out, "message", text);
		fputs(lint->findings ? ">" : "/>\n", out);
	}
	for (size_t i = 0; i < lint->kept; i++) {
		describe_lint_finding(&lint->finding[i], text, sizeof text);
		print_escaped(out, text);
		fputc('\n', out);
	}
	fputs(lint->findings ? "</failure>\n    </testcase>\n" : "    </testcase>\n", out);
}

/* In a suite, after its cases. */
static void print_words(FILE *out, const struct report *report, const struct proof *proof)
{
	struct unchecked list[UNCHECKED_MAX];
	size_t count = list_unchecked(list);
	fputs("    <system-out>", out);
	if (get_note(report, proof)) {
		fputs("note: ", out);
		print_escaped(out, get_note(report, proof));
	}
	for (size_t i = 0; i < count; i++) {
		fprintf(out, "\nnot checked: %s: ", name_check(list[i].check));
		print_escaped(out, list[i].reason);
	}
	fputs("</system-out>\n", out);
}

static void print_suite(FILE *out, const struct report *report, const struct proof *proof)
{
	size_t failures = count_verdicts(proof, VERDICT_FAIL) + count_verdicts(proof, VERDICT_OPEN);
	size_t skips = count_verdicts(proof, VERDICT_SKIP);
	bool is_linted = proof->lint.is_done || *proof->lint.why_not;
	failures += proof->lint.findings > 0;
	skips += is_linted && !proof->lint.is_done;
	bool is_unloaded = proof->status != 0, is_skip = is_unloaded && proof->verdict == VERDICT_SKIP;
	fputs("  <testsuite", out);
	print_attribute(out, "name", *proof->candidate.name ? proof->candidate.name : proof->candidate.path);
	fprintf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\" time=\"%.3f\">\n",
		proof->entries + is_unloaded + is_linted, failures + (is_unloaded && !is_skip), skips + is_skip,
		proof->seconds);
	if (is_unloaded)
		print_unloaded(out, proof);
	for (size_t e = 0; e < proof->entries; e++)
		print_entry(out, proof, &proof->entry[e]);
	if (is_linted)
		print_lint(out, proof);
	print_words(out, report, proof);
	fputs("  </testsuite>\n", out);
}

void print_junit(FILE *out, const struct report *report)
{
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"tenon verify\">\n", out);
	for (size_t i = 0; i < report->count; i++)
		print_suite(out, report, &report->proofs[i]);
	fputs("</testsuites>\n", out);
}
