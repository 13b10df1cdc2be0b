/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * binding_decay and fan_effect against double and long double, their edges (clamps, overflow, fan 0, large fans), what
 * they refuse, and the self-tests' verdict on wrong bodies.
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

static uint32_t bits_of(float x)
{
	uint32_t bits;
	memcpy(&bits, &x, sizeof bits);
	return bits;
}

static float bind_one(float strength, float rate, float dt, uint32_t form)
{
	struct tenon_binding_decay_args a = {&strength, 1, rate, dt, form};
	int status = tenon_binding_decay(&a);
	assert_int_equal(status, isfinite(strength) ? TENON_OK : TENON_ENONFINITE);
	return strength;
}

static float share_one(float activation, uint32_t fan, uint32_t form, float weight, float strength)
{
	struct tenon_fan_effect_args a = {&activation, &fan, 1, form, weight, strength};
	int status = tenon_fan_effect(&a);
	assert_int_equal(status, isfinite(activation) ? TENON_OK : TENON_ENONFINITE);
	return activation;
}

/* ---- Bindings ---------------------------------------------------------------------------------------------------- */

/* Every step by itself in double is exact or has room to spare: rounded after each, it is what binary32 must give. */
static void linear_forgetting_is_exact_ieee(void **state)
{
	(void)state;
	for (int i = 1; i < 3000; i++) {
		float strength = (float)i / 3001, rate = (float)(i % 37) / 41, dt = (float)(i % 11) / 7;
		float lost = (float)((double)rate * (double)dt), kept = (float)(1 - (double)lost);
		float want = kept < 0 ? 0 : (float)((double)strength * (double)kept);
		assert_int_equal(bits_of(bind_one(strength, rate, dt, TENON_FORGETTING_LINEAR)), bits_of(want));
	}
}

static void exponential_forgetting_is_within_its_bound(void **state)
{
	(void)state;
	for (int i = 1; i < 3000; i++) {
		float strength = (float)i / 3001, rate = (float)(i % 37) / 41, dt = (float)(i % 110) / 3;
		long double z = (long double)rate * dt, want = strength * expl(-z);
		float got = bind_one(strength, rate, dt, TENON_FORGETTING_EXPONENTIAL);
		assert_true(fabsl(got - want) <= (z + 3) * 0x1p-24L * want);
	}
}

static void strengths_stay_between_0_and_1(void **state)
{
	(void)state;
	for (uint32_t form = 0; form < 2; form++) {
		assert_true(bind_one(7, 0, 1, form) == 1);
		assert_true(bind_one(INFINITY, 0.5f, 1, form) == 1);
		assert_int_equal(bits_of(bind_one(-7, 0.5f, 1, form)), 0);
		assert_int_equal(bits_of(bind_one(-INFINITY, 0.5f, 1, form)), 0);
		assert_int_equal(bits_of(bind_one(-0.0f, 0.5f, 1, form)), 0x80000000);
		assert_true(isnan(bind_one(NAN, 0.5f, 1, form)));
		assert_true(bind_one(0x1p-149f, 0, 0, form) == 0x1p-149f);
	}
}

/* Euler's step would turn the sign for rate * dt above 1. */
static void what_is_forgotten_wholly_is_0(void **state)
{
	(void)state;
	assert_int_equal(bits_of(bind_one(0.5f, 3, 1, TENON_FORGETTING_LINEAR)), 0);
	assert_int_equal(bits_of(bind_one(0.5f, FLT_MAX, FLT_MAX, TENON_FORGETTING_LINEAR)), 0);
	assert_int_equal(bits_of(bind_one(0.5f, FLT_MAX, FLT_MAX, TENON_FORGETTING_EXPONENTIAL)), 0);
	assert_true(isnan(bind_one(INFINITY, 3, 1, TENON_FORGETTING_LINEAR))); /* infinity * 0 */
}

/* ---- Fans -------------------------------------------------------------------------------------------------------- */

/* Double has more than twice the digits, so rounding its quotient or root once more is what IEEE wants. */
static void roots_and_quotients_are_exact_ieee(void **state)
{
	(void)state;
	for (uint32_t fan = 1; fan < UINT32_C(1) << 31; fan += fan / 40 + 1)
		for (int i = 1; i < 4; i++) {
			float a = (float)i / 7, wide = (float)fan, root = (float)sqrt((double)wide);
			assert_int_equal(bits_of(share_one(a, fan, TENON_FAN_LINEAR, 0, 0)),
					 bits_of((float)((double)a / (double)wide)));
			assert_int_equal(bits_of(share_one(a, fan, TENON_FAN_SQRT, 0, 0)),
					 bits_of((float)((double)a / (double)root)));
		}
}

