/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The canonical exp(-x), docs/NUMERICS.md: at most 0.99 ulp for x >= 0 (make check-exp). Scalar files only; pure.
 */
#ifndef BACKENDS_SCALAR_EXP_H
#define BACKENDS_SCALAR_EXP_H

#include <stdint.h>
#include <string.h>

#include "backends/shared/exp_constants.h"

/* exp(-x) for x >= 0: +0 below 2^-126 and for +Inf, NaN for NaN. */
static inline float exp_minus(float x)
{
	/* The low bits of shifted hold 127 - n, in the place of an exponent they are 2^-n. */
	float shifted = EXP_ROUND - x * EXP_LOG2E;
	float n = EXP_ROUND - shifted;
	float r = (n * EXP_LN2_HIGH - x) + n * EXP_LN2_LOW;
	float q = (((EXP_C6 * r + EXP_C5) * r + EXP_C4) * r + EXP_C3) * r + EXP_C2;
	float p = ((r * r) * q + r) + 1.0f;
	uint32_t bits;
	float power;
	memcpy(&bits, &shifted, sizeof bits);
	bits <<= 23;
	memcpy(&power, &bits, sizeof power);
	return x > EXP_LAST ? 0.0f : p * power;
}

#endif
