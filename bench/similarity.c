/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Topic: one query against rows of 768, against the load-only limit and the plain sequential loop, which no compiler may
 * vectorise.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/bench.h"

enum { DIM = 768 };

static void run_cosine_loop(void *context, size_t times)
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

static void run_product_loop(void *context, size_t times)
{
	const struct tenon_inner_product_args *a = context;
	for (size_t t = 0; t < times; t++)
		for (size_t r = 0; r < a->count; r++) {
			float d = 0;
			for (size_t i = 0; i < a->dim; i++)
				d += a->query[i] * a->rows[r * a->stride + i];
			a->scores[r] = d;
		}
}

static void run_distance_loop(void *context, size_t times)
{
	const struct tenon_squared_distance_args *a = context;
	for (size_t t = 0; t < times; t++)
		for (size_t r = 0; r < a->count; r++) {
			float sum = 0;
			for (size_t i = 0; i < a->dim; i++) {
				float x = a->query[i] - a->rows[r * a->stride + i];
				sum += x * x;
			}
			a->scores[r] = sum;
		}
}

/* The arguments of all kernels of this shape are alike. */
static bool race_rows(const char *kernel, size_t count, void (*loop)(void *context, size_t times))
{
	float *query = make_floats(DIM, 1), *rows = make_floats(count * DIM, 2), *scores = make_floats(count, 3);
	struct tenon_vector_similarity_args args = {query, rows, count, DIM, DIM, scores};
	struct reading limit = {rows, count * DIM * sizeof *rows};
	char shape[48];
	snprintf(shape, sizeof shape, "1 x %zu x %d", count, DIM);
	struct race race = {
		.kernel = kernel,
		.shape = shape,
		.args = &args,
		.output = scores,
		.size = count * sizeof *scores,
		.bytes = (double)limit.bytes,
		.limit = {"load-only", run_reading, &limit},
		.strict = {"plain loop", loop, &args},
	};
	bool good = run_race(&race);
	free(query);
	free(rows);
	free(scores);
	return good;
}

bool bench_similarity(void)
{
	bool good = race_rows("vector_similarity", 1000, run_cosine_loop);
	good = race_rows("vector_similarity", 1, run_cosine_loop) && good;
	good = race_rows("vector_similarity", 100000, run_cosine_loop) && good;
	good = race_rows("inner_product", 1000, run_product_loop) && good;
	return race_rows("squared_distance", 1000, run_distance_loop) && good;
}