static void act_r_is_within_its_bound(void **state)
{
	(void)state;
	const float weight = 0.4f, strength = 2.3f;
	for (uint32_t fan = 1; fan < UINT32_C(1) << 31; fan += fan / 40 + 1) {
		float a = 0.3f;
		long double log_fan = logl((long double)fan), term = weight * (strength - log_fan), want = a + term;
		long double bound =
			fabsl(weight) * (1 + 2 * log_fan + fabsl(strength - log_fan)) + fabsl(term) + fabsl(want);
		assert_true(fabsl(share_one(a, fan, TENON_FAN_ACT_R, weight, strength) - want) <= bound * 0x1p-24L);
	}
	assert_true(share_one(0.5f, 1, TENON_FAN_ACT_R, 0.25f, 2) == 1);
}

static void a_fan_of_0_counts_as_1(void **state)
{
	(void)state;
	for (uint32_t form = 0; form <= TENON_FAN_ACT_R; form++)
		assert_int_equal(bits_of(share_one(0.3f, 0, form, 0.5f, 2)),
				 bits_of(share_one(0.3f, 1, form, 0.5f, 2)));
	assert_true(share_one(0.3f, 0, TENON_FAN_SQRT, 0, 0) == 0.3f);
}

/* u32 to float is rounded once, to nearest even, also above 2^31. */
static void large_fans_are_rounded_once(void **state)
{
	(void)state;
	static const struct {
		uint32_t fan;
		float want;
	} ties[] = {{0x1000001, 0x1p24f},         {0x1000003, 0x1.000004p24f},  {0x80000080, 0x1p31f},
		    {0x80000081, 0x1.000002p31f}, {0xffffff7f, 0x1.fffffep31f}, {0xffffff80, 0x1p32f},
		    {UINT32_MAX, 0x1p32f}};
	for (size_t i = 0; i < sizeof ties / sizeof *ties; i++)
		assert_true(share_one(ties[i].want, ties[i].fan, TENON_FAN_LINEAR, 0, 0) == 1);
}

static void form_one_changes_nothing(void **state)
{
	(void)state;
	static const float values[] = {1, -0.0f, 0x1p-149f, -FLT_MAX, INFINITY, NAN};
	for (size_t i = 0; i < sizeof values / sizeof *values; i++)
		assert_int_equal(bits_of(share_one(values[i], 9, TENON_FAN_ONE, NAN, INFINITY)), bits_of(values[i]));
}

static void what_is_not_finite_stays_and_is_reported(void **state)
{
	(void)state;
	for (uint32_t form = 0; form <= TENON_FAN_ACT_R; form++) {
		assert_true(share_one(-INFINITY, 3, form, 1, 1) == -INFINITY);
		assert_true(isnan(share_one(NAN, 3, form, 1, 1)));
	}
	assert_true(share_one(FLT_MAX, 1, TENON_FAN_ACT_R, FLT_MAX, 2) == INFINITY);
	assert_true(share_one(-0x1p-149f, 2, TENON_FAN_LINEAR, 0, 0) == 0);
}

/* ---- Bad input --------------------------------------------------------------------------------------------------- */

static float floats[2] = {0.5f, 0.25f};
static const uint32_t fans[2] = {1, 2};

static void refused_binding(struct tenon_binding_decay_args a, const char *words)
{
	assert_int_equal(tenon_binding_decay(&a), TENON_EINVAL);
	assert_non_null(strstr(tenon_error_detail(), "binding_decay: "));
	assert_non_null(strstr(tenon_error_detail(), words));
	assert_true(floats[0] == 0.5f && floats[1] == 0.25f);
}

static void bad_arguments_of_bindings(void **state)
{
	(void)state;
	const struct tenon_binding_decay_args good = {floats, 2, 0, 1, TENON_FORGETTING_LINEAR};
	struct tenon_binding_decay_args a;
	a = good, a.strengths = NULL, refused_binding(a, "strengths is NULL with n 2");
	a = good, a.rate = -1, refused_binding(a, "rate -1 and dt 1");
	a = good, a.rate = INFINITY, refused_binding(a, "rate inf");
	a = good, a.rate = NAN, refused_binding(a, "rate nan");
	a = good, a.dt = -2, refused_binding(a, "dt -2");
	a = good, a.dt = INFINITY, refused_binding(a, "dt inf");
	a = good, a.dt = NAN, refused_binding(a, "dt nan");
	a = good, a.form = 2, refused_binding(a, "form is 2");
	a = good, a.n = SIZE_MAX / 4, refused_binding(a, "strengths exceed");
	assert_int_equal(tenon_binding_decay(&good), TENON_OK);
	assert_int_equal(tenon_binding_decay(NULL), TENON_EINVAL);
}

static void refused_fan(struct tenon_fan_effect_args a, const char *words)
{
	assert_int_equal(tenon_fan_effect(&a), TENON_EINVAL);
	assert_non_null(strstr(tenon_error_detail(), "fan_effect: "));
	assert_non_null(strstr(tenon_error_detail(), words));
	assert_true(floats[0] == 0.5f && floats[1] == 0.25f);
}

