/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The canonical ln(x), docs/NUMERICS.md: at most 0.88 ulp for x > 0 (make check-exp). Scalar files only; pure.
 */
#ifndef BACKENDS_SCALAR_LOG_H
#define BACKENDS_SCALAR_LOG_H

#include <float.h>
#include <stdint.h>
#include <string.h>

#include "backends/shared/log_constants.h"

/* ln(x * 2^(127 - bias)) for x from 2^-126 up to FLT_MAX. */
static inline float log_scaled(float x, float bias)
{
	uint32_t bits;
	float m;
	memcpy(&bits, &x, sizeof bits);
	bits += 0x3f800000 - LOG_FIRST;
	float k = (float)(int32_t)(bits >> 23) - bias;
	bits = (bits & 0x7fffff) + LOG_FIRST;
	memcpy(&m, &bits, sizeof m);
	float f = m - 1.0f;
	float square = f * f;
	float q = LOG_C10 * square + (LOG_C9 * f + LOG_C8);
	q = q * square + (LOG_C7 * f + LOG_C6);
	q = q * square + (LOG_C5 * f + LOG_C4);
	q = (q * f + LOG_C3) * f + LOG_C2;
	return k * LOG_LN2_HIGH + ((square * q + k * LOG_LN2_LOW) + f);
}

/* ln(x) for x from 2^-126 up to FLT_MAX. */
static inline float log_normal(float x)
{
	return log_scaled(x, 127.0f);
}

/* ln(x) for every x > 0: +Inf for +Inf, NaN for NaN. */
static inline float log_of(float x)
{
	float y = x < FLT_MIN ? log_scaled(x * 0x1p23f, 150.0f) : log_normal(x);
	return x <= FLT_MAX ? y : x;
}

#endif
