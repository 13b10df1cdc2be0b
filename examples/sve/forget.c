/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * What is done element by element: the decay family, binding_decay, fan_effect. One loop each, its last round under a
 * mask. Pure.
 */
#include <float.h>
#include <math.h>

#include "functions.h"

/* ---- The decay family ------------------------------------------------------------------------------------------------ */

enum law { LAW_EXPONENTIAL, LAW_POWER, LAW_TWO_COMPONENT };

/* A call in progress: ages are divided by unit (of each item: stabilities), rate is beta or lambda. */
struct decay {
	const float *values, *stabilities;
	const uint64_t *ages;
	float *out;
	size_t n;
	float unit, rate, floor;
};

/* Each rounded once: halves of a vector become the even floats of one, which are put together. */
SVE_INLINE svfloat32_t load_ages(svbool_t on, const uint64_t *ages)
{
	svbool_t low = svunpklo_b(on), high = svunpkhi_b(on);
	svfloat32_t a = svcvt_f32_u64_x(low, svld1_u64(low, ages));
	svfloat32_t b = svcvt_f32_u64_x(high, svld1_u64(high, ages + svcntd()));
	return svuzp1_f32(a, b);
}

/* The argument of exp. */
SVE_INLINE svfloat32_t find_argument(svbool_t on, const struct decay *d, size_t i, enum law law)
{
	svfloat32_t age = load_ages(on, d->ages + i), x;
	if (law == LAW_TWO_COMPONENT) {
		svfloat32_t stability = svld1_f32(on, d->stabilities + i);
		x = svsel_f32(svcmpgt_n_f32(on, stability, 0), svdiv_f32_x(on, age, stability), svdup_f32(NAN));
	} else {
		x = svdiv_n_f32_x(on, age, d->unit);
	}
	if (law == LAW_EXPONENTIAL)
		return x;
	x = select_min(on, svdup_f32(FLT_MAX), x);
	if (law == LAW_POWER)
		x = log_normal(on, svadd_n_f32_x(on, x, 1), 127);
	return svmul_n_f32_x(on, x, d->rate);
}

SVE_INLINE int decay_all(const struct decay *d, enum law law)
{
	svbool_t bad = svpfalse_b();
	for (size_t i = 0; i < d->n; i += svcntw()) {
		svbool_t on = svwhilelt_b32_u64(i, d->n);
		svfloat32_t value = svld1_f32(on, d->values + i), z = find_argument(on, d, i, law);
		svfloat32_t y = svmul_f32_x(on, value, exp_minus(on, z));
		svfloat32_t none = svreinterpret_f32_u32(svand_n_u32_x(on, svreinterpret_u32_f32(y), 0x80000000u));
		y = svsel_f32(svaclt_n_f32(on, y, FLT_MIN), none, y);
		y = svsel_f32(svcmpeq_n_f32(on, z, 0), value, y);
		y = select_max(on, select_min(on, value, svdup_f32(d->floor)), y);
		bad = svorr_b_z(svptrue_b32(), bad, not_finite(on, y));
		svst1_f32(on, d->out + i, y);
	}
	return svptest_any(svptrue_b32(), bad) ? TENON_ENONFINITE : TENON_OK;
}

int sve_decay_exponential(const void *args, void *scratch)
{
	const struct tenon_decay_exponential_args *a = args;
	const struct decay d = {
		.values = a->values, .ages = a->ages, .out = a->out, .n = a->n, .unit = a->tau, .floor = a->floor};
	(void)scratch;
	return decay_all(&d, LAW_EXPONENTIAL);
}

int sve_decay_power_law(const void *args, void *scratch)
{
	const struct tenon_decay_power_law_args *a = args;
	const struct decay d = {.values = a->values,
				.ages = a->ages,
				.out = a->out,
				.n = a->n,
				.unit = a->t0,
				.rate = a->beta,
				.floor = a->floor};
	(void)scratch;
	return decay_all(&d, LAW_POWER);
}

int sve_decay_two_component(const void *args, void *scratch)
{
	const struct tenon_decay_two_component_args *a = args;
	const struct decay d = {.values = a->values,
				.ages = a->ages,
				.stabilities = a->stabilities,
				.out = a->out,
				.n = a->n,
				.rate = 0 - log_one(a->base),
				.floor = a->floor};
	(void)scratch;
	return decay_all(&d, LAW_TWO_COMPONENT);
}

/* ---- binding_decay --------------------------------------------------------------------------------------------------- */

static float find_kept(const struct tenon_binding_decay_args *a)
{
	float lost = a->rate * a->dt;
	if (a->form == TENON_FORGETTING_EXPONENTIAL)
		return exp_minus_one(lost);
	return 1 - lost < 0 ? 0 : 1 - lost;
}

int sve_binding_decay(const void *args, void *scratch)
{
	const struct tenon_binding_decay_args *a = args;
	const svfloat32_t kept = svdup_f32(find_kept(a));
	svbool_t bad = svpfalse_b();
	(void)scratch;
	for (size_t i = 0; i < a->n; i += svcntw()) {
		svbool_t on = svwhilelt_b32_u64(i, a->n);
		svfloat32_t y = svmul_f32_x(on, svld1_f32(on, a->strengths + i), kept);
		bad = svorr_b_z(svptrue_b32(), bad, svcmpuo_f32(on, y, y));
		y = select_max(on, svdup_f32(0), select_min(on, svdup_f32(1), y));
		svst1_f32(on, a->strengths + i, y);
	}
	return svptest_any(svptrue_b32(), bad) ? TENON_ENONFINITE : TENON_OK;
}

/* ---- fan_effect ------------------------------------------------------------------------------------------------------ */

SVE_INLINE svfloat32_t divide_fan(svbool_t on, const struct tenon_fan_effect_args *a, svfloat32_t x, svuint32_t fan,
				  uint32_t form)
{
	svfloat32_t f = svcvt_f32_u32_x(on, svmax_n_u32_x(on, fan, 1));
	switch (form) {
	case TENON_FAN_LINEAR: return svdiv_f32_x(on, x, f);
	case TENON_FAN_SQRT: return svdiv_f32_x(on, x, svsqrt_f32_x(on, f));
	case TENON_FAN_ACT_R:
		f = svsubr_n_f32_x(on, log_normal(on, f, 127), a->strength);
		return svadd_f32_x(on, x, svmul_n_f32_x(on, f, a->weight));
	default: return x;
	}
}

SVE_INLINE int fan_all(const struct tenon_fan_effect_args *a, uint32_t form)
{
	svbool_t bad = svpfalse_b();
	for (size_t i = 0; i < a->n; i += svcntw()) {
		svbool_t on = svwhilelt_b32_u64(i, a->n);
		svfloat32_t x = svld1_f32(on, a->activations + i);
		x = divide_fan(on, a, x, svld1_u32(on, a->fans + i), form);
		bad = svorr_b_z(svptrue_b32(), bad, not_finite(on, x));
		svst1_f32(on, a->activations + i, x);
	}
	return svptest_any(svptrue_b32(), bad) ? TENON_ENONFINITE : TENON_OK;
}

int sve_fan_effect(const void *args, void *scratch)
{
	const struct tenon_fan_effect_args *a = args;
	(void)scratch;
	switch (a->form) {
	case TENON_FAN_LINEAR: return fan_all(a, TENON_FAN_LINEAR);
	case TENON_FAN_SQRT: return fan_all(a, TENON_FAN_SQRT);
	case TENON_FAN_ACT_R: return fan_all(a, TENON_FAN_ACT_R);
	default: return fan_all(a, TENON_FAN_ONE);
	}
}
