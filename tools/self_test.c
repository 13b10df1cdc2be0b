/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tenon verify --self-test: the harness of this very program against its mutants. A survivor is a fault of the harness, so
 * it is told; a score without any is one line.
 */
#include "tests/conform/report.h"
#include "tools/tool.h"
#include "tools/verify.h"

struct self_test {
	FILE *out;
	bool is_tap;
	unsigned number;
#ifdef HAVE_JANSSON
	json_t *wrong; /* NULL: not JSON */
#endif
};

/* score_observer */
static void tell_mutant(void *user, const struct mutant *mutant, const struct proof *proof, const char *skipped,
			const char *wrong)
{
	struct self_test *test = user;
	if (test->is_tap)
		report_mutant(test->out, &test->number, mutant, proof, skipped, wrong);
#ifdef HAVE_JANSSON
	else if (test->wrong && (wrong || skipped))
		json_array_append_new(test->wrong,
				      json_pack("{s:s, s:s, s:s, s:s}", "name", mutant->name, "defect", mutant->defect,
						"verdict", wrong ? "fail" : "skip", "reason", wrong ? wrong : skipped));
	else if (test->wrong)
		return;
#endif
	else if (wrong || skipped)
		fprintf(test->out, "%s  %s (%s): %s\n", wrong ? "FAIL" : "skip", mutant->name, mutant->defect,
			wrong ? wrong : skipped);
	fflush(test->out); /* a child must find nothing to print a second time */
}

int measure_harness(struct tool *tool, const struct cpu *cpu, struct score *score)
{
	struct why why;
	if (!score_harness(cpu, find_mutants(), NULL, false, NULL, NULL, score, &why))
		return fail(tool, EXIT_REFUSED, "%s", why.text);
	return EXIT_DONE;
}

static int print_score(struct tool *tool, struct self_test *test, const struct score *score)
{
	char text[200];
#ifdef HAVE_JANSSON
	if (test->wrong)
		return emit_json(tool, json_pack("{s:{s:s, s:I, s:I, s:I, s:I, s:I}, s:o}", "harness", "version",
						 PACKAGE_VERSION, "mutants_killed", (json_int_t)score->killed,
						 "mutants", (json_int_t)score->mutants, "twins_passed",
						 (json_int_t)score->passed, "twins", (json_int_t)score->twins,
						 "skipped", (json_int_t)score->skipped, "exceptions", test->wrong));
#endif
	describe_score(score, text, sizeof text);
	if (test->is_tap)
		fprintf(tool->out, "# %s\n1..%u\n", text, test->number);
	else
		fprintf(tool->out, "%s, in %.1f s\n", text, score->seconds);
	return EXIT_DONE;
}

int test_harness(struct tool *tool, const struct cpu *cpu, bool is_tap)
{
	struct self_test test = {.out = tool->out, .is_tap = is_tap};
	struct score score;
	struct why why;
#ifdef HAVE_JANSSON
	test.wrong = tool->json ? json_array() : NULL;
#endif
	if (!score_harness(cpu, find_mutants(), NULL, false, tell_mutant, &test, &score, &why)) {
#ifdef HAVE_JANSSON
		json_decref(test.wrong);
#endif
		return fail(tool, EXIT_REFUSED, "%s", why.text);
	}
	int code = print_score(tool, &test, &score);
	return code ? code : is_perfect(&score) ? EXIT_DONE : EXIT_DIFFERS;
}
