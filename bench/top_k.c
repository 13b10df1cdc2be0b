/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Topic: top_k over as many scores as the demo has words, against the load-only limit: in no order, for k from 1 to all
 * of a part of them, and in the worst orders.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/bench.h"

enum { WORDS = 341479, PART = 30000, WORST = 100 };

static bool race_best(const float *scores, size_t n, const char *order, size_t k)
{
	struct results {
		size_t count;
		uint32_t indices[WORDS];
		float values[WORDS];
	} *best = make_memory(sizeof *best);
	struct tenon_top_k_args args = {scores, n, k, best->indices, best->values, &best->count};
	struct reading limit = {scores, n * sizeof *scores};
	char shape[48];
	snprintf(shape, sizeof shape, "%zu of %zu%s", k, n, order);
	struct race race = {.kernel = "top_k",
			    .shape = shape,
			    .args = &args,
			    .output = best,
			    .size = sizeof *best,
			    .bytes = (double)limit.bytes,
			    .limit = {"load-only", run_reading, &limit}};
	bool good = run_race(&race);
	free(best);
	return good;
}

/* Ascending scores: each is the best so far. */
static bool race_worst(void)
{
	float *scores = make_memory(WORDS * sizeof *scores);
	for (size_t i = 0; i < WORDS; i++)
		scores[i] = (float)i;
	bool good = race_best(scores, WORDS, ", ascending", WORST);
	for (size_t i = 0; i < WORDS; i++)
		scores[i] = 1;
	good = race_best(scores, WORDS, ", all equal", WORST) && good;
	for (size_t i = 0; i < WORDS; i++)
		scores[i] = NAN;
	good = race_best(scores, WORDS, ", all NaN", WORST) && good;
	free(scores);
	return good;
}

bool bench_top_k(void)
{
	static const size_t ks[] = {1, 10, 100, 1000, 10000};
	float *scores = make_floats(WORDS, 1);
	bool good = true;
	for (size_t i = 0; i < sizeof ks / sizeof *ks; i++)
		good = race_best(scores, WORDS, "", ks[i]) && good;
	good = race_best(scores, PART, "", PART) && good;
	free(scores);
	return race_worst() && good;
}
