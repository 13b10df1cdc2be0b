/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Scalar reference of the decay family; the arithmetic is in docs/NUMERICS.md. Pure.
 */
#include <float.h>
#include <math.h>

#include "backends/scalar/exp.h"
#include "backends/scalar/scalar.h"

/*
 * The steps run one after the other over blocks that stay in cache: compilers vectorise all but the conversion, which no
 * baseline ISA has in vectors, while a loop with all conditions at once becomes a tangle of masks.
 */
#define BLOCK 64

static void divide_ages(const uint64_t *restrict ages, float *restrict x, size_t n, float tau)
{
	for (size_t i = 0; i < n; i++)
		x[i] = (float)ages[i];
	for (size_t i = 0; i < n; i++)
		x[i] = x[i] / tau;
}

static void multiply_exp(const float *restrict values, const float *restrict x, float *restrict y, size_t n)
{
	for (size_t i = 0; i < n; i++)
		y[i] = values[i] * exp_minus(x[i]);
}

/* Flushes subnormals, but gives the value back where x is 0. */
static void flush_products(const float *restrict values, const float *restrict x, float *restrict y, size_t n)
{
	for (size_t i = 0; i < n; i++)
		y[i] = fabsf(y[i]) < FLT_MIN ? copysignf(0.0f, y[i]) : y[i];
	for (size_t i = 0; i < n; i++)
		y[i] = x[i] == 0.0f ? values[i] : y[i];
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

int scalar_decay_exponential(const void *args, void *scratch)
{
	const struct tenon_decay_exponential_args *a = args;
	int bad = 0;
	(void)scratch;
	for (size_t i = 0; i < a->n; i += BLOCK) {
		size_t n = a->n - i < BLOCK ? a->n - i : BLOCK;
		float x[BLOCK], y[BLOCK];
		divide_ages(a->ages + i, x, n, a->tau);
		multiply_exp(a->values + i, x, y, n);
		flush_products(a->values + i, x, y, n);
		bad |= raise_to_floor(a->values + i, y, a->out + i, n, a->floor);
	}
	return bad ? TENON_ENONFINITE : TENON_OK;
}
