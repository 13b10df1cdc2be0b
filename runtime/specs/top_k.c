/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Spec of top_k: which calls are legal, and the self-test. No state.
 */
#include <math.h>
#include <stdio.h>

#include "runtime/kernels.h"
#include "runtime/public.h"
#include "runtime/regions.h"
#include "runtime/share.h"
#include "runtime/specs/compare.h"

static __attribute__((cold, noinline)) int explain_top_k(const struct tenon_top_k_args *a, struct why *why)
{
	if (!a)
		return explain(why, TENON_EINVAL, "top_k: args is NULL");
	if (!a->count)
		return explain(why, TENON_EINVAL, "top_k: count is NULL; pass room for the number of results");
	if (a->n > UINT64_C(1) << 32)
		return explain(why, TENON_EINVAL, "top_k: n is %zu, but 32-bit indices reach 2^32; split the scores",
			       a->n);
	if (a->n && !a->scores)
		return explain(why, TENON_EINVAL, "top_k: scores is NULL with n %zu", a->n);
	return explain(why, TENON_EINVAL, "top_k: %s is NULL; pass room for min(k, n) = %zu results",
		       a->indices ? "values" : "indices", a->k < a->n ? a->k : a->n);
}

/* n or k of 0 is no empty call: *count is to be set. */
int check_top_k(const struct tenon_top_k_args *a, struct why *why)
{
	int legal = a && a->count && a->n <= UINT64_C(1) << 32 && (!a->n || a->scores) &&
		    (!a->n || !a->k || (a->indices && a->values));
	return likely(legal) ? 0 : explain_top_k(a, why);
}

/* Every element competes with all others. */
int divide_top_k(const struct tenon_top_k_args *a, size_t part, size_t parts, struct share *share)
{
	(void)parts;
	return divide_not_at_all(&share->args.top_k, a, sizeof *a, part);
}

void regions_top_k(const struct tenon_top_k_args *a, struct regions *r)
{
	size_t room = a->k < a->n ? a->k : a->n;
	add_region(r, REGION_ARG(a, scores), REGION_IN, REGION_F32, a->k ? a->n : 0);
	add_region(r, REGION_ARG(a, indices), REGION_OUT, REGION_U32, room);
	add_region(r, REGION_ARG(a, values), REGION_OUT, REGION_F32, room);
	add_region(r, REGION_ARG(a, count), REGION_OUT, REGION_U64, 1);
}

enum { TEST_SCORES = 203, TEST_K = 40 };

struct results {
	size_t count;
	uint32_t indices[TEST_K];
	float values[TEST_K];
};

static int run_top_k(tenon_kernel_fn *function, const float *scores, size_t n, size_t k, struct results *results)
{
	struct tenon_top_k_args a = {scores, n, k, results->indices, results->values, &results->count};
	return function(&a, NULL);
}

static int compare_results(tenon_kernel_fn *function, const float *scores, size_t n, size_t k, struct why *why)
{
	struct results got, want;
	char shape[48];
	snprintf(shape, sizeof shape, "%zu of %zu", k, n);
	int got_status = run_top_k(function, scores, n, k, &got);
	int want_status = run_top_k(scalar_top_k, scores, n, k, &want);
	int status = compare_status(why, "top_k", shape, got_status, want_status);
	if (!status && got.count != want.count)
		status = explain(why, TENON_EREFUSED, "top_k: self-test %s: count %zu, scalar's is %zu", shape,
				 got.count, want.count);
	if (!status)
		status = compare_integers(why, "top_k", shape, got.indices, want.indices, want.count);
	if (!status)
		status = compare_floats(why, "top_k", shape, got.values, want.values, want.count);
	return status;
}

int test_top_k(tenon_kernel_fn *function, struct why *why)
{
	static const size_t sizes[] = {0, 1, 5, 64, 67, 131, TEST_SCORES};
	static const size_t ks[] = {1, 7, TEST_K};
	float scores[TEST_SCORES];
	make_test_floats(scores, TEST_SCORES, 11);
	/* Ties, both zeros, and a NaN at the front, where it must be pushed out. */
	for (size_t i = 0; i < TEST_SCORES; i += 3)
		scores[i] = floorf(scores[i] * 4) / 4;
	scores[0] = NAN;
	scores[5] = -0.0f;
	scores[TEST_SCORES - 1] = 2;
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		for (size_t j = 0; j < sizeof ks / sizeof *ks; j++) {
			int status = compare_results(function, scores, sizes[i], ks[j], why);
			if (status)
				return status;
		}
	return 0;
}
