/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * decay_power_law and decay_two_component against powl() in long double and the bounds of docs/NUMERICS.md, their edges
 * (age 0, no decay, overflow, impossible stabilities), what they refuse, and the self-tests' verdict on wrong bodies.
 */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <tenon/tenon.h>

#include "runtime/kernels.h"

#define U 0x1p-24L

static uint32_t bits_of(float x)
{
	uint32_t bits;
	memcpy(&bits, &x, sizeof bits);
	return bits;
}

static float power_one(float value, uint64_t age, float t0, float beta)
{
	float out = 1234;
	struct tenon_decay_power_law_args a = {&value, &age, 1, t0, beta, -INFINITY, &out};
	int status = tenon_decay_power_law(&a);
	assert_int_equal(status, isfinite(out) ? TENON_OK : TENON_ENONFINITE);
	return out;
}

static float component_one(float value, uint64_t age, float stability, float base)
{
	float out = 1234;
	struct tenon_decay_two_component_args a = {&value, &age, &stability, 1, base, -INFINITY, &out};
	int status = tenon_decay_two_component(&a);
	assert_int_equal(status, isfinite(out) ? TENON_OK : TENON_ENONFINITE);
	return out;
}

/* ---- The power law ----------------------------------------------------------------------------------------------- */

/* The worst error as a share of the bound; it is printed for docs/NUMERICS.md. */
static void it_is_the_power_law(void **state)
{
	(void)state;
	static const float betas[] = {0.1f, 0.5f, 1, 1.7f, 4};
	long double worst = 0;
	for (size_t b = 0; b < 5; b++)
		for (uint64_t age = 1; age < (uint64_t)1 << 40; age += age / 50 + 1) {
			float t0 = 3600.0f * (float)(b + 1), value = 0.75f;
			long double s = 1 + (long double)age / t0, want = value * powl(s, -(long double)betas[b]);
			if (want < 0x1p-125L)
				continue;
			long double log_s = logl(s), z = betas[b] * log_s;
			long double share = fabsl(power_one(value, age, t0, betas[b]) - want) / (want * U) /
					    (3 * betas[b] + 3 * z + 3);
			worst = share > worst ? share : worst;
		}
	print_message("decay_power_law: at most %.3Lf of the bound (3 beta + 3 Z + 3) u\n", worst);
	assert_true(worst > 0.1L && worst <= 1);
}

static void known_powers(void **state)
{
	(void)state;
	assert_true(fabsf(power_one(1, 3, 1, 0.5f) - 0.5f) <= 0x1p-23f);
	assert_true(fabsf(power_one(1, 99, 1, 1) - 0.01f) <= 0x1p-27f);
	assert_true(fabsf(power_one(8, 1, 1, 3) - 1) <= 0x1p-21f);
}

static void nothing_fades_without_time_or_exponent(void **state)
{
	(void)state;
	static const float values[] = {1, -1, 0, -0.0f, 0x1p-149f, -0x1.8p-130f, FLT_MAX};
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		assert_int_equal(bits_of(power_one(values[i], 0, 5, 2)), bits_of(values[i]));
		assert_int_equal(bits_of(power_one(values[i], UINT64_MAX, 5, 0)), bits_of(values[i]));
		assert_int_equal(bits_of(power_one(values[i], UINT64_MAX, INFINITY, 2)), bits_of(values[i]));
		assert_int_equal(bits_of(power_one(values[i], 1, 0x1p-149f, 0)), bits_of(values[i]));
	}
}

/* t/t0 beyond FLT_MAX counts as FLT_MAX. */
static void quotients_saturate(void **state)
{
	(void)state;
	assert_int_equal(bits_of(power_one(1, UINT64_MAX, 0x1p-149f, 0.5f)),
			 bits_of(power_one(1, UINT64_MAX, 0x1p-64f, 0.5f)));
	assert_true(fabsf(power_one(1, 1, 0x1p-149f, 0.5f) / 0x1p-64f - 1) < 1e-5f);
	assert_int_equal(bits_of(power_one(-1, 1, 0x1p-149f, FLT_MAX)), 0x80000000);
}

