/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Specs of the decay family: which calls are legal, shares of a call, and the self-tests. No state.
 */
#include <math.h>
#include <stdio.h>

#include "runtime/kernels.h"
#include "runtime/public.h"
#include "runtime/regions.h"
#include "runtime/share.h"
#include "runtime/specs/compare.h"

/* ---- What all laws take ------------------------------------------------------------------------------------------ */

static int fading_is_legal(const float *values, const uint64_t *ages, size_t n, float floor, const float *out)
{
	return values && ages && out && !isnan(floor) && n <= PTRDIFF_MAX / sizeof *ages;
}

/* The words for a call in which nothing but that is illegal. */
static int explain_fading(const char *kernel, const float *values, const uint64_t *ages, size_t n, float floor,
			  const float *out, struct why *why)
{
	const char *null = !values ? "values" : !ages ? "ages" : !out ? "out" : NULL;
	if (null)
		return explain(why, TENON_EINVAL, "%s: %s is NULL with n %zu; pass n elements, or n 0", kernel, null,
			       n);
	if (isnan(floor))
		return explain(why, TENON_EINVAL, "%s: floor is a NaN; pass -INFINITY for no floor", kernel);
	return explain(why, TENON_EINVAL, "%s: %zu ages exceed the address space", kernel, n);
}

/* ---- decay_exponential ------------------------------------------------------------------------------------------- */

static __attribute__((cold, noinline)) int explain_exponential(const struct tenon_decay_exponential_args *a,
							       struct why *why)
{
	if (a->values && a->ages && a->out && !(a->tau > 0))
		return explain(why, TENON_EINVAL, "decay_exponential: tau is %g; pass seconds above 0", (double)a->tau);
	return explain_fading("decay_exponential", a->values, a->ages, a->n, a->floor, a->out, why);
}

int check_decay_exponential(const struct tenon_decay_exponential_args *a, struct why *why)
{
	if (!a)
		return explain(why, TENON_EINVAL, "decay_exponential: args is NULL");
	if (a->n == 0)
		return CALL_IS_EMPTY;
	int good = fading_is_legal(a->values, a->ages, a->n, a->floor, a->out) && a->tau > 0;
	return unlikely(!good) ? explain_exponential(a, why) : 0;
}

int divide_decay_exponential(const struct tenon_decay_exponential_args *a, size_t part, size_t parts,
			     struct share *share)
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

/* ---- decay_power_law --------------------------------------------------------------------------------------------- */

static __attribute__((cold, noinline)) int explain_power_law(const struct tenon_decay_power_law_args *a,
							     struct why *why)
{
	if (a->values && a->ages && a->out && !(a->t0 > 0))
		return explain(why, TENON_EINVAL, "decay_power_law: t0 is %g; pass seconds above 0", (double)a->t0);
	if (a->values && a->ages && a->out && !(a->beta >= 0 && isfinite(a->beta)))
		return explain(why, TENON_EINVAL, "decay_power_law: beta is %g; pass a finite exponent of at least 0",
			       (double)a->beta);
	return explain_fading("decay_power_law", a->values, a->ages, a->n, a->floor, a->out, why);
}

int check_decay_power_law(const struct tenon_decay_power_law_args *a, struct why *why)
{
	if (!a)
		return explain(why, TENON_EINVAL, "decay_power_law: args is NULL");
	if (a->n == 0)
		return CALL_IS_EMPTY;
	int good = fading_is_legal(a->values, a->ages, a->n, a->floor, a->out) && a->t0 > 0 && a->beta >= 0 &&
		   isfinite(a->beta);
	return unlikely(!good) ? explain_power_law(a, why) : 0;
}

int divide_decay_power_law(const struct tenon_decay_power_law_args *a, size_t part, size_t parts, struct share *share)
{
	struct range range = divide_range(a->n, SHARE_GRAIN, part, parts);
	struct tenon_decay_power_law_args *own = &share->args.decay_power_law;
	*own = *a;
	own->n = range.end - range.begin;
	own->values += range.begin;
	own->ages += range.begin;
	own->out += range.begin;
	return share_status(range, a->n);
}

/* ---- decay_two_component ----------------------------------------------------------------------------------------- */

