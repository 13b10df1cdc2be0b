/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Topic: queries against 16 centroids of 768, packed once, and all pairs of rows of 768. The limit is a loop of
 * multiplications and additions in registers. The plain loop sees few rows only: with 1000 it would take nearly all of
 * the time, and its pairs cost the same however many there are.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <tenon/tenon.h>

#include "bench/bench.h"

enum { DIM = 768, CENTROIDS = 16, LOOP_MAX = 100 };

static float sum_cosine(const float *a, const float *b)
{
	float d = 0, aa = 0, bb = 0;
	for (size_t k = 0; k < DIM; k++) {
		d += a[k] * b[k];
		aa += a[k] * a[k];
		bb += b[k] * b[k];
	}
	return d / (sqrtf(aa) * sqrtf(bb));
}

static void run_matrix_loop(void *context, size_t times)
{
	const struct tenon_similarity_matrix_args *a = context;
	for (size_t t = 0; t < times; t++)
		for (size_t i = 0; i < a->m; i++)
			for (size_t j = 0; j < a->n; j++)
				a->scores[i * a->n + j] = sum_cosine(a->queries + i * DIM, a->centroids + j * DIM);
}

static void run_pairs_loop(void *context, size_t times)
{
	const struct tenon_pairwise_similarity_args *a = context;
	for (size_t t = 0; t < times; t++) {
		float *next = a->scores;
		for (size_t i = 0; i < a->n; i++)
			for (size_t j = i + 1; j < a->n; j++)
				*next++ = sum_cosine(a->rows + i * DIM, a->rows + j * DIM);
	}
}

static bool race_matrix(size_t m)
{
	float *queries = make_floats(m * DIM, 1), *centroids = make_floats(CENTROIDS * DIM, 2);
	float *scores = make_floats(m * CENTROIDS, 3);
	struct tenon_packed *packed;
	if (tenon_packed_create(centroids, CENTROIDS, DIM, DIM, &packed)) {
		fprintf(stderr, "tenon bench: %s\n", tenon_error_detail());
		return false;
	}
	struct tenon_similarity_matrix_args args = {queries, m, DIM, centroids, CENTROIDS, DIM, packed, DIM, scores};
	struct computing limit = {m * CENTROIDS * DIM};
	char shape[48];
	snprintf(shape, sizeof shape, "%zu x %d x %d", m, CENTROIDS, DIM);
	struct race race = {
		.kernel = "similarity_matrix",
		.shape = shape,
		.args = &args,
		.output = scores,
		.size = m * CENTROIDS * sizeof *scores,
		.limit = {"multiply-add", run_computing, &limit},
		.strict = {"plain loop", m <= LOOP_MAX ? run_matrix_loop : NULL, &args},
	};
	bool good = run_race(&race);
	tenon_packed_destroy(packed);
	free(queries);
	free(centroids);
	free(scores);
	return good;
}

static bool race_pairs(size_t n)
{
	size_t pairs = n * (n - 1) / 2;
	float *rows = make_floats(n * DIM, 1), *scores = make_floats(pairs, 2);
	struct tenon_pairwise_similarity_args args = {rows, n, DIM, DIM, NULL, 0, n, scores};
	struct computing limit = {pairs * DIM};
	void *scratch = make_memory(TENON_PANEL_SCRATCH(n, DIM));
	char shape[48];
	snprintf(shape, sizeof shape, "%zu x %d", n, DIM);
	struct race race = {
		.kernel = "pairwise_similarity",
		.shape = shape,
		.args = &args,
		.scratch = scratch,
		.output = scores,
		.size = pairs * sizeof *scores,
		.limit = {"multiply-add", run_computing, &limit},
		.strict = {"plain loop", n <= LOOP_MAX ? run_pairs_loop : NULL, &args},
	};
	bool good = run_race(&race);
	free(rows);
	free(scores);
	free(scratch);
	return good;
}

bool bench_matrix(void)
{
	bool good = race_matrix(8);
	good = race_matrix(64) && good;
	good = race_matrix(1000) && good;
	good = race_pairs(100) && good;
	return race_pairs(1000) && good;
}
