/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The gate: today's plugins and those of a baseline race in one process, in turn, on the same data, so that the state
 * of the machine hits both. Where a plugin lies in memory alone can make a few percent, by the branch predictor's and
 * the caches' view of addresses; so each sample is of a fresh mapping of both at another place. How code lies to data and
 * stack makes as much, for another build of the same source, too, and a process keeps that; so a process is one voice
 * among several, the median of its samples. What decides is the confidence interval of the median voice: all of it above
 * the limit is a regression, all of it below is none; otherwise another process, and in the end "too noisy to decide",
 * which is neither. Processes are forked one after another and write into memory shared with the first. The state is
 * that of the one gate of this process.
 */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/stage.h"
#include "tools/bench/bench.h"

/* To accuse takes more voices than to acquit: a gate that cries wolf is turned off. */
enum { SAMPLES = 12, PROCESSES = 24, PROCESSES_TO_ACCUSE = 8, COMPARISONS = 512 };
#define CONFIDENCE 0.95

enum decision { GOOD, REGRESSED, TOO_NOISY, DOES_NOT_CONFORM };

struct comparison_of_two {
	char kernel[40], shape[80], backend[32];
	double voices[PROCESSES]; /* time of new over time of old, sorted */
	size_t processes;
	double ratio; /* the median voice */
	struct interval interval;
	enum decision decision;
	bool settled;
};

/* All processes write it, one after another. */
struct comparisons {
	struct comparison_of_two list[COMPARISONS];
	size_t count; /* of those that the current process has come to, or the last one */
};

static struct {
	struct backend old[BACKENDS_MAX];
	size_t old_count;
	const struct cpu *cpu;
	double limit;
	struct comparisons *all;
	size_t of[4];
	FILE *out;
} gate;

static const char *const decision_names[] = {"good", "REGRESSED", "too noisy to decide", "does not conform"};

/* ---- In a process of its own ------------------------------------------------------------------------------------- */

static void add_voice(struct comparison_of_two *c, double voice)
{
	c->voices[c->processes++] = voice;
	sort_values(c->voices, c->processes);
	c->ratio = find_median(c->voices, c->processes);
	c->interval = find_interval(c->voices, c->processes, CONFIDENCE);
	c->decision = c->interval.high < gate.limit ? GOOD : c->interval.low > gate.limit ? REGRESSED : TOO_NOISY;
	c->settled = c->decision == GOOD || (c->decision == REGRESSED && c->processes >= PROCESSES_TO_ACCUSE);
}

static double hear(const struct race *race, const struct backend *pair[2], int kernel)
{
	double ratios[SAMPLES];
	for (size_t i = 0; i < SAMPLES; i++)
		ratios[i] = sample_pair(gate.cpu, race, pair, kernel, i, PAIR_ROUNDS_MAX);
	sort_values(ratios, SAMPLES);
	return find_median(ratios, SAMPLES);
}

static struct comparison_of_two *name_comparison(struct comparison_of_two *c, const struct race *race,
						 const struct backend *backend)
{
	snprintf(c->kernel, sizeof c->kernel, "%s", race->kernel);
	snprintf(c->shape, sizeof c->shape, "%s", race->shape);
	snprintf(c->backend, sizeof c->backend, "%s", backend->candidate.name);
	return c;
}

static bool race_two(const struct race *race, const struct backend *new, const struct backend *old, int kernel)
{
	if ((!new->function[kernel] && !old->function[kernel]) || gate.all->count == COMPARISONS)
		return true;
	struct comparison_of_two *c = name_comparison(&gate.all->list[gate.all->count++], race, new);
	const struct backend *pair[2] = {new, old};
	if (c->settled)
		return c->decision != DOES_NOT_CONFORM;
	if (race_conforms(race, function_of(new, kernel)) && race_conforms(race, function_of(old, kernel))) {
		add_voice(c, hear(race, pair, kernel));
		return true;
	}
	c->ratio = c->interval.low = c->interval.high = NAN;
	c->decision = DOES_NOT_CONFORM;
	c->settled = true;
	return false;
}

static const struct backend *find_old(const char *name)
{
	for (size_t i = 0; i < gate.old_count; i++)
		if (strcmp(gate.old[i].candidate.name, name) == 0)
			return &gate.old[i];
	return NULL;
}

static bool race_all(const struct race *race)
{
	int kernel = find_kernel_name(race->kernel);
	bool conforms = true;
	for (size_t i = 1; i < backend_count; i++) {
		const struct backend *old = find_old(backends[i].candidate.name);
		if (old)
			conforms = race_two(race, &backends[i], old, kernel) && conforms;
	}
	return conforms;
}

static _Noreturn void run_process(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	gate.all->count = 0;
	plan.race = race_all;
	run_topics();
	close_stage();
	_exit(0);
}

/* ---- One after another ------------------------------------------------------------------------------------------- */

static int blame_process(struct tool *tool, int status)
{
	const char *by = WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "an error";
	if (gate.all->count == 0)
		return fail(tool, EXIT_REFUSED, "a process of the gate was ended by %s before its first race", by);
	const struct comparison_of_two *c = &gate.all->list[gate.all->count - 1];
	return fail(tool, EXIT_REFUSED,
		    "a process of the gate was ended by %s after it began to race %s of %s, %s; see "
		    "tenon verify --backend %s",
		    by, c->kernel, c->backend, c->shape, c->backend);
}

