/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * decay_exponential against exp in long double, its edges (age 0, floors, flushing, overflow), what it refuses, the
 * half-life helper, and the self-test's verdict on bodies that are wrong.
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

#define DAY ((uint64_t)86400)

static uint32_t bits_of(float x)
{
	uint32_t bits;
	memcpy(&bits, &x, sizeof bits);
	return bits;
}

static float decay_one(float value, uint64_t age, float tau, float floor)
{
	float out = 1234;
	struct tenon_decay_exponential_args a = {&value, &age, 1, tau, floor, &out};
	int status = tenon_decay_exponential(&a);
	assert_int_equal(status, isfinite(out) ? TENON_OK : TENON_ENONFINITE);
	return out;
}

/* ---- Values ------------------------------------------------------------------------------------------------------ */

/* x is rounded twice (age, quotient), which moves exp(-x) by x * 2u; exp has 1 ulp, the product half of one. */
static void it_is_the_exponential(void **state)
{
	(void)state;
	for (uint64_t age = 1; age < 500 * DAY; age += age / 7 + 1) {
		float tau = 10.0f * (float)DAY, value = 0.75f;
		long double x = (long double)age / tau, want = value * expl(-x);
		long double bound = want * (1.5L * 0x1p-23L + x * 2 * 0x1p-24L);
		assert_true(fabsl(decay_one(value, age, tau, -INFINITY) - want) <= bound);
	}
}

static void a_half_life_halves(void **state)
{
	(void)state;
	float tau;
	assert_int_equal(tenon_tau_from_half_life(30.0 * (double)DAY, &tau), TENON_OK);
	for (int k = 0; k <= 20; k++)
		assert_true(fabsf(decay_one(1, (uint64_t)k * 30 * DAY, tau, -INFINITY) * ldexpf(1, k) - 1) < 1e-5f);
}

static void age_zero_returns_every_value_bit_for_bit(void **state)
{
	(void)state;
	static const float values[] = {1, -1, 0, -0.0f, 0x1p-149f, -0x1.8p-130f, FLT_MAX, INFINITY, -INFINITY};
	for (size_t i = 0; i < sizeof values / sizeof *values; i++)
		assert_int_equal(bits_of(decay_one(values[i], 0, 5, -INFINITY)), bits_of(values[i]));
	assert_true(isnan(decay_one(NAN, 0, 5, -INFINITY)));
}

static void an_infinite_tau_is_no_decay(void **state)
{
	(void)state;
	assert_true(decay_one(0.3f, UINT64_MAX, INFINITY, -INFINITY) == 0.3f);
	assert_true(decay_one(0x1p-149f, UINT64_MAX, INFINITY, -INFINITY) == 0x1p-149f);
}

/* The last x of exp is 0xaeac4f * 2^-17, just below 126 ln 2; behind it exp(-x) is +0, however large the value. */
static void exp_ends_at_the_smallest_normal(void **state)
{
	(void)state;
	assert_true(decay_one(0x1p127f, 0xaeac4f, 0x1p17f, -INFINITY) >= 2);
	assert_int_equal(bits_of(decay_one(0x1p127f, 0xaeac50, 0x1p17f, -INFINITY)), 0);
	assert_int_equal(bits_of(decay_one(-0x1p127f, 0xaeac50, 0x1p17f, -INFINITY)), 0x80000000);
	assert_int_equal(bits_of(decay_one(1, UINT64_MAX, 0x1p-149f, -INFINITY)), 0);
}

static void products_below_the_smallest_normal_flush_to_their_sign(void **state)
{
	(void)state;
	assert_int_equal(bits_of(decay_one(0x1p-126f, 1, 10, -INFINITY)), 0);
	assert_int_equal(bits_of(decay_one(-0x1p-126f, 1, 10, -INFINITY)), 0x80000000);
	assert_int_equal(bits_of(decay_one(0x1p-149f, 1, 0x1p100f, -INFINITY)), 0);
	assert_true(decay_one(0x1p-125f, 1, 10, -INFINITY) >= FLT_MIN);
}

static void what_is_not_finite_stays_and_is_reported(void **state)
{
	(void)state;
	assert_true(decay_one(INFINITY, 1, 10, -INFINITY) == INFINITY);
	assert_true(decay_one(-INFINITY, 1, 10, 0.5f) == -INFINITY);
	assert_true(isnan(decay_one(NAN, 1, 10, 0.5f)));
	assert_true(isnan(decay_one(INFINITY, UINT64_MAX, 1, -INFINITY))); /* Inf * 0 */
}