static void power_laws_forget_slower_than_exponentials(void **state)
{
	(void)state;
	for (uint64_t age = 1; age < 1u << 30; age *= 2)
		assert_true(power_one(1, 2 * age, 3600, 0.5f) < power_one(1, age, 3600, 0.5f));
	assert_true(power_one(1, (uint64_t)1 << 40, 3600, 0.5f) > 1e-5f);
}

/* ---- Two components ---------------------------------------------------------------------------------------------- */

static void it_is_the_base_to_the_power(void **state)
{
	(void)state;
	static const float bases[] = {0.9f, 0.5f, 0.99f, 0.01f, 0x1.fffffep-1f};
	long double worst = 0;
	for (size_t b = 0; b < 5; b++)
		for (uint64_t age = 1; age < (uint64_t)1 << 34; age += age / 50 + 1) {
			float stability = 1e5f * (float)(b + 1), value = 0.75f;
			long double z = -logl(bases[b]) * ((long double)age / stability), want = value * expl(-z);
			if (want < 0x1p-125L)
				continue;
			long double error = fabsl(component_one(value, age, stability, bases[b]) - want);
			long double share = error / (want * U) / (5 * z + 3);
			worst = share > worst ? share : worst;
		}
	print_message("decay_two_component: at most %.3Lf of the bound (5 Z + 3) u\n", worst);
	assert_true(worst > 0.1L && worst <= 1);
}

static void one_stability_leaves_the_base(void **state)
{
	(void)state;
	assert_true(fabsf(component_one(1, 777, 777, 0.9f) - 0.9f) <= 0x1p-22f);
	assert_true(fabsf(component_one(1, 3 * 777, 777, 0.5f) - 0.125f) <= 0x1p-24f);
}

static void nothing_fades_at_age_0_or_base_1(void **state)
{
	(void)state;
	static const float values[] = {1, -1, 0, -0.0f, 0x1p-149f, -0x1.8p-130f, FLT_MAX};
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		assert_int_equal(bits_of(component_one(values[i], 0, 5, 0.9f)), bits_of(values[i]));
		assert_int_equal(bits_of(component_one(values[i], UINT64_MAX, 5, 1)), bits_of(values[i]));
		assert_int_equal(bits_of(component_one(values[i], UINT64_MAX, 0x1p-149f, 1)), bits_of(values[i]));
		assert_int_equal(bits_of(component_one(values[i], UINT64_MAX, INFINITY, 0.9f)), bits_of(values[i]));
	}
}

static void impossible_stabilities_give_nan(void **state)
{
	(void)state;
	static const float stabilities[] = {0, -0.0f, -1, -INFINITY, NAN};
	for (size_t i = 0; i < sizeof stabilities / sizeof *stabilities; i++) {
		assert_true(isnan(component_one(1, 0, stabilities[i], 0.9f)));
		assert_true(isnan(component_one(1, 1, stabilities[i], 1)));
		assert_true(isnan(component_one(0, UINT64_MAX, stabilities[i], 0.9f)));
	}
}

static void tiny_stabilities_forget_at_once(void **state)
{
	(void)state;
	assert_int_equal(bits_of(component_one(1, UINT64_MAX, 0x1p-149f, 0.9f)), 0);
	assert_int_equal(bits_of(component_one(-1, 1, 1, 0x1p-149f)), 0x80000000);
}

/* ---- Both -------------------------------------------------------------------------------------------------------- */

static float values[3] = {1, 0.1f, -1}, stabilities[3] = {1, 1, 1}, out[3];
static uint64_t ages[3] = {1000, 1000, 1000};

