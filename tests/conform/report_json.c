/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reports as JSON: the keys of `tenon verify --json`, which are stable. Empty without jansson.
 */
#include "build.h"

#include "tests/conform/report.h"

#ifdef HAVE_JANSSON
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "tests/conform/report_json.h"
#include "tests/conform/trial.h"

static json_t *text_or_null(const char *text)
{
	json_t *string = *text ? json_string(text) : NULL;
	return string ? string : json_null();
}

static json_t *seed_as_json(uint64_t seed)
{
	char text[24];
	snprintf(text, sizeof text, "%" PRIu64, seed);
	return json_string(text);
}

static json_t *replay_as_json(const struct proof_entry *entry)
{
	char token[400];
	if (entry->verdict != VERDICT_FAIL || entry->finding.check == CHECK_VACUITY)
		return json_null();
	write_token(specs[entry->kernel], entry->finding.seed, &entry->finding.point, token, sizeof token);
	return json_string(token);
}

/* Floats in hexadecimal, which is exact; other elements as well. */
static json_t *lanes_as_json(const struct finding *finding)
{
	json_t *lanes = json_array();
	for (size_t i = 0; i < finding->lanes; i++) {
		char text[256];
		describe_lane(&finding->lane[i], text, sizeof text);
		json_array_append_new(lanes, json_string(text));
	}
	return lanes;
}

static json_t *entry_as_json(const struct proof_entry *entry)
{
	const struct finding *finding = &entry->finding;
	bool is_failure = entry->verdict == VERDICT_FAIL;
	char text[1024] = "", outputs[24];
	bool has_outputs = describe_outputs(entry, outputs, sizeof outputs);
	if (is_failure)
		describe_finding(finding, text, sizeof text);
	else if (entry->verdict == VERDICT_SKIP)
		snprintf(text, sizeof text, "%s", entry->reason);
	return json_pack("{s:s, s:s, s:s, s:I, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "name", kernels[entry->kernel].name,
			 "needs", entry->needs, "class", name_numeric_class(entry->numeric_class), "cases",
			 (json_int_t)entry->cases, "verdict", name_verdict(entry->verdict), "worst",
			 entry->worst > 0 && isfinite(entry->worst) ? json_real(entry->worst) : json_null(), "replay",
			 replay_as_json(entry), "check",
			 is_failure ? json_string(name_check(finding->check)) : json_null(), "reason",
			 text_or_null(text), "lanes", lanes_as_json(finding), "output_hash",
			 text_or_null(has_outputs ? outputs : ""));
}

/* state: "clean", "beyond" what is declared, "unscanned" (nothing was looked at), or null where it was not asked for. */
json_t *lint_as_json(const struct lint *lint)
{
	json_t *findings = json_array(), *ranges = json_array();
	char text[256];
	for (size_t i = 0; i < lint->kept; i++) {
		describe_lint_finding(&lint->finding[i], text, sizeof text);
		json_array_append_new(findings, json_pack("{s:s, s:s, s:s}", "needs", lint->finding[i].needs,
							  "instruction", lint->finding[i].what, "text", text));
	}
	for (size_t i = 0; i < lint->ranges && i < LINT_KEPT; i++) {
		snprintf(text, sizeof text, "%#" PRIx64 "-%#" PRIx64, lint->range[i].begin, lint->range[i].end);
		json_array_append_new(ranges, json_string(text));
	}
	const char *state = !lint->is_done ? *lint->why_not ? "unscanned" : "" : lint->findings ? "beyond" : "clean";
	return json_pack("{s:o, s:o, s:I, s:I, s:I, s:o, s:o}", "state", text_or_null(state), "reason",
			 text_or_null(lint->why_not), "instructions", (json_int_t)lint->instructions, "unscanned_bytes",
			 (json_int_t)lint->unscanned, "beyond", (json_int_t)lint->findings, "unscanned_ranges", ranges,
			 "findings", findings);
}

static json_t *proof_as_json(const struct report *report, const struct proof *proof)
{
	json_t *list = json_array(), *skips = json_array();
	const char *note = get_note(report, proof);
	if (proof->status && proof->verdict == VERDICT_SKIP) /* all of it */
		json_array_append_new(skips, json_pack("{s:n, s:s, s:s}", "kernel", "needs",
						       proof->candidate.vetted.needs, "reason", proof->why.text));
	for (size_t i = 0; i < proof->entries; i++) {
		json_array_append_new(list, entry_as_json(&proof->entry[i]));
		if (proof->entry[i].verdict == VERDICT_SKIP)
			json_array_append_new(
				skips, json_pack("{s:s, s:s, s:s}", "kernel", kernels[proof->entry[i].kernel].name,
						 "needs", proof->entry[i].needs, "reason", proof->entry[i].reason));
	}
	return json_pack("{s:s, s:o, s:s, s:o, s:o, s:o, s:o, s:o}", "name", proof->candidate.name, "path",
			 text_or_null(proof->candidate.path), "verdict", name_verdict(proof->verdict), "reason",
			 text_or_null(proof->status ? proof->why.text : ""), "kernels", list, "skips", skips, "opcodes",
			 lint_as_json(&proof->lint), "note", text_or_null(note ? note : ""));
}

static json_t *unchecked_as_json(void)
{
	struct unchecked list[UNCHECKED_MAX];
	size_t count = list_unchecked(list);
	json_t *array = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(
			array, json_pack("{s:s, s:s}", "check", name_check(list[i].check), "reason", list[i].reason));
	return array;
}

/* How many kernels, and backends that were not run, ended how. */
static json_t *totals_as_json(const struct report *report)
{
	json_t *totals = json_object();
	for (enum verdict v = VERDICT_PASS; v <= VERDICT_FAIL; v++)
		json_object_set_new(totals, name_verdict(v), json_integer((json_int_t)count_all(report, v)));
	return totals;
}

json_t *proofs_as_json(const struct report *report)
{
	json_t *backends = json_array();
	for (size_t i = 0; i < report->count; i++)
		json_array_append_new(backends, proof_as_json(report, &report->proofs[i]));
	return json_pack("{s:{s:s, s:o, s:I}, s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:o}", "harness", "version",
			 PACKAGE_VERSION, "mutants_killed",
			 report->score ? json_integer((json_int_t)report->score->killed) : json_null(), "mutants",
			 (json_int_t)count_broken_mutants(), "cpu", text_or_null(report->cpu->model), "arch",
			 text_or_null(report->cpu->arch), "level", text_or_null(report->cpu->level), "emulated",
			 text_or_null(report->emulator ? report->emulator : ""), "profile",
			 name_profile(report->options.profile), "seed", seed_as_json(report->options.seed), "totals",
			 totals_as_json(report), "unchecked", unchecked_as_json(), "backends", backends);
}
#endif
