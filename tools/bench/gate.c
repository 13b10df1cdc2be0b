/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The gate: today's plugins and those of a baseline race in one process, in turn, on the same data, so that the state
 * of the machine hits both. Where a plugin lies in memory alone can make a few percent, by the branch predictor's and
 * the caches' view of addresses; so each sample is of a fresh mapping of both at another place. What decides is the
 * confidence interval of the median ratio: all of it above the limit is a regression, all of it below is none;
 * otherwise more samples, and in the end "too noisy to decide", which is neither. The state is that of the one gate of
 * this process.
 */
#include <math.h>
#include <string.h>
#include <sys/mman.h>

#include "runtime/load.h"
#include "tools/bench/bench.h"

enum { BATCH = 12, BATCHES = 12, BATCHES_TO_ACCUSE = 2, ROUNDS = 7 };
#define RUN_NS 60e3
#define CONFIDENCE 0.95

enum decision { GOOD, REGRESSED, TOO_NOISY, DOES_NOT_CONFORM };

struct comparison_of_two {
	char kernel[40], shape[80], backend[32];
	double ratio; /* time of new over time of old */
	struct interval interval;
	size_t samples;
	enum decision decision;
};

static struct {
	struct backend old[BACKENDS_MAX];
	size_t old_count;
	const struct cpu *cpu;
	double limit;
	struct comparison_of_two list[512];
	size_t count, of[4];
	FILE *out;
} gate;

static const char *const decision_names[] = {"good", "REGRESSED", "too noisy to decide", "does not conform"};

/* ---- One pair ---------------------------------------------------------------------------------------------------- */

/* To accuse takes more rounds than to acquit: a gate that cries wolf is turned off. */
static bool decide(struct comparison_of_two *c, double *ratios, size_t batch)
{
	static double sorted[BATCH * BATCHES];
	c->samples = (batch + 1) * BATCH;
	memcpy(sorted, ratios, c->samples * sizeof *sorted);
	sort_values(sorted, c->samples);
	c->ratio = find_median(sorted, c->samples);
	c->interval = find_interval(sorted, c->samples, CONFIDENCE);
	c->decision = c->interval.high < gate.limit ? GOOD : c->interval.low > gate.limit ? REGRESSED : TOO_NOISY;
	return c->decision == GOOD || (c->decision == REGRESSED && batch + 1 >= BATCHES_TO_ACCUSE);
}

