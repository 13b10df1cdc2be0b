/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Specs of binding_decay and fan_effect, which change their floats in place: which calls are legal, shares of a call,
 * and the self-tests. No state.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "runtime/kernels.h"
#include "runtime/public.h"
#include "runtime/regions.h"
#include "runtime/share.h"
#include "runtime/specs/compare.h"

/* ---- binding_decay ----------------------------------------------------------------------------------------------- */

static int is_amount(float x)
{
	return x >= 0 && isfinite(x);
}

static __attribute__((cold, noinline)) int explain_binding(const struct tenon_binding_decay_args *a, struct why *why)
{
	if (!a->strengths)
		return explain(why, TENON_EINVAL,
			       "binding_decay: strengths is NULL with n %zu; pass n elements, or n 0", a->n);
	if (!is_amount(a->rate) || !is_amount(a->dt))
		return explain(why, TENON_EINVAL, "binding_decay: rate %g and dt %g; pass finite ones of at least 0",
			       (double)a->rate, (double)a->dt);
	if (a->form > TENON_FORGETTING_EXPONENTIAL)
		return explain(why, TENON_EINVAL, "binding_decay: form is %u; pass one of enum tenon_forgetting",
			       a->form);
	return explain(why, TENON_EINVAL, "binding_decay: %zu strengths exceed the address space", a->n);
}

int check_binding_decay(const struct tenon_binding_decay_args *a, struct why *why)
{
	if (!a)
		return explain(why, TENON_EINVAL, "binding_decay: args is NULL");
	if (a->n == 0)
		return CALL_IS_EMPTY;
	int good = a->strengths && is_amount(a->rate) && is_amount(a->dt) && a->form <= TENON_FORGETTING_EXPONENTIAL &&
		   a->n <= PTRDIFF_MAX / sizeof *a->strengths;
	return unlikely(!good) ? explain_binding(a, why) : 0;
}

int divide_binding_decay(const struct tenon_binding_decay_args *a, size_t part, size_t parts, struct share *share)
{
	struct range range = divide_range(a->n, SHARE_GRAIN, part, parts);
	struct tenon_binding_decay_args *own = &share->args.binding_decay;
	*own = *a;
	own->n = range.end - range.begin;
	own->strengths += range.begin;
	return share_status(range, a->n);
}

/* ---- fan_effect -------------------------------------------------------------------------------------------------- */

static int weighs_legally(const struct tenon_fan_effect_args *a)
{
	return a->form != TENON_FAN_ACT_R || (isfinite(a->weight) && isfinite(a->strength));
}

static __attribute__((cold, noinline)) int explain_fan(const struct tenon_fan_effect_args *a, struct why *why)
{
	const char *null = !a->activations ? "activations" : !a->fans ? "fans" : NULL;
	if (null)
		return explain(why, TENON_EINVAL, "fan_effect: %s is NULL with n %zu; pass n elements, or n 0", null,
			       a->n);
	if (a->form > TENON_FAN_ACT_R)
		return explain(why, TENON_EINVAL, "fan_effect: form is %u; pass one of enum tenon_fan", a->form);
	if (!weighs_legally(a))
		return explain(why, TENON_EINVAL, "fan_effect: weight %g and strength %g; pass finite ones",
			       (double)a->weight, (double)a->strength);
	return explain(why, TENON_EINVAL, "fan_effect: %zu activations exceed the address space", a->n);
}

int check_fan_effect(const struct tenon_fan_effect_args *a, struct why *why)
{
	if (!a)
		return explain(why, TENON_EINVAL, "fan_effect: args is NULL");
	if (a->n == 0)
		return CALL_IS_EMPTY;
	int good = a->activations && a->fans && a->form <= TENON_FAN_ACT_R && weighs_legally(a) &&
		   a->n <= PTRDIFF_MAX / sizeof *a->activations;
	return unlikely(!good) ? explain_fan(a, why) : 0;
}

int divide_fan_effect(const struct tenon_fan_effect_args *a, size_t part, size_t parts, struct share *share)
{
	struct range range = divide_range(a->n, SHARE_GRAIN, part, parts);
	struct tenon_fan_effect_args *own = &share->args.fan_effect;
	*own = *a;
	own->n = range.end - range.begin;
	own->activations += range.begin;
	own->fans += range.begin;
	return share_status(range, a->n);
}

/* ---- Memory ------------------------------------------------------------------------------------------------------ */

void regions_binding_decay(const struct tenon_binding_decay_args *a, struct regions *r)
{
	add_region(r, REGION_ARG(a, strengths), REGION_INOUT, REGION_F32, a->n);
}

