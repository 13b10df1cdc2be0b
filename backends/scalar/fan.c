/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Scalar reference of the fan effect; the arithmetic is in docs/NUMERICS.md. Pure.
 */
#include <float.h>
#include <math.h>

#include "backends/scalar/log.h"
#include "backends/scalar/scalar.h"

#define BLOCK 64 /* in cache: each step is a loop that compilers vectorise */

/* 0 counts as 1. */
static void convert_fans(const uint32_t *restrict fans, float *restrict fan, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fan[i] = (float)fans[i];
	for (size_t i = 0; i < n; i++)
		fan[i] = fan[i] < 1.0f ? 1.0f : fan[i];
}

static void share_linear(float *restrict a, const float *restrict fan, size_t n)
{
	for (size_t i = 0; i < n; i++)
		a[i] = a[i] / fan[i];
}

static void share_sqrt(float *restrict a, const float *restrict fan, size_t n)
{
	for (size_t i = 0; i < n; i++)
		a[i] = a[i] / sqrtf(fan[i]);
}

static void associate(float *restrict a, const float *restrict fan, size_t n, float weight, float strength)
{
	for (size_t i = 0; i < n; i++)
		a[i] = a[i] + weight * (strength - log_normal(fan[i]));
}

static int find_nonfinite(const float *a, size_t n)
{
	int bad = 0;
	for (size_t i = 0; i < n; i++)
		bad |= !(fabsf(a[i]) <= FLT_MAX);
	return bad;
}

int scalar_fan_effect(const void *args, void *scratch)
{
	const struct tenon_fan_effect_args *a = args;
	int bad = 0;
	(void)scratch;
	for (size_t i = 0; i < a->n; i += BLOCK) {
		size_t n = a->n - i < BLOCK ? a->n - i : BLOCK;
		float *activations = a->activations + i;
		float fan[BLOCK];
		convert_fans(a->fans + i, fan, n);
		if (a->form == TENON_FAN_LINEAR)
			share_linear(activations, fan, n);
		else if (a->form == TENON_FAN_SQRT)
			share_sqrt(activations, fan, n);
		else if (a->form == TENON_FAN_ACT_R)
			associate(activations, fan, n, a->weight, a->strength);
		bad |= find_nonfinite(activations, n);
	}
	return bad ? TENON_ENONFINITE : TENON_OK;
}
