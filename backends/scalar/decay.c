/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Scalar reference of the decay family; the arithmetic is in docs/NUMERICS.md. Pure.
 */
#include <float.h>
#include <math.h>

#include "backends/scalar/exp.h"
#include "backends/scalar/log.h"
#include "backends/scalar/scalar.h"

/*
 * The steps run one after the other over blocks that stay in cache: compilers vectorise all but the conversion, which no
 * baseline ISA has in vectors, while a loop with all conditions at once becomes a tangle of masks.
 */
#define BLOCK 64

static size_t block_size(size_t i, size_t n)
{
	return n - i < BLOCK ? n - i : BLOCK;
}

/* ---- Fading: value * E(z) ---------------------------------------------------------------------------------------- */

static void convert_ages(const uint64_t *restrict ages, float *restrict x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		x[i] = (float)ages[i];
}

static void divide_by(float *x, size_t n, float unit)
{
	for (size_t i = 0; i < n; i++)
		x[i] = x[i] / unit;
}

static void limit(float *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		x[i] = x[i] > FLT_MAX ? FLT_MAX : x[i];
}

static void multiply_exp(const float *restrict values, const float *restrict z, float *restrict y, size_t n)
{
	for (size_t i = 0; i < n; i++)
		y[i] = values[i] * exp_minus(z[i]);
}

/* Flushes subnormals, but gives the value back where z is 0. */
static void flush_products(const float *restrict values, const float *restrict z, float *restrict y, size_t n)
{
	for (size_t i = 0; i < n; i++)
		y[i] = fabsf(y[i]) < FLT_MIN ? copysignf(0.0f, y[i]) : y[i];
	for (size_t i = 0; i < n; i++)
		y[i] = z[i] == 0.0f ? values[i] : y[i];
}

/* Returns whether an output is not finite. */
static int raise_to_floor(const float *restrict values, const float *restrict y, float *restrict out, size_t n,
			  float floor)
{
	int bad = 0;
	for (size_t i = 0; i < n; i++) {
		float least = values[i] < floor ? values[i] : floor;
		out[i] = least > y[i] ? least : y[i];
	}
	for (size_t i = 0; i < n; i++)
		bad |= !(fabsf(out[i]) <= FLT_MAX);
	return bad;
}

static int fade(const float *values, const float *z, float *out, size_t n, float floor)
{
	float y[BLOCK];
	multiply_exp(values, z, y, n);
	flush_products(values, z, y, n);
	return raise_to_floor(values, y, out, n, floor);
}

/* ---- The laws: what z is ----------------------------------------------------------------------------------------- */

int scalar_decay_exponential(const void *args, void *scratch)
{
	const struct tenon_decay_exponential_args *a = args;
	int bad = 0;
	(void)scratch;
	for (size_t i = 0; i < a->n; i += BLOCK) {
		size_t n = block_size(i, a->n);
		float z[BLOCK];
		convert_ages(a->ages + i, z, n);
		divide_by(z, n, a->tau);
		bad |= fade(a->values + i, z, a->out + i, n, a->floor);
	}
	return bad ? TENON_ENONFINITE : TENON_OK;
}

int scalar_decay_power_law(const void *args, void *scratch)
{
	const struct tenon_decay_power_law_args *a = args;
	int bad = 0;
	(void)scratch;
	for (size_t i = 0; i < a->n; i += BLOCK) {
		size_t n = block_size(i, a->n);
		float z[BLOCK];
		convert_ages(a->ages + i, z, n);
		divide_by(z, n, a->t0);
		limit(z, n);
		for (size_t k = 0; k < n; k++)
			z[k] = a->beta * log_normal(1.0f + z[k]);
		bad |= fade(a->values + i, z, a->out + i, n, a->floor);
	}
	return bad ? TENON_ENONFINITE : TENON_OK;
}

static void divide_by_stabilities(float *restrict x, const float *restrict stabilities, size_t n)
{
	for (size_t i = 0; i < n; i++)
		x[i] = stabilities[i] > 0.0f ? x[i] / stabilities[i] : NAN;
}

int scalar_decay_two_component(const void *args, void *scratch)
{
	const struct tenon_decay_two_component_args *a = args;
	const float lambda = 0.0f - log_of(a->base);
	int bad = 0;
	(void)scratch;
	for (size_t i = 0; i < a->n; i += BLOCK) {
		size_t n = block_size(i, a->n);
		float z[BLOCK];
		convert_ages(a->ages + i, z, n);
		divide_by_stabilities(z, a->stabilities + i, n);
		limit(z, n);
		for (size_t k = 0; k < n; k++)
			z[k] = z[k] * lambda;
		bad |= fade(a->values + i, z, a->out + i, n, a->floor);
	}
	return bad ? TENON_ENONFINITE : TENON_OK;
}

/* ---- Bindings ---------------------------------------------------------------------------------------------------- */

static float keep_linear(float lost)
{
	float kept = 1.0f - lost;
	return kept < 0.0f ? 0.0f : kept;
}

int scalar_binding_decay(const void *args, void *scratch)
{
	const struct tenon_binding_decay_args *a = args;
	const float lost = a->rate * a->dt;
	const float kept = a->form == TENON_FORGETTING_LINEAR ? keep_linear(lost) : exp_minus(lost);
	int bad = 0;
	(void)scratch;
	for (size_t i = 0; i < a->n; i++) {
		float y = a->strengths[i] * kept;
		y = y < 0.0f ? 0.0f : (y > 1.0f ? 1.0f : y);
		bad |= y != y;
		a->strengths[i] = y;
	}
	return bad ? TENON_ENONFINITE : TENON_OK;
}