static void floors_hold_but_never_raise(void **state)
{
	(void)state;
	struct tenon_decay_power_law_args p = {values, ages, 3, 1, 1, 0.25f, out};
	assert_int_equal(tenon_decay_power_law(&p), TENON_OK);
	assert_true(out[0] == 0.25f && out[1] == 0.1f && out[2] > -0.01f && out[2] < 0);
	struct tenon_decay_two_component_args c = {values, ages, stabilities, 3, 0.5f, 0.25f, out};
	assert_int_equal(tenon_decay_two_component(&c), TENON_OK);
	assert_true(out[0] == 0.25f && out[1] == 0.1f && bits_of(out[2]) == 0x80000000);
}

static void products_below_the_smallest_normal_flush(void **state)
{
	(void)state;
	assert_int_equal(bits_of(power_one(0x1p-126f, 3, 1, 0.5f)), 0);
	assert_int_equal(bits_of(component_one(-0x1p-126f, 3, 1, 0.5f)), 0x80000000);
	assert_true(power_one(INFINITY, 3, 1, 0.5f) == INFINITY);
	assert_true(isnan(component_one(INFINITY, UINT64_MAX, 1, 0.5f)));
}

static void refused_power(struct tenon_decay_power_law_args a, const char *words)
{
	assert_int_equal(tenon_decay_power_law(&a), TENON_EINVAL);
	assert_non_null(strstr(tenon_error_detail(), "decay_power_law: "));
	assert_non_null(strstr(tenon_error_detail(), words));
}

static void bad_arguments_of_the_power_law(void **state)
{
	(void)state;
	const struct tenon_decay_power_law_args good = {values, ages, 2, 10, 0.5f, -INFINITY, out};
	struct tenon_decay_power_law_args a;
	a = good, a.values = NULL, refused_power(a, "values is NULL with n 2");
	a = good, a.ages = NULL, refused_power(a, "ages is NULL");
	a = good, a.out = NULL, refused_power(a, "out is NULL");
	a = good, a.t0 = 0, refused_power(a, "t0 is 0");
	a = good, a.t0 = -3, refused_power(a, "t0 is -3");
	a = good, a.t0 = NAN, refused_power(a, "t0 is nan");
	a = good, a.beta = -1, refused_power(a, "beta is -1");
	a = good, a.beta = INFINITY, refused_power(a, "beta is inf");
	a = good, a.beta = NAN, refused_power(a, "beta is nan");
	a = good, a.floor = NAN, refused_power(a, "floor is a NaN");
	a = good, a.n = SIZE_MAX / 8, refused_power(a, "ages exceed");
	assert_int_equal(tenon_decay_power_law(&good), TENON_OK);
	assert_int_equal(tenon_decay_power_law(NULL), TENON_EINVAL);
}

static void refused_component(struct tenon_decay_two_component_args a, const char *words)
{
	assert_int_equal(tenon_decay_two_component(&a), TENON_EINVAL);
	assert_non_null(strstr(tenon_error_detail(), "decay_two_component: "));
	assert_non_null(strstr(tenon_error_detail(), words));
}

static void bad_arguments_of_two_components(void **state)
{
	(void)state;
	const struct tenon_decay_two_component_args good = {values, ages, stabilities, 2, 0.9f, -INFINITY, out};
	struct tenon_decay_two_component_args a;
	a = good, a.values = NULL, refused_component(a, "values is NULL with n 2");
	a = good, a.ages = NULL, refused_component(a, "ages is NULL");
	a = good, a.stabilities = NULL, refused_component(a, "stabilities is NULL");
	a = good, a.out = NULL, refused_component(a, "out is NULL");
	a = good, a.base = 0, refused_component(a, "base is 0");
	a = good, a.base = 1.5f, refused_component(a, "base is 1.5");
	a = good, a.base = -1, refused_component(a, "base is -1");
	a = good, a.base = NAN, refused_component(a, "base is nan");
	a = good, a.floor = NAN, refused_component(a, "floor is a NaN");
	a = good, a.n = SIZE_MAX / 8, refused_component(a, "ages exceed");
	assert_int_equal(tenon_decay_two_component(&good), TENON_OK);
	assert_int_equal(tenon_decay_two_component(NULL), TENON_EINVAL);
}

