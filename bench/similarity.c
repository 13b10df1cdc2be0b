/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Topic: one query against rows of 768, each backend against the load-only limit, against the strict sequential loop
 * (one accumulator, which no compiler may vectorise) and against scalar.
 */
#include "bench/bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIM = 768 };

struct rows {
	float *query, *rows, *scores, *expected;
	size_t count;
};

static void run_strict(void *context, size_t times)
{
	const struct tenon_vector_similarity_args *a = context;
	for (size_t t = 0; t < times; t++)
		for (size_t r = 0; r < a->count; r++) {
			float qq = 0, cc = 0, d = 0;
			for (size_t i = 0; i < a->dim; i++) {
				float q = a->query[i], c = a->rows[r * a->stride + i];
				d += q * c;
				qq += q * q;
				cc += c * c;
			}
			a->scores[r] = d / (sqrtf(qq) * sqrtf(cc));
		}
}

static float *make_floats(size_t count, unsigned seed)
{
	float *floats = aligned_alloc(64, (count * sizeof *floats + 4096 + 63) & ~(size_t)63);
	for (size_t i = 0; floats && i < count; i++) {
		seed = seed * 1664525 + 1013904223;
		floats[i] = (float)(int)seed / 2147483648.0f;
	}
	return floats;
}

/* A wrong kernel has no speed. */
static bool conforms(const struct backend *backend, int kernel, const struct tenon_vector_similarity_args *args,
		     const float *expected)
{
	memset(args->scores, 0xff, args->count * sizeof *args->scores);
	backend->function[kernel](args, NULL);
	if (memcmp(args->scores, expected, args->count * sizeof *expected) == 0)
		return true;
	printf("  %-10s differs from scalar: not timed\n", backend->name);
	return false;
}

static bool compare(int kernel, size_t count)
{
	struct tenon_vector_similarity_args args = {make_floats(DIM, 1), make_floats(count * DIM, 2), count, DIM, DIM,
						    make_floats(count, 3)};
	float *expected = make_floats(count, 4);
	struct reading limit = {args.rows, count * DIM * sizeof(float)};
	struct call calls[CONTENDERS_MAX];
	struct contender list[CONTENDERS_MAX + 2] = {{"load-only", run_reading, &limit, 0, 0},
						     {"strict", run_strict, &args, 0, 0}};
	size_t timed = 2;
	bool good = true;
	memcpy(expected, args.scores, count * sizeof *expected);
	kernels[kernel].scalar(&args, NULL);
	memcpy(expected, args.scores, count * sizeof *expected);
	printf("\n%s 1 x %zu x %d\n  %-10s %12s %8s %9s %10s %10s\n", kernels[kernel].name, count, DIM, "", "ns", "MAD", "GB/s",
	       "of limit", "x strict");
	for (size_t i = 0; i < backend_count && timed < CONTENDERS_MAX; i++) {
		if (!conforms(&backends[i], kernel, &args, expected)) {
			good = false;
			continue;
		}
		calls[i] = (struct call){backends[i].function[kernel], &args, NULL};
		list[timed++] = (struct contender){backends[i].name, run_call, &calls[i], 0, 0};
	}
	time_contenders(list, timed, 300e3);
	char shape[48];
	snprintf(shape, sizeof shape, "1 x %zu x %d", count, DIM);
	for (size_t i = 0; i < timed; i++) {
		struct figure f = {kernels[kernel].name, shape, &list[i], (double)limit.bytes / list[i].median,
				   compare_contenders(i, 1), compare_contenders(i, 0)};
		printf("  %-10s %12.1f %8.1f %9.1f %10.2f %10.2f\n", list[i].name, list[i].median, list[i].deviation,
		       f.gb_per_s, f.ratio_limit, f.ratio_scalar);
		record_figure(&f);
	}
	free((void *)args.query);
	free((void *)args.rows);
	free(args.scores);
	free(expected);
	return good;
}

bool bench_similarity(void)
{
	bool good = compare(KERNEL_vector_similarity, 1000);
	good = compare(KERNEL_vector_similarity, 1) && good;
	good = compare(KERNEL_vector_similarity, 100000) && good;
	return compare(KERNEL_inner_product, 1000) && good;
}
