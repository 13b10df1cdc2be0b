/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Data without state: element i of buffer b of a case is a hash of (seed, kernel, case, b, i), made with exact
 * operations only. So one token replays a case anywhere, and a shorter case is a prefix of a longer one. Pure.
 */
#ifndef CONFORM_DATA_H
#define CONFORM_DATA_H

#include <stddef.h>
#include <stdint.h>

/* Where a stream of values starts; draw_bits(stream, i) is its element i. */
uint64_t make_stream(uint64_t seed, uint32_t kernel, uint64_t number, unsigned buffer);
uint64_t draw_bits(uint64_t stream, uint64_t index);

/*
 * Values as kernels meet them. PLAIN: [-1, 1). EDGE: one in eight is +-0, subnormal, tiny or huge. WILD: or +-1,
 * +-FLT_MAX, an infinity or a NaN. WHOLE: small whole numbers, whose sums are exact in any order.
 */
enum fill { FILL_PLAIN, FILL_EDGE, FILL_WILD, FILL_WHOLE, FILL_COUNT };
float make_float(uint64_t random, enum fill fill);
void fill_floats(float *out, size_t count, uint64_t stream, enum fill fill);

/* Values that each lane should meet: NaN, infinities, zeros, subnormals, FLT_MAX, 1 +- an ulp, and so on. */
enum { LONE_VALUES = 16 };
float get_lone_value(int64_t number);

/* Ages where conversions round wrong or twice, and any age, of every width. */
uint64_t make_age(uint64_t random);

float float_of_bits(uint32_t bits);
uint32_t bits_of_float(float x);

#endif
