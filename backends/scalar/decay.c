/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Scalar reference of the decay family; the arithmetic is in docs/NUMERICS.md. Pure.
 */
#include <float.h>
#include <math.h>

#include "backends/scalar/exp.h"
#include "backends/scalar/scalar.h"

/* No baseline ISA converts u64 in vectors; by blocks, the compiler can vectorise all the rest. */
#define BLOCK 64

static inline float decay_value(float value, float x, float floor)
{
	float y = value * exp_minus(x);
	y = fabsf(y) < FLT_MIN ? copysignf(0.0f, y) : y;
	y = x == 0.0f ? value : y;
	float least = value < floor ? value : floor;
	return least > y ? least : y;
}

/* Returns whether an output is not finite. */
static int decay_block(const float *restrict values, const float *restrict ages, float *restrict out, size_t n,
	float tau, float floor)
{
	int bad = 0;
	for (size_t i = 0; i < n; i++) {
		float y = decay_value(values[i], ages[i] / tau, floor);
		bad |= !(fabsf(y) <= FLT_MAX);
		out[i] = y;
	}
	return bad;
}

int scalar_decay_exponential(const void *args, void *scratch)
{
	const struct tenon_decay_exponential_args *a = args;
	float ages[BLOCK];
	int bad = 0;
	(void)scratch;
	for (size_t i = 0; i < a->n; i += BLOCK) {
		size_t n = a->n - i < BLOCK ? a->n - i : BLOCK;
		for (size_t j = 0; j < n; j++)
			ages[j] = (float)a->ages[i + j];
		bad |= decay_block(a->values + i, ages, a->out + i, n, a->tau, a->floor);
	}
	return bad ? TENON_ENONFINITE : TENON_OK;
}