static __attribute__((cold, noinline)) int explain_two_component(const struct tenon_decay_two_component_args *a,
								 struct why *why)
{
	if (!a->stabilities)
		return explain(why, TENON_EINVAL,
			       "decay_two_component: stabilities is NULL with n %zu; pass one an item", a->n);
	if (a->values && a->ages && a->out && !(a->base > 0 && a->base <= 1))
		return explain(why, TENON_EINVAL,
			       "decay_two_component: base is %g; pass what one stability leaves, above 0, "
			       "at most 1",
			       (double)a->base);
	return explain_fading("decay_two_component", a->values, a->ages, a->n, a->floor, a->out, why);
}

int check_decay_two_component(const struct tenon_decay_two_component_args *a, struct why *why)
{
	if (!a)
		return explain(why, TENON_EINVAL, "decay_two_component: args is NULL");
	if (a->n == 0)
		return CALL_IS_EMPTY;
	int good = fading_is_legal(a->values, a->ages, a->n, a->floor, a->out) && a->stabilities && a->base > 0 &&
		   a->base <= 1;
	return unlikely(!good) ? explain_two_component(a, why) : 0;
}

int divide_decay_two_component(const struct tenon_decay_two_component_args *a, size_t part, size_t parts,
			       struct share *share)
{
	struct range range = divide_range(a->n, SHARE_GRAIN, part, parts);
	struct tenon_decay_two_component_args *own = &share->args.decay_two_component;
	*own = *a;
	own->n = range.end - range.begin;
	own->values += range.begin;
	own->ages += range.begin;
	own->stabilities += range.begin;
	own->out += range.begin;
	return share_status(range, a->n);
}

/* ---- Memory ------------------------------------------------------------------------------------------------------ */

void regions_decay_exponential(const struct tenon_decay_exponential_args *a, struct regions *r)
{
	add_region(r, REGION_ARG(a, values), REGION_IN, REGION_F32, a->n);
	add_region(r, REGION_ARG(a, ages), REGION_IN, REGION_U64, a->n);
	add_region(r, REGION_ARG(a, out), REGION_OUT, REGION_F32, a->n);
}

void regions_decay_power_law(const struct tenon_decay_power_law_args *a, struct regions *r)
{
	add_region(r, REGION_ARG(a, values), REGION_IN, REGION_F32, a->n);
	add_region(r, REGION_ARG(a, ages), REGION_IN, REGION_U64, a->n);
	add_region(r, REGION_ARG(a, out), REGION_OUT, REGION_F32, a->n);
}

void regions_decay_two_component(const struct tenon_decay_two_component_args *a, struct regions *r)
{
	add_region(r, REGION_ARG(a, values), REGION_IN, REGION_F32, a->n);
	add_region(r, REGION_ARG(a, ages), REGION_IN, REGION_U64, a->n);
	add_region(r, REGION_ARG(a, stabilities), REGION_IN, REGION_F32, a->n);
	add_region(r, REGION_ARG(a, out), REGION_OUT, REGION_F32, a->n);
}

/* ---- Self-tests -------------------------------------------------------------------------------------------------- */

enum { TEST_SIZE = 131 };

