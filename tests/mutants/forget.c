/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Broken kernels of decay and of what changes arrays in place; mutants.def says what is wrong with each.
 */
#include <float.h>
#include <math.h>

#include "backends/scalar/exp.h"
#include "tests/mutants/mutant.h"

/* The steps of one element; a mutant replaces one of them. */
struct steps {
	float (*convert)(uint64_t age);
	float (*divide)(float age, float tau);
	float (*exp)(float x);
	float (*flush)(float y, float x, float value);
	float (*floor)(float y, float value, float floor);
};

static float convert(uint64_t age)
{
	return (float)age;
}
static float convert_signed(uint64_t age)
{
	return (float)(int64_t)age;
}
static float convert_32_bits(uint64_t age)
{
	return (float)(uint32_t)age;
}
static float convert_twice(uint64_t age)
{
	return (float)(double)age;
}

static float divide(float age, float tau)
{
	return age / tau;
}
static float divide_half_life(float age, float tau)
{
	return age / tau * 0x1.62e43p-1f;
}
static float divide_reciprocal(float age, float tau)
{
	return age * (1 / tau);
}

static float exp_taylor(float x)
{
	return 1 - x + x * x / 2 - x * x * x / 6;
}
static float exp_libm(float x)
{
	return expf(-x);
}

static float flush(float y, float x, float value)
{
	y = fabsf(y) < FLT_MIN ? copysignf(0, y) : y;
	return x == 0 ? value : y;
}

static float flush_keeps(float y, float x, float value)
{
	return x == 0 ? value : y;
}
static float flush_positive(float y, float x, float value)
{
	return x == 0 ? value : fabsf(y) < FLT_MIN ? 0 : y;
}
static float flush_fresh(float y, float x, float value)
{
	(void)x;
	(void)value;
	return fabsf(y) < FLT_MIN ? copysignf(0, y) : y;
}

static float raise(float y, float value, float floor)
{
	float least = value < floor ? value : floor;
	return least > y ? least : y;
}

static float raise_value(float y, float value, float floor)
{
	(void)value;
	return floor > y ? floor : y;
}

static float raise_nan(float y, float value, float floor)
{
	return fmaxf(y, fminf(value, floor));
}

static int run_decay(const struct tenon_decay_exponential_args *a, const struct steps *s)
{
	int status = TENON_OK;
	for (size_t i = 0; i < a->n; i++) {
		float x = s->divide(s->convert(a->ages[i]), a->tau);
		float y = s->flush(a->values[i] * s->exp(x), x, a->values[i]);
		a->out[i] = s->floor(y, a->values[i], a->floor);
		status = fabsf(a->out[i]) <= FLT_MAX ? status : TENON_ENONFINITE;
	}
	return status;
}

#define DECAY_MUTANT(name, ...)                                  \
	int mutant_##name(const void *args, void *scratch)       \
	{                                                        \
		static const struct steps steps = {__VA_ARGS__}; \
		(void)scratch;                                   \
		return run_decay(args, &steps);                  \
	}                                                        \
	_Static_assert(1, "")

DECAY_MUTANT(good_decay, convert, divide, exp_minus, flush, raise);
DECAY_MUTANT(signed_age, convert_signed, divide, exp_minus, flush, raise);
DECAY_MUTANT(age_32_bits, convert_32_bits, divide, exp_minus, flush, raise);
DECAY_MUTANT(rounds_age_twice, convert_twice, divide, exp_minus, flush, raise);
DECAY_MUTANT(tau_is_half_life, convert, divide_half_life, exp_minus, flush, raise);
DECAY_MUTANT(reciprocal_of_tau, convert, divide_reciprocal, exp_minus, flush, raise);
DECAY_MUTANT(taylor_exp, convert, divide, exp_taylor, flush, raise);
DECAY_MUTANT(exp_of_libm, convert, divide, exp_libm, flush, raise);
DECAY_MUTANT(keeps_subnormals, convert, divide, exp_minus, flush_keeps, raise);
DECAY_MUTANT(flush_loses_sign, convert, divide, exp_minus, flush_positive, raise);
DECAY_MUTANT(flushes_fresh_values, convert, divide, exp_minus, flush_fresh, raise);
DECAY_MUTANT(floor_raises, convert, divide, exp_minus, flush, raise_value);
DECAY_MUTANT(floor_hides_nan, convert, divide, exp_minus, flush, raise_nan);

/* ---- In place ---------------------------------------------------------------------------------------------------- */

static float clamp(float x)
{
	return x < 0 ? 0 : x > 1 ? 1 : x;
}
static float keep(float x)
{
	return x;
}
static float clamp_nan(float x)
{
	return fminf(1, fmaxf(0, x));
}

static int run_binding(const struct tenon_binding_decay_args *a, float least, float (*end)(float x))
{
	float lost = a->rate * a->dt, kept = 1 - lost < least ? least : 1 - lost;
	int status = TENON_OK;
	if (a->form == TENON_FORGETTING_EXPONENTIAL)
		kept = exp_minus(lost);
	for (size_t i = 0; i < a->n; i++) {
		a->strengths[i] = end(a->strengths[i] * kept);
		status = a->strengths[i] - a->strengths[i] == 0 ? status : TENON_ENONFINITE;
	}
	return status;
}

#define BINDING_MUTANT(name, least, end)                   \
	int mutant_##name(const void *args, void *scratch) \
	{                                                  \
		(void)scratch;                             \
		return run_binding(args, least, end);      \
	}                                                  \
	_Static_assert(1, "")

BINDING_MUTANT(good_binding, 0, clamp);
BINDING_MUTANT(euler_flips_sign, -INFINITY, keep);
BINDING_MUTANT(binding_no_clamp, 0, keep);
BINDING_MUTANT(binding_clamps_nan, 0, clamp_nan);

static float count_fan(uint32_t fan)
{
	return fan ? (float)fan : 1;
}
static float count_fan_signed(uint32_t fan)
{
	return fan ? (float)(int32_t)fan : 1;
}
static float count_fan_zero(uint32_t fan)
{
	return (float)fan;
}
static float by_quotient(float a, float d)
{
	return a / d;
}
static float by_reciprocal(float a, float d)
{
	return a * (1 / d);
}

/* All forms but ACT_R, which is scalar's. */
static int run_fans(const struct tenon_fan_effect_args *a, void *scratch, float (*count)(uint32_t fan),
		    float (*divide)(float a, float d))
{
	int status = TENON_OK;
	if (a->form == TENON_FAN_ACT_R)
		return scalar_fan_effect(a, scratch);
	for (size_t i = 0; i < a->n; i++) {
		float d = count(a->fans[i]);
		if (a->form != TENON_FAN_ONE)
			a->activations[i] = divide(a->activations[i], a->form == TENON_FAN_SQRT ? sqrtf(d) : d);
		status = fabsf(a->activations[i]) <= FLT_MAX ? status : TENON_ENONFINITE;
	}
	return status;
}

#define FAN_MUTANT(name, count, divide)                        \
	int mutant_##name(const void *args, void *scratch)     \
	{                                                      \
		return run_fans(args, scratch, count, divide); \
	}                                                      \
	_Static_assert(1, "")

FAN_MUTANT(good_fan, count_fan, by_quotient);
FAN_MUTANT(fan_is_signed, count_fan_signed, by_quotient);
FAN_MUTANT(fan_of_zero, count_fan_zero, by_quotient);
FAN_MUTANT(fan_reciprocal, count_fan, by_reciprocal);