void regions_fan_effect(const struct tenon_fan_effect_args *a, struct regions *r)
{
	add_region(r, REGION_ARG(a, activations), REGION_INOUT, REGION_F32, a->n);
	add_region(r, REGION_ARG(a, fans), REGION_IN, REGION_U32, a->n);
}

/* ---- Self-tests -------------------------------------------------------------------------------------------------- */

enum { TEST_SIZE = 261 };
static const size_t test_sizes[] = {1, 6, 19, 64, 131, TEST_SIZE};
enum { TEST_SIZES = sizeof test_sizes / sizeof *test_sizes };

/* Values on both sides of [0, 1], and all that is special. */
static void make_values(float values[TEST_SIZE])
{
	static const float edges[] = {0.0f, -0.0f, 0x1p-130f, 0x1p-149f, 0x1.fffffep127f, -INFINITY, INFINITY, 1.0f};
	make_test_floats(values, TEST_SIZE, 21);
	for (int i = 0; i < TEST_SIZE; i++)
		values[i] = i % 5 ? values[i] + 0.5f : edges[i / 5 % 8];
	values[TEST_SIZE - 3] = NAN;
}

int test_binding_decay(tenon_kernel_fn *function, struct why *why)
{
	static const float rates[] = {0.25f, 0.0f, 3.0f, 0x1p100f};
	float values[TEST_SIZE], got[TEST_SIZE], want[TEST_SIZE];
	char text[64];
	make_values(values);
	int status = 0;
	for (int k = 0; !status && k < 2 * TEST_SIZES; k++) {
		size_t n = test_sizes[k / 2], bytes = n * sizeof *values;
		struct tenon_binding_decay_args a = {memcpy(got, values + TEST_SIZE - n, bytes), n, rates[k / 2 % 4],
						     k / 2 % 4 == 3 ? 0x1p100f : 1.0f, (uint32_t)k % 2};
		int got_status = function(&a, NULL);
		a.strengths = memcpy(want, values + TEST_SIZE - n, bytes);
		int want_status = scalar_binding_decay(&a, NULL);
		snprintf(text, sizeof text, "%zu, rate %g, form %u", n, (double)a.rate, a.form);
		status = compare_status(why, "binding_decay", text, got_status, want_status);
		if (!status)
			status = compare_floats(why, "binding_decay", text, got, want, n);
	}
	return status;
}

/* All fans below limit, but for what careless conversions round wrong. */
static void make_fans(uint32_t fans[TEST_SIZE], uint32_t limit)
{
	static const uint32_t edges[] = {0x1000001,  0x1000003,  0x7fffffff, 0x80000000,
					 0x80000080, 0xffffff7f, 0xffffffff, 0};
	uint32_t x = 1;
	for (int i = 0; i < TEST_SIZE; i++) {
		x = x * 1664525 + 1013904223;
		fans[i] = (x >> 8) % limit;
		if (limit > 64 && i % 3 == 0)
			fans[i] = edges[i / 3 % 8];
	}
}

static int test_fans(tenon_kernel_fn *function, const float *values, const uint32_t *fans, uint32_t form,
		     struct why *why)
{
	float got[TEST_SIZE], want[TEST_SIZE];
	char text[48];
	int status = 0;
	for (int k = 0; !status && k < TEST_SIZES; k++) {
		size_t n = test_sizes[k], begin = TEST_SIZE - n, bytes = n * sizeof *values;
		struct tenon_fan_effect_args a = {
			memcpy(got, values + begin, bytes), fans + begin, n, form, 0.7f, 2.5f};
		int got_status = function(&a, NULL);
		a.activations = memcpy(want, values + begin, bytes);
		int want_status = scalar_fan_effect(&a, NULL);
		snprintf(text, sizeof text, "%zu, form %u", n, form);
		status = compare_status(why, "fan_effect", text, got_status, want_status);
		if (!status)
			status = compare_floats(why, "fan_effect", text, got, want, n);
	}
	return status;
}

int test_fan_effect(tenon_kernel_fn *function, struct why *why)
{
	static const uint32_t limits[] = {16, 32, 1 << 20};
	float values[TEST_SIZE];
	uint32_t fans[TEST_SIZE];
	make_values(values);
	int status = 0;
	for (int l = 0; !status && l < 3; l++) {
		make_fans(fans, limits[l]);
		for (uint32_t form = TENON_FAN_ONE; !status && form <= TENON_FAN_ACT_R; form++)
			status = test_fans(function, values, fans, form, why);
	}
	return status;
}