/* Ages where careless conversions round wrong or twice, and where exp ends; in between, whatever comes. */
static void make_ages(uint64_t ages[TEST_SIZE])
{
	static const uint64_t edges[] = {
		0,
		1,
		0xffffff,
		0x1000001,
		0x1000003,
		0x7fffffff,
		0x80000000,
		0xffffffff,
		0x100000001,
		0x1fffffffffffff,
		0x20000000000001,
		0x20000020000001,
		0x80000080000000ff,
		0x8000008000000001,
		0xffffff7fffffffff,
		UINT64_MAX,
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

struct test_data {
	float values[TEST_SIZE], stabilities[TEST_SIZE];
	uint64_t ages[TEST_SIZE];
};

static void make_test_data(struct test_data *data)
{
	static const float edges[] = {0.0f, -1.0f, 0x1p-140f, 0x1p62f, INFINITY, NAN};
	make_values(data->values);
	make_ages(data->ages);
	make_test_floats(data->stabilities, TEST_SIZE, 12);
	for (int i = 0; i < TEST_SIZE; i++)
		data->stabilities[i] = i % 7 ? (2 + data->stabilities[i]) * 0x1p23f : edges[i / 7 % 6];
}

/* Calls function by one law with its p-th parameters on the elements from begin on; text is to say which. */
enum { TEST_PARAMETERS = 5, TEST_TEXT = 64 };
typedef int run_law(tenon_kernel_fn *function, const struct test_data *data, size_t begin, int p, float *out,
		    char *text);

static int test_law(const char *kernel, run_law *run, tenon_kernel_fn *function, tenon_kernel_fn *scalar,
		    struct why *why)
{
	static const size_t sizes[] = {1, 2, 7, 19, 63, TEST_SIZE};
	float got[TEST_SIZE], want[TEST_SIZE];
	struct test_data data;
	char text[TEST_TEXT];
	make_test_data(&data);
	int status = 0;
	for (size_t k = 0; !status && k < sizeof sizes / sizeof *sizes; k++) {
		/* The last elements, so that the alignment varies and the NaN is among them. */
		size_t begin = TEST_SIZE - sizes[k];
		int p = (int)k % TEST_PARAMETERS;
		int got_status = run(function, &data, begin, p, got, text);
		int want_status = run(scalar, &data, begin, p, want, text);
		status = compare_status(why, kernel, text, got_status, want_status);
		if (!status)
			status = compare_floats(why, kernel, text, got, want, sizes[k]);
	}
	return status;
}

/* tau for which the ages end near the middle of exp, near its end, and far behind it. */
static int run_exponential(tenon_kernel_fn *function, const struct test_data *data, size_t begin, int p, float *out,
			   char *text)
{
	static const float taus[] = {0x1p24f, 200000.0f, 0x1p62f, 0x1p-20f, INFINITY};
	static const float floors[] = {-INFINITY, 0.25f, 0.0f, -INFINITY, 1.0f};
	struct tenon_decay_exponential_args a = {
		data->values + begin, data->ages + begin, TEST_SIZE - begin, taus[p], floors[p], out};
	snprintf(text, TEST_TEXT, "%zu, tau %g", a.n, (double)a.tau);
	return function(&a, NULL);
}

static int run_power_law(tenon_kernel_fn *function, const struct test_data *data, size_t begin, int p, float *out,
			 char *text)
{
	static const float t0s[] = {86400.0f, 1.0f, 0x1p-140f, 0x1p62f, 60.0f},
			   betas[] = {0.5f, 7.0f, 0.0f, 0x1p70f, 1.0f};
	static const float floors[] = {-INFINITY, -INFINITY, 0.25f, 0.0f, 0.5f};
	struct tenon_decay_power_law_args a = {
		data->values + begin, data->ages + begin, TEST_SIZE - begin, t0s[p], betas[p], floors[p], out};
	snprintf(text, TEST_TEXT, "%zu, t0 %g, beta %g", a.n, (double)a.t0, (double)a.beta);
	return function(&a, NULL);
}

static int run_two_component(tenon_kernel_fn *function, const struct test_data *data, size_t begin, int p, float *out,
			     char *text)
{
	static const float bases[] = {0.9f, 0x1p-140f, 1.0f, 0.5f, 0x1.fffffep-1f};
	static const float floors[] = {-INFINITY, -INFINITY, 0.25f, 0.0f, 0.5f};
	struct tenon_decay_two_component_args a = {data->values + begin,
						   data->ages + begin,
						   data->stabilities + begin,
						   TEST_SIZE - begin,
						   bases[p],
						   floors[p],
						   out};
	snprintf(text, TEST_TEXT, "%zu, base %g", a.n, (double)a.base);
	return function(&a, NULL);
}

int test_decay_exponential(tenon_kernel_fn *function, struct why *why)
{
	return test_law("decay_exponential", run_exponential, function, scalar_decay_exponential, why);
}

int test_decay_power_law(tenon_kernel_fn *function, struct why *why)
{
	return test_law("decay_power_law", run_power_law, function, scalar_decay_power_law, why);
}

int test_decay_two_component(tenon_kernel_fn *function, struct why *why)
{
	return test_law("decay_two_component", run_two_component, function, scalar_decay_two_component, why);
}
