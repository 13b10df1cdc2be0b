/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the cosines of the ISA backends share: when a squared norm is ordinary, and how a vector is scaled
 * where it is not (vector_similarity in docs/NUMERICS.md). Pure.
 */
#ifndef BACKENDS_SHARED_NORM_H
#define BACKENDS_SHARED_NORM_H

#include <float.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* v[i] stands for v[i] * up * more: a power of two that may exceed what one float can hold. */
struct scale {
	float up, more;
};

#define NOT_FINITE 0x7f800000u

/* The largest |v[i*step]| as bits, which order like the values; NOT_FINITE and above: there is an infinity or a NaN. */
static inline uint32_t largest(const float *v, size_t n, size_t step)
{
	uint32_t max = 0;
	for (size_t i = 0; i < n; i++) {
		uint32_t bits;
		memcpy(&bits, v + i * step, sizeof bits);
		bits &= 0x7fffffff;
		max = bits > max ? bits : max;
	}
	return max;
}

static inline float power_of_two(int exponent)
{
	uint32_t bits = exponent >= -126 ? (uint32_t)(exponent + 127) << 23 : 1u << (exponent + 149);
	float power;
	memcpy(&power, &bits, sizeof power);
	return power;
}

/* The power of two that brings a positive finite magnitude, given as bits, into [1, 2). */
static inline struct scale scale_of(uint32_t bits)
{
	int exponent = bits >> 23 ? (int)(bits >> 23) - 127 : 31 - __builtin_clz(bits) - 149;
	int first = exponent < -127 ? 127 : -exponent;
	return (struct scale){power_of_two(first), power_of_two(-exponent - first)};
}

static inline int is_ordinary(float squared_norm)
{
	return squared_norm >= 0x1p-100f && squared_norm <= FLT_MAX;
}

static inline float clamp(float x)
{
	return x < -1 ? -1 : (x > 1 ? 1 : x);
}

#endif
