/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The vector of avx2: 8 floats in a ymm register. The bodies in backends/shared/ are written over these names, which
 * every vec.h defines alike; each operation is one correctly rounded IEEE operation a lane, or moves bits. Everything
 * is static, so that the linker cannot merge the copies of two ISAs. Pure.
 */
#ifndef BACKENDS_AVX2_VEC_H
#define BACKENDS_AVX2_VEC_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define VEC_LANES 8

typedef __m256 vec;      /* VEC_LANES floats */
typedef __m256i vec_int; /* VEC_LANES 32-bit integers */
typedef __m256 vec_mask; /* VEC_LANES booleans: all bits of a lane */

static inline vec vec_set(float x) { return _mm256_set1_ps(x); }
static inline vec vec_load(const float *p) { return _mm256_loadu_ps(p); }
static inline void vec_store(float *p, vec a) { _mm256_storeu_ps(p, a); }

/* The mask of the first n lanes, n at most VEC_LANES. */
static inline vec_mask vec_first(size_t n)
{
	__m256i index = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
	return _mm256_castsi256_ps(_mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), index));
}

/* The first n floats, n at most VEC_LANES; touches nothing behind them. The other lanes are +0. */
static inline vec vec_load_first(const float *p, size_t n)
{
	return _mm256_maskload_ps(p, _mm256_castps_si256(vec_first(n)));
}
static inline void vec_store_first(float *p, size_t n, vec a)
{
	_mm256_maskstore_ps(p, _mm256_castps_si256(vec_first(n)), a);
}

static inline vec vec_add(vec a, vec b) { return _mm256_add_ps(a, b); }
static inline vec vec_sub(vec a, vec b) { return _mm256_sub_ps(a, b); }
static inline vec vec_mul(vec a, vec b) { return _mm256_mul_ps(a, b); }
static inline vec vec_div(vec a, vec b) { return _mm256_div_ps(a, b); }
static inline vec vec_sqrt(vec a) { return _mm256_sqrt_ps(a); }

/* Comparisons: false where either side is a NaN. */
static inline vec_mask vec_less(vec a, vec b) { return _mm256_cmp_ps(a, b, _CMP_LT_OQ); }
static inline vec_mask vec_less_equal(vec a, vec b) { return _mm256_cmp_ps(a, b, _CMP_LE_OQ); }
static inline vec_mask vec_equal(vec a, vec b) { return _mm256_cmp_ps(a, b, _CMP_EQ_OQ); }

static inline vec_mask mask_and(vec_mask a, vec_mask b) { return _mm256_and_ps(a, b); }
static inline vec_mask mask_or(vec_mask a, vec_mask b) { return _mm256_or_ps(a, b); }
static inline vec_mask mask_not(vec_mask a)
{
	return _mm256_xor_ps(a, _mm256_castsi256_ps(_mm256_set1_epi32(-1)));
}
/* Bit i is lane i. */
static inline uint32_t mask_bits(vec_mask a) { return (uint32_t)_mm256_movemask_ps(a); }
static inline int mask_any(vec_mask a) { return _mm256_movemask_ps(a) != 0; }

/* yes where the mask is set, else no. */
static inline vec vec_select(vec_mask mask, vec yes, vec no) { return _mm256_blendv_ps(no, yes, mask); }
static inline vec_int int_select(vec_mask mask, vec_int yes, vec_int no)
{
	return _mm256_blendv_epi8(no, yes, _mm256_castps_si256(mask));
}

static inline vec_int int_set(int32_t x) { return _mm256_set1_epi32(x); }
static inline vec_int int_load(const int32_t *p) { return _mm256_loadu_si256((const __m256i *)p); }
static inline vec_int int_add(vec_int a, vec_int b) { return _mm256_add_epi32(a, b); }
static inline vec_int int_sub(vec_int a, vec_int b) { return _mm256_sub_epi32(a, b); }
static inline vec_int int_and(vec_int a, vec_int b) { return _mm256_and_si256(a, b); }
static inline vec_int int_or(vec_int a, vec_int b) { return _mm256_or_si256(a, b); }
static inline vec_mask int_equal(vec_int a, vec_int b) { return _mm256_castsi256_ps(_mm256_cmpeq_epi32(a, b)); }
#define int_shift_left(a, count) _mm256_slli_epi32(a, count)
#define int_shift_right(a, count) _mm256_srli_epi32(a, count)

/* The nearest float, ties to even. */
static inline vec int_to_vec(vec_int a) { return _mm256_cvtepi32_ps(a); }

/* The same bits. */
static inline vec_int vec_as_int(vec a) { return _mm256_castps_si256(a); }
static inline vec int_as_vec(vec_int a) { return _mm256_castsi256_ps(a); }

/*
 * base[index[0]], base[index[1]], ...: loads and inserts, since they beat gathers on every size measured. Two or four
 * indices come with one load.
 */
static inline __m128 pick_four(const float *base, uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
	__m128 x = _mm_load_ss(base + a);
	x = _mm_insert_ps(x, _mm_load_ss(base + b), 0x10);
	x = _mm_insert_ps(x, _mm_load_ss(base + c), 0x20);
	return _mm_insert_ps(x, _mm_load_ss(base + d), 0x30);
}
static inline __m128 pick_wide(const float *base, const uint32_t *index)
{
	uint64_t low, high;
	memcpy(&low, index, sizeof low);
	memcpy(&high, index + 2, sizeof high);
	return pick_four(base, (uint32_t)low, (uint32_t)(low >> 32), (uint32_t)high, (uint32_t)(high >> 32));
}
static inline __m128 pick_narrow(const float *base, const uint16_t *index)
{
	uint64_t four;
	memcpy(&four, index, sizeof four);
	return pick_four(base, (uint16_t)four, (uint16_t)(four >> 16), (uint16_t)(four >> 32), (uint16_t)(four >> 48));
}
static inline vec vec_pick(const float *base, const uint32_t *index)
{
	return _mm256_set_m128(pick_wide(base, index + 4), pick_wide(base, index));
}
static inline vec vec_pick_narrow(const float *base, const uint16_t *index)
{
	return _mm256_set_m128(pick_narrow(base, index + 4), pick_narrow(base, index));
}

/* lane[j] += lane[j + w] for w = VEC_LANES / 2, ..., 2, 1; returns lane[0]. */
static inline float vec_fold(vec a)
{
	__m128 four = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
	__m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
	return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

/* The same for 32 lanes in order: w = 16, 8, 4, 2, 1. */
static inline float vec_fold_32(const vec lane[4])
{
	return vec_fold(vec_add(vec_add(lane[0], lane[2]), vec_add(lane[1], lane[3])));
}

#endif
