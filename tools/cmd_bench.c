/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tenon bench: what the options ask for; bench/ has the topics, tools/bench/ the reports and the gate.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <tenon/tenon.h>

#include "tools/bench/bench.h"

const char help_bench[] =
	"Usage: tenon bench [--topic LIST] [--kernel LIST] [--backend LIST] [--quick] [--svg FILE]\n"
	"       tenon bench --figures [--svg FILE]\n"
	"       tenon bench --record FILE\n"
	"       tenon bench --baseline FILE [--max-regression PERCENT] [--record FILE]\n\n"
	"Times every kernel of every usable backend at several shapes, in one pinned thread in which all take\n"
	"turns, against the plain loop that one would write without Tenon, against the limit of the machine\n"
	"(the same bytes moved, nothing computed) and against other libraries that it finds installed. A result\n"
	"that differs from scalar's in one bit is not timed.\n\n"
	"Columns: ns is the median of a call; +-% half the 95 % confidence interval of that median; p99 and\n"
	"p99.9 are of single calls (of batches of calls that take 2 us together where a line ends in *);\n"
	"'of limit' is the share of what the machine can do; 'x loop' is times as fast as the plain loop.\n\n"
	"  --topic LIST             only these topics, separated by commas\n"
	"  --kernel LIST            only these kernels\n"
	"  --backend LIST           only these backends\n"
	"  --quick                  few and short rounds: to see that it works, not for figures to quote\n"
	"  --figures                only what Tenon promises: each figure, its goal, and whether it was reached\n"
	"  --svg FILE               draw the results as well, one page\n"
	"  --record FILE            write a baseline: figures, machine, and copies of the plugins in FILE.d; with\n"
	"                           --baseline only if there is none for this CPU, compiler and flags\n"
	"  --baseline FILE          race today's plugins against those of a baseline, in several processes\n"
	"                           one after the other, each of which lays out data anew\n"
	"  --max-regression PERCENT how much slower is still good; 5% unless said\n\n"
	"Example: tenon bench --kernel vector_similarity --svg bench.svg\n\n"
	"Exit codes: 0 done; 1 a kernel does not conform, or is slower than the baseline allows; 2 usage; a\n"
	"baseline that is missing or another machine's; 3 out of memory; 77 this machine is too noisy to decide,\n"
	"or there was nothing to compare\n";

static bool parse_percent(const char *text, double *value)
{
	char *end;
	*value = strtod(text, &end);
	return end != text && (*end == '\0' || strcmp(end, "%") == 0) && *value > 0 && *value < 100;
}

/* ---- Options ----------------------------------------------------------------------------------------------------- */

static int refuse_word(struct tool *tool, const char *option, const char *word, const char *const *names, size_t count)
{
	char text[768] = "";
	suggest_names(text, sizeof text, word, names, count);
	return fail(tool, EXIT_USAGE, "%s: there is no '%s'; %s", option, word, text);
}

static int check_lists(struct tool *tool)
{
	/* what topics other than kernels race */
	const char *names[KERNEL_COUNT + 8] = {"arena", "dispatch", "exp", "probation", "swap"};
	char word[64];
	size_t count = 5;
	for (int i = 0; i < KERNEL_COUNT; i++)
		names[count++] = kernels[i].name;
	if (find_stranger(plan.topics, topic_names, topic_count, word, sizeof word))
		return refuse_word(tool, "--topic", word, topic_names, topic_count);
	if (find_stranger(plan.kernels, names, count, word, sizeof word))
		return refuse_word(tool, "--kernel", word, names, count);
	return EXIT_DONE;
}

static int check_backends(struct tool *tool)
{
	const char *names[BACKENDS_MAX];
	char word[64];
	for (size_t i = 0; i < backend_count; i++)
		names[i] = backends[i].candidate.name;
	if (find_stranger(plan.backends, names, backend_count, word, sizeof word))
		return refuse_word(tool, "--backend", word, names, backend_count);
	return EXIT_DONE;
}