/* u64 to float is rounded once, to nearest even. tau is the age itself, so that the last bit of the float shows. */
static void ages_are_rounded_once(void **state)
{
	(void)state;
	static const struct {
		uint64_t age, right, wrong;
	} ties[] = {
		{0x1000001, 0x1000000, 0x1000002}, /* ties go to even */
		{0x1000003, 0x1000004, 0x1000002},
		{0x8000008000000000, 0x8000000000000000, 0x8000010000000000},
		{0x8000018000000000, 0x8000020000000000, 0x8000010000000000},
		{0x20000020000001, 0x20000040000000, 0x20000000000000}, /* above a tie: through a double it is one */
		{0x8000008000000001, 0x8000010000000000, 0x8000000000000000},
		{0x7fffffbfffffffff, 0x7fffff8000000000, 0x8000000000000000}, /* below one */
	};
	for (size_t i = 0; i < sizeof ties / sizeof *ties; i++) {
		float tau = (float)ties[i].right / 1.5f;
		uint32_t got = bits_of(decay_one(1, ties[i].age, tau, -INFINITY));
		assert_int_equal(got, bits_of(decay_one(1, ties[i].right, tau, -INFINITY)));
		assert_int_not_equal(got, bits_of(decay_one(1, ties[i].wrong, tau, -INFINITY)));
	}
}

/* ---- Floors ------------------------------------------------------------------------------------------------------ */

static void a_floor_holds_but_never_raises(void **state)
{
	(void)state;
	assert_true(decay_one(1, 1000, 10, 0.25f) == 0.25f);
	assert_true(decay_one(0.1f, 1000, 10, 0.25f) == 0.1f);
	assert_true(decay_one(0.1f, 1, 10, 0.25f) == 0.1f);
	assert_true(decay_one(1, 1, 10, 0.25f) > 0.9f);
	assert_true(decay_one(-1, 1000, 10, 0.25f) == 0);
	assert_true(decay_one(-1, 10, 10, -2) < -0.3f);
	assert_true(decay_one(1, 1000, 10, INFINITY) == 1);
	assert_true(decay_one(1, 1000, 10, 0x1p-140f) == 0x1p-140f);
}

/* ---- Bad input --------------------------------------------------------------------------------------------------- */

static float values[2] = {1, 2}, out[2];
static uint64_t ages[2] = {1, 2};

static void refused(struct tenon_decay_exponential_args a, const char *words)
{
	out[0] = out[1] = 1234;
	assert_int_equal(tenon_decay_exponential(&a), TENON_EINVAL);
	assert_non_null(strstr(tenon_error_detail(), "decay_exponential: "));
	assert_non_null(strstr(tenon_error_detail(), words));
	assert_true(out[0] == 1234 && out[1] == 1234);
}

static void bad_arguments_are_named_with_their_values(void **state)
{
	(void)state;
	const struct tenon_decay_exponential_args good = {values, ages, 2, 10, -INFINITY, out};
	struct tenon_decay_exponential_args a;
	a = good, a.values = NULL, refused(a, "values is NULL with n 2");
	a = good, a.ages = NULL, refused(a, "ages is NULL");
	a = good, a.out = NULL, refused(a, "out is NULL");
	a = good, a.tau = 0, refused(a, "tau is 0");
	a = good, a.tau = -3, refused(a, "tau is -3");
	a = good, a.tau = NAN, refused(a, "tau is nan");
	a = good, a.floor = NAN, refused(a, "floor is a NaN");
	a = good, a.n = SIZE_MAX / 8, refused(a, "2305843009213693951 ages exceed");
	assert_int_equal(tenon_decay_exponential(&good), TENON_OK);
}

static void no_elements_are_no_work(void **state)
{
	(void)state;
	struct tenon_decay_exponential_args a = {NULL, NULL, 0, -1, NAN, NULL};
	assert_int_equal(tenon_decay_exponential(&a), TENON_OK);
}

/* ---- Half-life --------------------------------------------------------------------------------------------------- */

static void half_lives_are_converted_in_double(void **state)
{
	(void)state;
	float tau;
	assert_int_equal(tenon_tau_from_half_life(1, &tau), TENON_OK);
	assert_true(tau == 0x1.715476p+0f);
	assert_int_equal(tenon_tau_from_half_life(604800, &tau), TENON_OK);
	assert_true(tau == (float)(604800 / 0.69314718055994530942));
	assert_int_equal(tenon_tau_from_half_life((double)INFINITY, &tau), TENON_OK);
	assert_true(tau == INFINITY);
}