static void no_elements_are_no_work(void **state)
{
	(void)state;
	struct tenon_decay_power_law_args p = {NULL, NULL, 0, -1, NAN, NAN, NULL};
	struct tenon_decay_two_component_args c = {NULL, NULL, NULL, 0, 7, NAN, NULL};
	assert_int_equal(tenon_decay_power_law(&p), TENON_OK);
	assert_int_equal(tenon_decay_two_component(&c), TENON_OK);
}

/* ---- Self-tests -------------------------------------------------------------------------------------------------- */

/* As libm has it, rounded once: more accurate, but other bits. */
static int accurate_power(const void *args, void *scratch)
{
	const struct tenon_decay_power_law_args *a = args;
	int status = scalar_decay_power_law(args, scratch);
	for (size_t i = 0; i < a->n; i++)
		if (isfinite(a->out[i]) && a->out[i] > 0.01f && a->out[i] < 0.2f)
			a->out[i] = a->values[i] * powf(1 + (float)a->ages[i] / a->t0, -a->beta);
	return status;
}

static int overflowing_power(const void *args, void *scratch)
{
	struct tenon_decay_power_law_args a = *(const struct tenon_decay_power_law_args *)args;
	int status = scalar_decay_power_law(args, scratch);
	for (size_t i = 0; i < a.n; i++)
		if (isinf((float)a.ages[i] / a.t0))
			a.out[i] = 0;
	return status;
}

static int signless_component(const void *args, void *scratch)
{
	struct tenon_decay_two_component_args a = *(const struct tenon_decay_two_component_args *)args;
	float own[512];
	for (size_t i = 0; i < a.n; i++)
		own[i] = a.stabilities[i] == 0 ? 1 : a.stabilities[i];
	a.stabilities = own;
	return scalar_decay_two_component(&a, scratch);
}

static int lost_tail(const void *args, void *scratch)
{
	struct tenon_decay_two_component_args a = *(const struct tenon_decay_two_component_args *)args;
	a.n--;
	return scalar_decay_two_component(&a, scratch);
}

static void the_self_tests_refuse_wrong_bodies(void **state)
{
	(void)state;
	struct why why;
	assert_int_equal(test_decay_power_law(accurate_power, &why), TENON_EREFUSED);
	assert_non_null(strstr(why.text, "decay_power_law: self-test"));
	assert_int_equal(test_decay_power_law(overflowing_power, &why), TENON_EREFUSED);
	assert_int_equal(test_decay_two_component(signless_component, &why), TENON_EREFUSED);
	assert_non_null(strstr(why.text, "decay_two_component: self-test"));
	assert_int_equal(test_decay_two_component(lost_tail, &why), TENON_EREFUSED);
	assert_int_equal(test_decay_power_law(scalar_decay_power_law, &why), 0);
	assert_int_equal(test_decay_two_component(scalar_decay_two_component, &why), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_the_power_law),
		cmocka_unit_test(known_powers),
		cmocka_unit_test(nothing_fades_without_time_or_exponent),
		cmocka_unit_test(quotients_saturate),
		cmocka_unit_test(power_laws_forget_slower_than_exponentials),
		cmocka_unit_test(it_is_the_base_to_the_power),
		cmocka_unit_test(one_stability_leaves_the_base),
		cmocka_unit_test(nothing_fades_at_age_0_or_base_1),
		cmocka_unit_test(impossible_stabilities_give_nan),
		cmocka_unit_test(tiny_stabilities_forget_at_once),
		cmocka_unit_test(floors_hold_but_never_raise),
		cmocka_unit_test(products_below_the_smallest_normal_flush),
		cmocka_unit_test(bad_arguments_of_the_power_law),
		cmocka_unit_test(bad_arguments_of_two_components),
		cmocka_unit_test(no_elements_are_no_work),
		cmocka_unit_test(the_self_tests_refuse_wrong_bodies),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
