/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Topic: top_k over as many scores as the demo has words, in no order, against the load-only limit.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bench/bench.h"

enum { WORDS = 341479, K_MAX = 100 };

static bool race_best(const float *scores, size_t k)
{
	static struct {
		uint32_t indices[K_MAX];
		float values[K_MAX];
		size_t count;
	} best;
	struct tenon_top_k_args args = {scores, WORDS, k, best.indices, best.values, &best.count};
	struct reading limit = {scores, WORDS * sizeof *scores};
	char shape[32];
	snprintf(shape, sizeof shape, "%zu of %d", k, WORDS);
	struct race race = {.kernel = "top_k", .shape = shape, .args = &args, .output = &best, .size = sizeof best,
			    .bytes = (double)limit.bytes, .limit = {"load-only", run_reading, &limit}};
	return run_race(&race);
}

bool bench_top_k(void)
{
	float *scores = make_floats(WORDS, 1);
	bool good = race_best(scores, 10);
	good = race_best(scores, K_MAX) && good;
	free(scores);
	return good;
}
