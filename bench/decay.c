/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Topic: exp and log over an array in cache against loops of libm's expf and logf, the laws of decay in cache against the
 * loops that one would write with libm, and decay_exponential in memory against the streaming limit.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/bench.h"
#include "bench/peers/peers.h"
#include "runtime/cpu.h"
#include "tests/exp/exp.h"

/* ---- exp and log ------------------------------------------------------------------------------------------------- */

enum { EXP_COUNT = 4096 };

struct arrays {
	exp_fn *function;
	float *x, *y;
};

static void exp_libm(const float *x, float *y, size_t n)
{
	for (size_t i = 0; i < n; i++)
		y[i] = expf(-x[i]);
}

static void log_libm(const float *x, float *y, size_t n)
{
	for (size_t i = 0; i < n; i++)
		y[i] = logf(x[i]);
}

static void run_function(void *context, size_t times)
{
	const struct arrays *a = context;
	for (size_t t = 0; t < times; t++)
		a->function(a->x, a->y, EXP_COUNT);
}

/* Of exp from 0 to 80, of log from 1 to 2^40. */
static bool race_function(bool is_log)
{
	static float x[EXP_COUNT], y[EXP_COUNT];
	struct cpu cpu;
	struct arrays arrays[EXP_ISAS], libm = {is_log ? log_libm : exp_libm, x, y};
	struct contender list[EXP_ISAS];
	size_t count = 0;
	probe_cpu(&cpu);
	for (int i = 0; i < EXP_COUNT; i++) {
		float part = (float)(i * 37 % EXP_COUNT) / EXP_COUNT;
		x[i] = is_log ? exp2f(40 * part) : 80 * part;
	}
	for (int k = 0; k < EXP_ISAS; k++) {
		if (check_needs(&cpu, exp_isas[k].needs, NULL))
			continue;
		arrays[count] = (struct arrays){is_log ? exp_isas[k].log : exp_isas[k].exp, x, y};
		list[count] = (struct contender){exp_isas[k].name, run_function, &arrays[count]};
		count++;
	}
	const struct tenon_exp_args args = {x, EXP_COUNT, y};
	struct race race = {.kernel = is_log ? "log" : "exp",
			    .shape = "4096",
			    .args = &args,
			    .output = y,
			    .size = sizeof y,
			    .bytes = 8 * EXP_COUNT,
			    .own = list,
			    .own_count = count,
			    .strict = {is_log ? "libm logf" : "libm expf", run_function, &libm}};
	return run_race(&race);
}

/* ---- decay_exponential ------------------------------------------------------------------------------------------- */

/* What one would write. */
static void run_loop(void *context, size_t times)
{
	const struct tenon_decay_exponential_args *a = context;
	for (size_t t = 0; t < times; t++)
		for (size_t i = 0; i < a->n; i++)
			a->out[i] = a->values[i] * expf(-(float)a->ages[i] / a->tau);
}

static bool race_decay(size_t n, bool streams)
{
	float *values = make_floats(n, 1), *out = make_memory(n * sizeof *out);
	uint64_t *ages = make_memory(n * sizeof *ages), state = 2;
	for (size_t i = 0; i < n; i++)
		ages[i] = next_random(&state) >> 9;
	struct tenon_decay_exponential_args args = {values, ages, n, 600000, -INFINITY, out};
	struct streaming limit = {values, ages, out, n};
	char shape[32];
	snprintf(shape, sizeof shape, "%zu", n);
	struct race race = {.kernel = "decay_exponential",
			    .shape = shape,
			    .args = &args,
			    .output = out,
			    .size = n * sizeof *out,
			    .bytes = 16.0 * (double)n,
			    .strict = {"libm loop", run_loop, &args}};
	if (streams)
		race.limit = (struct contender){"streaming", run_streaming, &limit};
	bool good = run_race(&race);
	free(values);
	free(ages);
	free(out);
	return good;
}

/* ---- The other laws ---------------------------------------------------------------------------------------------- */

enum { LAW_COUNT = 10000 };

static void run_power_loop(void *context, size_t times)
{
	const struct tenon_decay_power_law_args *a = context;
	for (size_t t = 0; t < times; t++)
		for (size_t i = 0; i < a->n; i++)
			a->out[i] = a->values[i] * powf(1 + (float)a->ages[i] / a->t0, -a->beta);
}

static void run_component_loop(void *context, size_t times)
{
	const struct tenon_decay_two_component_args *a = context;
	for (size_t t = 0; t < times; t++)
		for (size_t i = 0; i < a->n; i++)
			a->out[i] = a->values[i] * powf(a->base, (float)a->ages[i] / a->stabilities[i]);
}

static bool race_laws(void)
{
	static float stabilities[LAW_COUNT], out[LAW_COUNT];
	static uint64_t ages[LAW_COUNT];
	float *values = make_floats(LAW_COUNT, 1);
	uint64_t state = 2;
	for (size_t i = 0; i < LAW_COUNT; i++) {
		ages[i] = next_random(&state) >> 9;
		stabilities[i] = (float)(next_random(&state) >> 12) + 60;
	}
	struct tenon_decay_power_law_args power = {values, ages, LAW_COUNT, 3600, 0.5f, -INFINITY, out};
	struct tenon_decay_two_component_args component = {values, ages, stabilities, LAW_COUNT, 0.9f, -INFINITY, out};
	struct race race = {.kernel = "decay_power_law",
			    .shape = "10000",
			    .args = &power,
			    .output = out,
			    .size = sizeof out,
			    .bytes = 16.0 * LAW_COUNT,
			    .strict = {"libm loop", run_power_loop, &power}};
	bool good = run_race(&race);
	race = (struct race){.kernel = "decay_two_component",
			     .shape = "10000",
			     .args = &component,
			     .output = out,
			     .size = sizeof out,
			     .bytes = 20.0 * LAW_COUNT,
			     .strict = {"libm loop", run_component_loop, &component}};
	good = run_race(&race) && good;
	free(values);
	return good;
}

bool bench_decay(void)
{
	bool good = race_function(false);
	good = race_function(true) && good;
	good = race_decay(10000, false) && good;
	good = race_decay(10000000, true) && good;
	return race_laws() && good;
}