/* Whoever is mapped first, and after how much address space, differs from sample to sample. */
static bool map_two(const struct backend *pair[2], struct backend mapped[2], size_t sample, void **padding,
		    size_t *size)
{
	static uint64_t state = 1;
	struct why why;
	*size = (1 + next_random(&state) % 1024) * 4096;
	*padding = mmap(NULL, *size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	bool good = true;
	for (size_t k = 0; k < 2; k++) {
		size_t i = (k + sample) % 2;
		mapped[i] = (struct backend){.candidate = pair[i]->candidate};
		good = load_backend(gate.cpu, pair[i]->candidate.path, &mapped[i], &why) && good;
	}
	return good;
}

static void unmap_two(struct backend mapped[2], void *padding, size_t size)
{
	for (int i = 0; i < 2; i++)
		if (mapped[i].image)
			unload_image(mapped[i].image, NULL);
	if (padding != MAP_FAILED)
		munmap(padding, size);
}

/* A backend that lost a kernel is as slow there as scalar. */
static tenon_kernel_fn *function_of(const struct backend *backend, int kernel)
{
	return backend->function[kernel] ? backend->function[kernel] : kernels[kernel].scalar;
}

/* The ratio of one mapping; NAN if it could not be made. */
static double sample_two(const struct race *race, const struct backend *pair[2], int kernel, size_t sample)
{
	struct backend mapped[2];
	double ratios[ROUNDS] = {NAN};
	void *padding;
	size_t size;
	if (map_two(pair, mapped, sample, &padding, &size)) {
		struct call calls[2] = {{function_of(&mapped[0], kernel), race},
					{function_of(&mapped[1], kernel), race}};
		const struct contender new = call_contender("new", &calls[0]), old = call_contender("old", &calls[1]);
		time_pair(&new, &old, RUN_NS, ROUNDS, ratios);
		sort_values(ratios, ROUNDS);
	}
	unmap_two(mapped, padding, size);
	return find_median(ratios, ROUNDS);
}

static void time_two(struct comparison_of_two *c, const struct race *race, const struct backend *pair[2], int kernel)
{
	static double ratios[BATCH * BATCHES];
	for (size_t batch = 0; batch < BATCHES; batch++) {
		for (size_t i = batch * BATCH; i < (batch + 1) * BATCH; i++)
			ratios[i] = sample_two(race, pair, kernel, i);
		if (decide(c, ratios, batch))
			return;
	}
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

static void race_two(const struct race *race, const struct backend *new, const struct backend *old, int kernel)
{
	struct comparison_of_two *c = &gate.list[gate.count];
	if ((!new->function[kernel] && !old->function[kernel]) || gate.count == sizeof gate.list / sizeof gate.list[0])
		return;
	const struct backend *pair[2] = {new, old};
	*c = (struct comparison_of_two){.ratio = NAN, .interval = {NAN, NAN}, .decision = DOES_NOT_CONFORM};
	snprintf(c->kernel, sizeof c->kernel, "%s", race->kernel);
	snprintf(c->shape, sizeof c->shape, "%s", race->shape);
	snprintf(c->backend, sizeof c->backend, "%s", new->candidate.name);
	if (race_conforms(race, function_of(new, kernel)) && race_conforms(race, function_of(old, kernel)))
		time_two(c, race, pair, kernel);
	report_two(c);
	gate.of[c->decision]++;
	gate.count++;
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
	size_t wrong = gate.of[DOES_NOT_CONFORM];
	for (size_t i = 1; i < backend_count; i++) {
		const struct backend *old = find_old(backends[i].candidate.name);
		if (old)
			race_two(race, &backends[i], old, kernel);
	}
	return gate.of[DOES_NOT_CONFORM] == wrong;
}

/* ---- The verdict ------------------------------------------------------------------------------------------------- */

#ifdef HAVE_JANSSON
static json_t *gate_as_json(const struct wishes *w)
{
	json_t *list = json_array();
	for (size_t i = 0; i < gate.count; i++) {
		const struct comparison_of_two *c = &gate.list[i];
		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:o, s:[o, o], s:I, s:s}", "kernel", c->kernel,
						      "shape", c->shape, "backend", c->backend, "ratio",
						      json_figure(c->ratio), "interval", json_figure(c->interval.low),
						      json_figure(c->interval.high), "samples", (json_int_t)c->samples,
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
	int code = gate.of[REGRESSED] || gate.of[DOES_NOT_CONFORM] ? EXIT_DIFFERS :
		   gate.of[TOO_NOISY] || gate.count == 0 ? EXIT_NOTHING_RUN : EXIT_DONE;
	if (gate.count == 0)
		return fail(tool, code, "nothing was compared: the baseline has none of these backends, or no topic "
					"races these kernels; see --backend, --kernel and --topic");
#ifdef HAVE_JANSSON
	if (tool->json) {
		int failed = emit_json(tool, gate_as_json(w));
		return failed ? failed : code;
	}
#endif
	fprintf(tool->out, "\n%zu compared: %zu good, %zu regressed by more than %g %%, %zu too noisy to decide, "
		"%zu do not conform\n", gate.count, gate.of[GOOD], gate.of[REGRESSED], w->max_regression,
		gate.of[TOO_NOISY], gate.of[DOES_NOT_CONFORM]);
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
			return fail(tool, EXIT_DIFFERS, "the baseline has %s, which is not usable here now: see tenon "
							"explain %s, or record a new baseline", name, name);
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
	gate.cpu = w->cpu;
	gate.limit = 1 + w->max_regression / 100;
	gate.out = tool->json ? NULL : tool->out;
	plan.race = race_all;
	print_environment(gate.out, &w->environment);
	if (gate.out)
		fprintf(gate.out, "\n%-21s %-48s %-10s %7s  %16s\n", "time of new over old", "", "", "median",
			"95 % interval");
	run_topics();
	return conclude(tool, w);
}