static int read_options(struct tool *tool, int argc, char **argv, struct wishes *w)
{
	const char *percent = "5%";
	const struct tool_option options[] = {
		{"--topic", OPTION_TEXT, &plan.topics, 0, 0},      {"--kernel", OPTION_TEXT, &plan.kernels, 0, 0},
		{"--backend", OPTION_TEXT, &plan.backends, 0, 0},  {"--quick", OPTION_FLAG, &w->quick, 0, 0},
		{"--figures", OPTION_FLAG, &plan.figures, 0, 0},   {"--svg", OPTION_TEXT, &w->svg, 0, 0},
		{"--baseline", OPTION_TEXT, &w->baseline, 0, 0},   {"--record", OPTION_TEXT, &w->record, 0, 0},
		{"--max-regression", OPTION_TEXT, &percent, 0, 0}, {NULL, OPTION_FLAG, NULL, 0, 0}};
	int code = parse_options(tool, options, &argc, argv, 0, 0);
	if (code)
		return code;
	if (!parse_percent(percent, &w->max_regression))
		return fail(tool, EXIT_USAGE, "--max-regression takes a percentage above 0 and below 100, not '%s'",
			    percent);
	if (w->baseline && (plan.figures || w->svg))
		return fail(tool, EXIT_USAGE,
			    "--baseline compares with a baseline and measures nothing else: leave out %s",
			    plan.figures ? "--figures" : "--svg");
	return check_lists(tool);
}

/* ---- A run ------------------------------------------------------------------------------------------------------- */

static int write_svg(struct tool *tool, const struct wishes *w)
{
	FILE *out = fopen(w->svg, "we");
	bool good = out && draw_results(out, &w->environment);
	good = out && fclose(out) == 0 && good;
	return good ? EXIT_DONE : fail(tool, EXIT_USAGE, "--svg: cannot write %s: %s", w->svg, strerror(errno));
}

static int report(struct tool *tool, const struct wishes *w, bool conforms)
{
	size_t timed;
	list_results(&timed);
	if (timed == 0 && race_count == 0)
		return fail(tool, EXIT_NOTHING_RUN, "nothing was timed: no topic races what was asked for");
	int code = w->svg ? write_svg(tool, w) : EXIT_DONE;
	if (!code && w->record)
		code = record_baseline(tool, w);
	if (code)
		return code;
	code = conforms ? EXIT_DONE : EXIT_DIFFERS;
#ifdef HAVE_JANSSON
	if (tool->json) {
		int failed = emit_json(tool, report_as_json(w));
		return failed ? failed : code;
	}
#endif
	if (plan.figures)
		print_figures(tool->out, &w->environment);
	return code;
}

static int run_plan(struct tool *tool, struct wishes *w)
{
	plan.out = tool->json ? NULL : tool->out;
	if (!plan.figures)
		print_environment(plan.out, &w->environment);
	else
		plan.out = NULL;
	if (tenon_open(NULL))
		return fail(tool, EXIT_REFUSED, "%s", tenon_error_detail());
	int code = report(tool, w, run_topics());
	tenon_close();
	return code;
}

/* The gate's processes are forked, and race backends without a runtime. */
static int gate_or_plan(struct tool *tool, struct wishes *w)
{
	if (w->quick)
		make_timing_quick();
	return w->baseline && !(w->record && !has_baseline(w)) ? run_gate(tool, w) : run_plan(tool, w);
}

int run_bench(struct tool *tool, int argc, char **argv)
{
	static struct cpu cpu;
	struct wishes w = {.cpu = &cpu};
	struct why why;
	int code = read_options(tool, argc, argv, &w);
	if (code)
		return code;
	probe_cpu(&cpu);
	pin_thread();
	read_environment(&cpu, &w.environment);
	if (!collect_backends(NULL, &cpu, &why))
		return fail(tool, why.status == TENON_ECONFIG ? EXIT_USAGE : EXIT_REFUSED, "%s", why.text);
	code = check_backends(tool);
	if (!code)
		code = gate_or_plan(tool, &w);
	release_backends();
	return code;
}