static int ask_process(struct tool *tool)
{
	int status = 0;
	fflush(NULL);
	pid_t child = fork();
	if (child == 0)
		run_process();
	if (child < 0)
		return fail(tool, EXIT_REFUSED, "cannot start a process of the gate: %s", strerror(errno));
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return status ? blame_process(tool, status) : EXIT_DONE;
}

static void report_two(const struct comparison_of_two *c)
{
	if (!gate.out)
		return;
	fprintf(gate.out, "%-21s %-48s %-10s ", c->kernel, c->shape, c->backend);
	if (c->decision == DOES_NOT_CONFORM)
		fprintf(gate.out, "%25s", "");
	else
		fprintf(gate.out, "%7.3f  %6.3f to %6.3f", c->ratio, c->interval.low, c->interval.high);
	fprintf(gate.out, "  %s\n", decision_names[c->decision]);
	fflush(gate.out);
}

/* Reports what is newly settled, or everything else at the end; whether anything is left. */
static bool report_settled(bool reported[COMPARISONS], bool at_end)
{
	size_t left = 0;
	for (size_t i = 0; i < gate.all->count; i++) {
		const struct comparison_of_two *c = &gate.all->list[i];
		if (!reported[i] && (c->settled || at_end)) {
			report_two(c);
			gate.of[c->decision]++;
			reported[i] = true;
		}
		left += !reported[i];
	}
	return left > 0;
}

static int ask_processes(struct tool *tool)
{
	static bool reported[COMPARISONS];
	bool left = true;
	for (int i = 1; left && i <= PROCESSES; i++) {
		int code = ask_process(tool);
		if (code)
			return code;
		left = report_settled(reported, i == PROCESSES);
	}
	return EXIT_DONE;
}

/* ---- The verdict ------------------------------------------------------------------------------------------------- */
#ifdef HAVE_JANSSON
static json_t *voices_as_json(const struct comparison_of_two *c)
{
	json_t *list = json_array();
	for (size_t i = 0; i < c->processes; i++)
		json_array_append_new(list, json_figure(c->voices[i]));
	return list;
}

static json_t *gate_as_json(const struct wishes *w)
{
	json_t *list = json_array();
	for (size_t i = 0; i < gate.all->count; i++) {
		const struct comparison_of_two *c = &gate.all->list[i];
		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:o, s:[o, o], s:o, s:s}", "kernel", c->kernel,
						      "shape", c->shape, "backend", c->backend, "ratio",
						      json_figure(c->ratio), "interval", json_figure(c->interval.low),
						      json_figure(c->interval.high), "processes", voices_as_json(c),
						      "verdict", decision_names[c->decision]));
	}
	return json_pack("{s:o, s:s, s:f, s:o, s:I, s:I, s:I, s:I}", "environment",
			 environment_as_json(&w->environment), "baseline", w->baseline, "max_regression",
			 w->max_regression, "gate", list, "good", (json_int_t)gate.of[GOOD], "regressed",
			 (json_int_t)gate.of[REGRESSED], "too_noisy", (json_int_t)gate.of[TOO_NOISY],
			 "does_not_conform", (json_int_t)gate.of[DOES_NOT_CONFORM]);
}
#endif

static int conclude(struct tool *tool, const struct wishes *w)
{
	int code = gate.of[REGRESSED] || gate.of[DOES_NOT_CONFORM] ? EXIT_DIFFERS
		   : gate.of[TOO_NOISY] || gate.all->count == 0    ? EXIT_NOTHING_RUN
								   : EXIT_DONE;
	if (gate.all->count == 0)
		return fail(tool, code,
			    "nothing was compared: the baseline has none of these backends, or no topic "
			    "races these kernels; see --backend, --kernel and --topic");
#ifdef HAVE_JANSSON
	if (tool->json) {
		int failed = emit_json(tool, gate_as_json(w));
		return failed ? failed : code;
	}
#endif
	fprintf(tool->out,
		"\n%zu compared: %zu good, %zu regressed by more than %g %%, %zu too noisy to decide, "
		"%zu do not conform\n",
		gate.all->count, gate.of[GOOD], gate.of[REGRESSED], w->max_regression, gate.of[TOO_NOISY],
		gate.of[DOES_NOT_CONFORM]);
	return code;
}

/* What the baseline had and nobody has now would pass by not being looked at. */
static int check_presence(struct tool *tool)
{
	for (size_t i = 0; i < gate.old_count; i++) {
		const char *name = gate.old[i].candidate.name;
		size_t k = 0;
		while (k < backend_count && strcmp(backends[k].candidate.name, name) != 0)
			k++;
		if (k == backend_count)
			return fail(tool, EXIT_DIFFERS,
				    "the baseline has %s, which is not usable here now: see tenon "
				    "explain %s, or record a new baseline",
				    name, name);
	}
	return EXIT_DONE;
}

int run_gate(struct tool *tool, const struct wishes *w)
{
	int code = open_baseline(tool, w, gate.old, &gate.old_count);
	if (!code)
		code = check_presence(tool);
	if (code)
		return code;
	gate.all = mmap(NULL, sizeof *gate.all, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (gate.all == MAP_FAILED)
		return fail(tool, EXIT_REFUSED, "out of memory");
	gate.cpu = w->cpu;
	gate.limit = 1 + w->max_regression / 100;
	gate.out = tool->json ? NULL : tool->out;
	print_environment(gate.out, &w->environment);
	if (gate.out)
		fprintf(gate.out, "\n%-21s %-48s %-10s %7s  %16s\n", "time of new over old", "", "", "median",
			"95 % interval");
	code = ask_processes(tool);
	if (!code)
		code = conclude(tool, w);
	munmap(gate.all, sizeof *gate.all);
	return code;
}