static void bad_arguments_of_fans(void **state)
{
	(void)state;
	const struct tenon_fan_effect_args good = {floats, fans, 2, TENON_FAN_ACT_R, 0, 1};
	struct tenon_fan_effect_args a;
	a = good, a.activations = NULL, refused_fan(a, "activations is NULL with n 2");
	a = good, a.fans = NULL, refused_fan(a, "fans is NULL");
	a = good, a.form = 4, refused_fan(a, "form is 4");
	a = good, a.weight = INFINITY, refused_fan(a, "weight inf");
	a = good, a.weight = NAN, refused_fan(a, "weight nan");
	a = good, a.strength = -INFINITY, refused_fan(a, "strength -inf");
	a = good, a.strength = NAN, refused_fan(a, "strength nan");
	a = good, a.n = SIZE_MAX / 4, refused_fan(a, "activations exceed");
	assert_int_equal(tenon_fan_effect(&good), TENON_OK);
	a = good, a.form = TENON_FAN_ONE, a.weight = NAN;
	assert_int_equal(tenon_fan_effect(&a), TENON_OK);
	assert_int_equal(tenon_fan_effect(NULL), TENON_EINVAL);
}

static void no_elements_are_no_work(void **state)
{
	(void)state;
	struct tenon_binding_decay_args b = {NULL, 0, NAN, NAN, 9};
	struct tenon_fan_effect_args f = {NULL, NULL, 0, 9, NAN, NAN};
	assert_int_equal(tenon_binding_decay(&b), TENON_OK);
	assert_int_equal(tenon_fan_effect(&f), TENON_OK);
}

/* ---- Self-tests -------------------------------------------------------------------------------------------------- */

static int unclamped_binding(const void *args, void *scratch)
{
	const struct tenon_binding_decay_args *a = args;
	float own[512];
	memcpy(own, a->strengths, a->n * sizeof *own);
	int status = scalar_binding_decay(args, scratch);
	for (size_t i = 0; i < a->n; i++)
		if (own[i] > 1 && isfinite(own[i]))
			a->strengths[i] = own[i];
	return status;
}

static int sign_flipping_binding(const void *args, void *scratch)
{
	const struct tenon_binding_decay_args *a = args;
	int status = scalar_binding_decay(args, scratch);
	for (size_t i = 0; i < a->n && a->form == TENON_FORGETTING_LINEAR && a->rate * a->dt > 1; i++)
		a->strengths[i] = -a->strengths[i];
	return status;
}

/* Through int32_t, wrong above 2^31. */
static int signed_fans(const void *args, void *scratch)
{
	struct tenon_fan_effect_args a = *(const struct tenon_fan_effect_args *)args;
	uint32_t own[512];
	for (size_t i = 0; i < a.n; i++)
		own[i] = (int32_t)a.fans[i] < 0 ? 1 : a.fans[i];
	a.fans = own;
	return scalar_fan_effect(&a, scratch);
}

/* A table of 16 roots without its fallback. */
static int short_table(const void *args, void *scratch)
{
	struct tenon_fan_effect_args a = *(const struct tenon_fan_effect_args *)args;
	uint32_t own[512];
	for (size_t i = 0; i < a.n; i++)
		own[i] = a.fans[i] < 32 ? a.fans[i] % 16 : a.fans[i];
	a.fans = own;
	return scalar_fan_effect(&a, scratch);
}

static int silent_fan(const void *args, void *scratch)
{
	scalar_fan_effect(args, scratch);
	return TENON_OK;
}

static void the_self_tests_refuse_wrong_bodies(void **state)
{
	(void)state;
	struct why why;
	assert_int_equal(test_binding_decay(unclamped_binding, &why), TENON_EREFUSED);
	assert_non_null(strstr(why.text, "binding_decay: self-test"));
	assert_int_equal(test_binding_decay(sign_flipping_binding, &why), TENON_EREFUSED);
	assert_int_equal(test_fan_effect(signed_fans, &why), TENON_EREFUSED);
	assert_non_null(strstr(why.text, "fan_effect: self-test"));
	assert_int_equal(test_fan_effect(short_table, &why), TENON_EREFUSED);
	assert_int_equal(test_fan_effect(silent_fan, &why), TENON_EREFUSED);
	assert_int_equal(test_binding_decay(scalar_binding_decay, &why), 0);
	assert_int_equal(test_fan_effect(scalar_fan_effect, &why), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(linear_forgetting_is_exact_ieee),
		cmocka_unit_test(exponential_forgetting_is_within_its_bound),
		cmocka_unit_test(strengths_stay_between_0_and_1),
		cmocka_unit_test(what_is_forgotten_wholly_is_0),
		cmocka_unit_test(roots_and_quotients_are_exact_ieee),
		cmocka_unit_test(act_r_is_within_its_bound),
		cmocka_unit_test(a_fan_of_0_counts_as_1),
		cmocka_unit_test(large_fans_are_rounded_once),
		cmocka_unit_test(form_one_changes_nothing),
		cmocka_unit_test(what_is_not_finite_stays_and_is_reported),
		cmocka_unit_test(bad_arguments_of_bindings),
		cmocka_unit_test(bad_arguments_of_fans),
		cmocka_unit_test(no_elements_are_no_work),
		cmocka_unit_test(the_self_tests_refuse_wrong_bodies),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
