/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the cosines of the scalar reference share: the canonical sum over 32 virtual lanes, when a squared norm is
 * ordinary, and how a vector is scaled where it is not (vector_similarity in docs/NUMERICS.md). Scalar files only; pure.
 */
#ifndef BACKENDS_SCALAR_NORM_H
#define BACKENDS_SCALAR_NORM_H

#include <float.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* v[i] stands for v[i] * up * more: a power of two that may exceed what one float can hold. */
struct scale {
	float up, more;
};

static const struct scale unscaled = {1, 1};

#define NOT_FINITE 0x7f800000u

/* The largest |v[i*step]| as bits, which order like the values; NOT_FINITE and above: there is an infinity or a NaN. */
static inline uint32_t largest(const float *v, size_t n, size_t step)
{
	uint32_t max = 0;
	for (size_t i = 0; i < n; i++) {
		uint32_t bits;
		memcpy(&bits, &v[i * step], sizeof bits);
		bits &= 0x7fffffff;
		max = bits > max ? bits : max;
	}
	return max;
}

/* The power of two that brings a magnitude, given as the bits of a positive finite float, into [1, 2). */
static inline struct scale scale_of(uint32_t bits)
{
	int exponent;
	float magnitude;
	memcpy(&magnitude, &bits, sizeof magnitude);
	frexpf(magnitude, &exponent);
	int up = 1 - exponent;
	return (struct scale){ldexpf(1, up > 127 ? 127 : up), ldexpf(1, up > 127 ? up - 127 : 0)};
}

static inline int is_ordinary(float squared_norm)
{
	return squared_norm >= 0x1p-100f && squared_norm <= FLT_MAX;
}

static inline float clamp(float x)
{
	return x < -1 ? -1 : (x > 1 ? 1 : x);
}

#define LANES 32

static inline float fold(float lane[LANES])
{
	for (int w = LANES / 2; w; w /= 2)
		for (int j = 0; j < w; j++)
			lane[j] += lane[j + w];
	return lane[0];
}

/* The canonical sum of a[i]*b[i]. */
static inline float dot(const float *a, const float *b, size_t n)
{
	float lane[LANES] = {0};
	size_t i = 0;
	for (; i + LANES <= n; i += LANES)
		for (int j = 0; j < LANES; j++)
			lane[j] += a[i + j] * b[i + j];
	for (size_t j = 0; j < n - i; j++)
		lane[j] += a[i + j] * b[i + j];
	return fold(lane);
}

/* The canonical sum of the squares of v[i*step], scaled. */
static inline float scaled_norm(const float *v, size_t step, struct scale by, size_t n)
{
	float lane[LANES] = {0};
	for (size_t i = 0; i < n; i++) {
		float x = v[i * step] * by.up * by.more;
		lane[i % LANES] += x * x;
	}
	return fold(lane);
}

#endif