static void impossible_half_lives_are_refused(void **state)
{
	(void)state;
	static const struct {
		double half_life;
		const char *words;
	} bad[] = {
		{0, "half_life is 0"},
		{-1, "half_life is -1"},
		{(double)NAN, "half_life is nan"},
		{1e300, "half_life 1e+300 gives a tau outside"},
		{1e-40, "half_life 1e-40 gives a tau outside"},
	};
	float tau = 7;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(tenon_tau_from_half_life(bad[i].half_life, &tau), TENON_EINVAL);
		assert_non_null(strstr(tenon_error_detail(), bad[i].words));
	}
	assert_true(tau == 7);
	assert_int_equal(tenon_tau_from_half_life(1, NULL), TENON_EINVAL);
	assert_non_null(strstr(tenon_error_detail(), "tau is NULL"));
}

/* ---- Self-test --------------------------------------------------------------------------------------------------- */

static int run_changed(const void *args, void (*change)(struct tenon_decay_exponential_args *a))
{
	struct tenon_decay_exponential_args a = *(const struct tenon_decay_exponential_args *)args;
	int status = scalar_decay_exponential(&a, NULL);
	change(&a);
	return status;
}

static void forget_the_tail(struct tenon_decay_exponential_args *a)
{
	a->out[a->n - 1] = 0;
}

static void flush_age_zero(struct tenon_decay_exponential_args *a)
{
	for (size_t i = 0; i < a->n; i++)
		if (fabsf(a->out[i]) < FLT_MIN)
			a->out[i] = copysignf(0, a->out[i]);
}

static void round_ages_twice(struct tenon_decay_exponential_args *a)
{
	for (size_t i = 0; i < a->n; i++) {
		uint64_t age = (uint64_t)(double)(a->ages[i] >> 1) << 1;
		struct tenon_decay_exponential_args one = {a->values + i, &age, 1, a->tau, a->floor, a->out + i};
		scalar_decay_exponential(&one, NULL);
	}
}

static void lose_the_sign(struct tenon_decay_exponential_args *a)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->out[i] == 0)
			a->out[i] = 0;
}

static int wrong_tail(const void *args, void *scratch)
{
	(void)scratch;
	return run_changed(args, forget_the_tail);
}
static int wrong_zero(const void *args, void *scratch)
{
	(void)scratch;
	return run_changed(args, flush_age_zero);
}
static int wrong_ages(const void *args, void *scratch)
{
	(void)scratch;
	return run_changed(args, round_ages_twice);
}
static int wrong_sign(const void *args, void *scratch)
{
	(void)scratch;
	return run_changed(args, lose_the_sign);
}

static int wrong_status(const void *args, void *scratch)
{
	scalar_decay_exponential(args, scratch);
	return TENON_OK;
}

static void the_self_test_refuses_wrong_bodies(void **state)
{
	(void)state;
	static tenon_kernel_fn *const wrong[] = {wrong_tail, wrong_zero, wrong_ages, wrong_sign, wrong_status};
	struct why why;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		assert_int_equal(test_decay_exponential(wrong[i], &why), TENON_EREFUSED);
		assert_non_null(strstr(why.text, "decay_exponential: self-test"));
	}
	assert_int_equal(test_decay_exponential(scalar_decay_exponential, &why), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_the_exponential),
		cmocka_unit_test(a_half_life_halves),
		cmocka_unit_test(age_zero_returns_every_value_bit_for_bit),
		cmocka_unit_test(an_infinite_tau_is_no_decay),
		cmocka_unit_test(exp_ends_at_the_smallest_normal),
		cmocka_unit_test(products_below_the_smallest_normal_flush_to_their_sign),
		cmocka_unit_test(what_is_not_finite_stays_and_is_reported),
		cmocka_unit_test(ages_are_rounded_once),
		cmocka_unit_test(a_floor_holds_but_never_raises),
		cmocka_unit_test(bad_arguments_are_named_with_their_values),
		cmocka_unit_test(no_elements_are_no_work),
		cmocka_unit_test(half_lives_are_converted_in_double),
		cmocka_unit_test(impossible_half_lives_are_refused),
		cmocka_unit_test(the_self_test_refuses_wrong_bodies),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
