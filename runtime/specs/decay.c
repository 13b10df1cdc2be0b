/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Specs of the decay family: which calls are legal, and the self-tests. No state.
 */
#include <math.h>
#include <stdio.h>

#include "runtime/kernels.h"
#include "runtime/public.h"
#include "runtime/share.h"
#include "runtime/specs/compare.h"

/* The words for a call that check_decay_exponential found illegal. */
static __attribute__((cold, noinline)) int explain_decay(const struct tenon_decay_exponential_args *a, struct why *why)
{
	const char *null = !a->values ? "values" : !a->ages ? "ages" : !a->out ? "out" : NULL;
	if (null)
		return explain(why, TENON_EINVAL, "decay_exponential: %s is NULL with n %zu; pass n elements, or n 0", null,
			a->n);
	if (!(a->tau > 0))
		return explain(why, TENON_EINVAL, "decay_exponential: tau is %g; pass seconds above 0", (double)a->tau);
	if (isnan(a->floor))
		return explain(why, TENON_EINVAL, "decay_exponential: floor is a NaN; pass -INFINITY for no floor");
	return explain(why, TENON_EINVAL, "decay_exponential: %zu ages exceed the address space", a->n);
}

int check_decay_exponential(const struct tenon_decay_exponential_args *a, struct why *why)
{
	if (!a)
		return explain(why, TENON_EINVAL, "decay_exponential: args is NULL");
	if (a->n == 0)
		return CALL_IS_EMPTY;
	int good = a->values && a->ages && a->out && a->tau > 0 && !isnan(a->floor) &&
		   a->n <= PTRDIFF_MAX / sizeof *a->ages;
	return unlikely(!good) ? explain_decay(a, why) : 0;
}

int divide_decay_exponential(const struct tenon_decay_exponential_args *a, size_t part, size_t parts, struct share *share)
{
	struct range range = divide_range(a->n, SHARE_GRAIN, part, parts);
	struct tenon_decay_exponential_args *own = &share->args.decay_exponential;
	*own = *a;
	own->n = range.end - range.begin;
	own->values += range.begin;
	own->ages += range.begin;
	own->out += range.begin;
	return share_status(range, a->n);
}

/* ---- Self-test --------------------------------------------------------------------------------------------------- */

enum { TEST_SIZE = 131 };

/* Ages where careless conversions round wrong or twice, and where exp ends; in between, whatever comes. */
static void make_ages(uint64_t ages[TEST_SIZE])
{
	static const uint64_t edges[] = {
		0, 1, 0xffffff, 0x1000001, 0x1000003, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000001, 0x1fffffffffffff,
		0x20000000000001, 0x20000020000001, 0x80000080000000ff, 0x8000008000000001, 0xffffff7fffffffff, UINT64_MAX,
	};
	enum { EDGES = sizeof edges / sizeof *edges };
	uint64_t x = 1;
	for (int i = 0; i < TEST_SIZE; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		ages[i] = i % 3 ? x >> 40 : edges[i / 3 % EDGES];
	}
}

static void make_values(float values[TEST_SIZE])
{
	static const float edges[] = {0.0f, -0.0f, 0x1p-130f, -0x1p-126f, 0x1p-140f, 0x1p100f, 0x1.fffffep127f, -1.0f};
	make_test_floats(values, TEST_SIZE, 11);
	for (int i = 0; i < TEST_SIZE; i += 5)
		values[i] = edges[i / 5 % 8];
	values[TEST_SIZE - 2] = NAN;
}

/* tau for which the ages end near the middle of exp, near its end, and far behind it. */
static const struct {
	float tau, floor;
} test_parameters[] = {
	{0x1p24f, -INFINITY}, {200000.0f, 0.25f}, {0x1p62f, 0.0f}, {0x1p-20f, -INFINITY}, {INFINITY, 1.0f},
};

int test_decay_exponential(tenon_kernel_fn *function, struct why *why)
{
	static const size_t sizes[] = {1, 2, 7, 19, 63, 131, 0};
	float values[TEST_SIZE], got[TEST_SIZE], want[TEST_SIZE];
	uint64_t ages[TEST_SIZE];
	make_values(values);
	make_ages(ages);
	int status = 0;
	for (size_t k = 0; !status && sizes[k]; k++) {
		/* The last elements, so that the alignment varies and the NaN is among them. */
		size_t begin = TEST_SIZE - sizes[k], p = k % (sizeof test_parameters / sizeof *test_parameters);
		struct tenon_decay_exponential_args a = {values + begin, ages + begin, sizes[k], test_parameters[p].tau,
			test_parameters[p].floor, got};
		int got_status = function(&a, NULL);
		a.out = want;
		int want_status = scalar_decay_exponential(&a, NULL);
		char text[48];
		snprintf(text, sizeof text, "%zu, tau %g", sizes[k], (double)a.tau);
		status = compare_status(why, "decay_exponential", text, got_status, want_status);
		if (!status)
			status = compare_floats(why, "decay_exponential", text, got, want, sizes[k]);
	}
	return status;
}
