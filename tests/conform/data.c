/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Data without state; data.h says what it promises. Pure.
 */
#include "tests/conform/data.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define GOLDEN_GAMMA 0x9e3779b97f4a7c15u

/* The finaliser of SplitMix64. */
static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

uint64_t make_stream(uint64_t seed, uint32_t kernel, uint64_t number, unsigned buffer)
{
	return mix(mix(mix(mix(seed + GOLDEN_GAMMA) + kernel) + number) + buffer);
}

uint64_t draw_bits(uint64_t stream, uint64_t index)
{
	return mix(stream + index * GOLDEN_GAMMA);
}

float float_of_bits(uint32_t bits)
{
	float x;
	memcpy(&x, &bits, sizeof x);
	return x;
}

uint32_t bits_of_float(float x)
{
	uint32_t bits;
	memcpy(&bits, &x, sizeof bits);
	return bits;
}

static float make_edge(uint32_t random, enum fill fill)
{
	uint32_t sign = random & 0x80000000, mantissa = random & 0x7fffff, exponent = (random >> 8) % 60;
	switch (random >> 24 & (fill == FILL_WILD ? 7 : 5)) {
	case 0: return float_of_bits(sign);
	case 1: return float_of_bits(sign | mantissa >> (random >> 8) % 23);
	case 2: return float_of_bits(sign | 0x7f800000);
	case 3: return float_of_bits(sign | 0x7fc00000);
	case 4: return float_of_bits(sign | (1 + exponent) << 23 | mantissa);
	case 5: return float_of_bits(sign | (254 - exponent) << 23 | mantissa);
	case 6: return float_of_bits(sign | 0x3f800000);
	default: return float_of_bits(sign | 0x7f7fffff);
	}
}

float make_float(uint64_t random, enum fill fill)
{
	if (fill == FILL_WHOLE)
		return (float)(int)(random >> 40 & 15) - 8;
	if (fill != FILL_PLAIN && random >> 61 == 0)
		return make_edge((uint32_t)random, fill);
	return (float)((int32_t)random >> 8) * 0x1p-23f;
}

void fill_floats(float *out, size_t count, uint64_t stream, enum fill fill)
{
	for (size_t i = 0; i < count; i++)
		out[i] = make_float(draw_bits(stream, i), fill);
}

float get_lone_value(int64_t number)
{
	static const float values[LONE_VALUES] = {NAN,       INFINITY,          -INFINITY,      -0.0f,         0,
						  0x1p-149f, -0x1.fffffcp-127f, -0x1p-126f,     FLT_MAX,       -FLT_MAX,
						  0x1p64f,   0x1p-64f,          0x1.fffffep-1f, 0x1.000002p0f, -1,
						  0x1p-75f};
	return values[(uint64_t)number % LONE_VALUES];
}

/* A number between two floats, exactly in the middle or one beside it: rounding twice or not at all shows. */
static uint64_t make_tie(uint64_t random)
{
	int shift = 1 + (int)(random % 40);
	uint64_t kept = 0x800000 | (random >> 8 & 0x7fffff), half = (uint64_t)1 << (shift - 1);
	return (kept << shift) + half + (random >> 62) - 1;
}

uint64_t make_age(uint64_t random)
{
	static const uint64_t edges[] = {0,
					 1,
					 0xffffff,
					 0x1000000,
					 0x1000001,
					 0x7fffffff,
					 0x80000000,
					 0xffffffff,
					 0x100000000,
					 0x1fffffffffffff,
					 0x20000000000000,
					 0x20000000000001,
					 INT64_MAX,
					 (uint64_t)INT64_MAX + 1,
					 0x80000080000000ff,
					 UINT64_MAX};
	uint64_t more = draw_bits(random, 1);
	switch (random & 7) {
	case 0: return edges[more & 15];
	case 1: return make_tie(more);
	case 2: return more >> (random >> 3 & 63);
	default: return more >> 40;
	}
}
