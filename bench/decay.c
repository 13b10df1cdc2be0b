/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Topic: exp over an array in cache against a loop of libm's expf, decay_exponential in cache against the loop that one
 * would write with expf, and in memory against the streaming limit.
 */
#include "bench/bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/cpu.h"
#include "tests/exp/exp.h"

/* ---- exp --------------------------------------------------------------------------------------------------------- */

enum { EXP_COUNT = 4096 };

struct arrays {
	exp_fn *function;
	float *x, *e;
};

static void exp_libm(const float *x, float *e, size_t n)
{
	for (size_t i = 0; i < n; i++)
		e[i] = expf(-x[i]);
}

static void run_exp(void *context, size_t times)
{
	const struct arrays *a = context;
	for (size_t t = 0; t < times; t++)
		a->function(a->x, a->e, EXP_COUNT);
}

static void print_list(const struct contender *list, size_t count, double elements, double bytes)
{
	for (size_t i = 0; i < count; i++) {
		printf("  %-10s %12.4f %8.4f %9.1f %8.2f\n", list[i].name, list[i].median / elements,
		       list[i].deviation / elements, elements * bytes / list[i].median, list[0].median / list[i].median);
	}
}

static void compare_exp(void)
{
	static float x[EXP_COUNT], e[EXP_COUNT];
	struct cpu cpu;
	struct arrays arrays[EXP_ISAS + 1] = {{exp_libm, x, e}};
	struct contender list[EXP_ISAS + 1] = {{"libm expf", run_exp, &arrays[0], 0, 0}};
	size_t count = 1;
	probe_cpu(&cpu);
	for (int i = 0; i < EXP_COUNT; i++)
		x[i] = (float)(i * 37 % EXP_COUNT) * (80.0f / EXP_COUNT);
	for (int k = 0; k < EXP_ISAS; k++) {
		if (check_needs(&cpu, exp_isas[k].needs, NULL))
			continue;
		arrays[count] = (struct arrays){exp_isas[k].function, x, e};
		list[count] = (struct contender){exp_isas[k].name, run_exp, &arrays[count], 0, 0};
		count++;
	}
	time_contenders(list, count, 100e3);
	printf("\nexp(-x) of %d\n  %-10s %12s %8s %9s %8s\n", EXP_COUNT, "", "ns each", "MAD", "GB/s", "x libm");
	print_list(list, count, EXP_COUNT, 8);
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

static bool make_args(struct tenon_decay_exponential_args *a, size_t n, float **expected)
{
	size_t floats = (n * sizeof(float) + 8192) & ~(size_t)63;
	float *values = aligned_alloc(64, floats), *out = aligned_alloc(64, floats);
	uint64_t *ages = aligned_alloc(64, 2 * floats);
	*a = (struct tenon_decay_exponential_args){values, ages, n, 600000, -INFINITY, out};
	*expected = aligned_alloc(64, floats);
	if (!values || !out || !ages || !*expected)
		return false;
	uint32_t seed = 1;
	for (size_t i = 0; i < n; i++) {
		seed = seed * 1664525 + 1013904223;
		values[i] = 0.5f + (float)(seed >> 8) * 0x1p-24f;
		ages[i] = seed >> 9;
	}
	memset(out, 0, floats);
	return true;
}

static void free_args(struct tenon_decay_exponential_args *a, float *expected)
{
	free((void *)a->values);
	free((void *)a->ages);
	free(a->out);
	free(expected);
}

/* A wrong kernel has no speed. */
static bool conforms(const struct backend *backend, const struct tenon_decay_exponential_args *a, const float *expected)
{
	memset(a->out, 0xff, a->n * sizeof *a->out);
	backend->function[KERNEL_decay_exponential](a, NULL);
	if (memcmp(a->out, expected, a->n * sizeof *expected) == 0)
		return true;
	printf("  %-10s differs from scalar: not timed\n", backend->name);
	return false;
}

static void record_list(const struct contender *list, size_t count, size_t n, bool streams)
{
	char shape[32];
	snprintf(shape, sizeof shape, "%zu", n);
	for (size_t i = 0; i < count; i++) {
		double ratio = compare_contenders(i, 0);
		record_figure(&(struct figure){"decay_exponential", shape, &list[i], 16.0 * (double)n / list[i].median,
					       streams ? NAN : ratio, streams ? ratio : NAN});
	}
}

/* The peer comes first: all others are compared with it. */
static bool compare_decay(size_t n, const char *peer, const char *ratio)
{
	struct tenon_decay_exponential_args args;
	float *expected;
	struct call calls[CONTENDERS_MAX];
	size_t count = 1;
	bool good = make_args(&args, n, &expected);
	struct streaming limit = {args.values, args.ages, args.out, n};
	bool streams = strcmp(peer, "streaming") == 0;
	struct contender list[CONTENDERS_MAX + 1] = {
		{peer, streams ? run_streaming : run_loop, streams ? (void *)&limit : (void *)&args, 0, 0}};
	if (good) {
		kernels[KERNEL_decay_exponential].scalar(&args, NULL);
		memcpy(expected, args.out, n * sizeof *expected);
		printf("\ndecay_exponential of %zu\n  %-10s %12s %8s %9s %8s\n", n, "", "ns each", "MAD", "GB/s", ratio);
	}
	for (size_t i = 0; good && i < backend_count; i++) {
		if (!conforms(&backends[i], &args, expected)) {
			good = false;
			break;
		}
		calls[i] = (struct call){backends[i].function[KERNEL_decay_exponential], &args, NULL};
		list[count++] = (struct contender){backends[i].name, run_call, &calls[i], 0, 0};
	}
	if (good) {
		time_contenders(list, count, 100e3);
		print_list(list, count, (double)n, 16);
		record_list(list, count, n, streams);
	}
	free_args(&args, expected);
	return good;
}

bool bench_decay(void)
{
	compare_exp();
	bool good = compare_decay(10000, "libm loop", "x libm");
	return compare_decay(10000000, "streaming", "of limit") && good;
}
