/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Topic: top_k over as many scores as the demo has words, in no order, against the load-only limit.
 */
#include "bench/bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS = 341479, K_MAX = 100 };

struct best {
	uint32_t indices[K_MAX];
	float values[K_MAX];
	size_t count;
};

static struct best best;

/* A wrong kernel has no speed. */
static bool conforms(const struct backend *backend, const struct tenon_top_k_args *args, const struct best *expected)
{
	memset(&best, 0, sizeof best);
	backend->function[KERNEL_top_k](args, NULL);
	if (memcmp(&best, expected, sizeof best) == 0)
		return true;
	printf("  %-10s differs from scalar: not timed\n", backend->name);
	return false;
}

static void report(const struct contender *list, size_t timed, size_t k)
{
	char shape[32];
	snprintf(shape, sizeof shape, "%zu of %d", k, WORDS);
	for (size_t i = 0; i < timed; i++) {
		struct figure f = {"top_k", shape, &list[i], WORDS * sizeof(float) / list[i].median, NAN,
				   compare_contenders(i, 0)};
		printf("  %-10s %12.1f %8.1f %9.1f %10.2f\n", list[i].name, list[i].median, list[i].deviation, f.gb_per_s,
		       f.ratio_limit);
		record_figure(&f);
	}
}

static bool compare(const float *scores, size_t k)
{
	struct tenon_top_k_args args = {scores, WORDS, k, best.indices, best.values, &best.count};
	struct reading limit = {scores, WORDS * sizeof *scores};
	struct call calls[CONTENDERS_MAX];
	struct contender list[CONTENDERS_MAX + 1] = {{"load-only", run_reading, &limit, 0, 0}};
	size_t timed = 1;
	bool good = true;
	memset(&best, 0, sizeof best);
	kernels[KERNEL_top_k].scalar(&args, NULL);
	const struct best expected = best;
	printf("\ntop_k %zu of %d\n  %-10s %12s %8s %9s %10s\n", k, WORDS, "", "ns", "MAD", "GB/s", "of limit");
	for (size_t i = 0; i < backend_count && timed < CONTENDERS_MAX; i++) {
		if (!conforms(&backends[i], &args, &expected)) {
			good = false;
			continue;
		}
		calls[i] = (struct call){backends[i].function[KERNEL_top_k], &args, NULL};
		list[timed++] = (struct contender){backends[i].name, run_call, &calls[i], 0, 0};
	}
	time_contenders(list, timed, 300e3);
	report(list, timed, k);
	return good;
}

bool bench_top_k(void)
{
	float *scores = aligned_alloc(64, (WORDS * sizeof *scores + 4096 + 63) & ~(size_t)63);
	uint64_t state = 1;
	if (!scores)
		return false;
	for (size_t i = 0; i < WORDS; i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		scores[i] = (float)(state >> 40) * 0x1p-24f;
	}
	bool good = compare(scores, 10);
	good = compare(scores, K_MAX) && good;
	free(scores);
	return good;
}
