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

static inline vec vec_set(float x)
{
	return _mm256_set1_ps(x);
}
static inline vec vec_load(const float *p)
{
	return _mm256_loadu_ps(p);
}
static inline void vec_store(float *p, vec a)
{
	_mm256_storeu_ps(p, a);
}

/* Stores past the caches; p is aligned to the vector. vec_stream_end() orders those stores before what follows. */
static inline void vec_stream(float *p, vec a)
{
	_mm256_stream_ps(p, a);
}
static inline void vec_stream_end(void)
{
	_mm_sfence();
}

/*
 * Asks for the cache line of p, to be written; p may be anywhere. Assembly, because compilers take the instruction only
 * with -mprfchw, while every 64-bit CPU decodes it, if only to do nothing.
 */
static inline void vec_prefetch_to_write(const void *p)
{
	__asm__ volatile("prefetchw %0" : : "m"(*(const char *)p));
}

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

static inline vec vec_add(vec a, vec b)
{
	return _mm256_add_ps(a, b);
}
static inline vec vec_sub(vec a, vec b)
{
	return _mm256_sub_ps(a, b);
}
static inline vec vec_mul(vec a, vec b)
{
	return _mm256_mul_ps(a, b);
}
static inline vec vec_div(vec a, vec b)
{
	return _mm256_div_ps(a, b);
}
static inline vec vec_sqrt(vec a)
{
	return _mm256_sqrt_ps(a);
}

/* Has a computed before whatever is kept later: compilers would take interleaved chains apart, to save registers. */
static inline void vec_keep(vec *a)
{
	__asm__ volatile("" : "+x"(*a));
}

/* Clears the sign; keeps the sign alone. */
static inline vec vec_abs(vec a)
{
	return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a);
}
static inline vec vec_sign(vec a)
{
	return _mm256_and_ps(_mm256_set1_ps(-0.0f), a);
}

/* a < b ? a : b and a > b ? a : b, hence b where either is a NaN. */
static inline vec vec_min(vec a, vec b)
{
	return _mm256_min_ps(a, b);
}
static inline vec vec_max(vec a, vec b)
{
	return _mm256_max_ps(a, b);
}

/* Comparisons: false where either side is a NaN. */
static inline vec_mask vec_less(vec a, vec b)
{
	return _mm256_cmp_ps(a, b, _CMP_LT_OQ);
}
static inline vec_mask vec_less_equal(vec a, vec b)
{
	return _mm256_cmp_ps(a, b, _CMP_LE_OQ);
}
static inline vec_mask vec_equal(vec a, vec b)
{
	return _mm256_cmp_ps(a, b, _CMP_EQ_OQ);
}

static inline vec_mask mask_and(vec_mask a, vec_mask b)
{
	return _mm256_and_ps(a, b);
}
static inline vec_mask mask_or(vec_mask a, vec_mask b)
{
	return _mm256_or_ps(a, b);
}
static inline vec_mask mask_not(vec_mask a)
{
	return _mm256_xor_ps(a, _mm256_castsi256_ps(_mm256_set1_epi32(-1)));
}
/* Bit i is lane i. */
static inline uint32_t mask_bits(vec_mask a)
{
	return (uint32_t)_mm256_movemask_ps(a);
}
static inline int mask_any(vec_mask a)
{
	return _mm256_movemask_ps(a) != 0;
}

/* Is there a subnormal, an infinity or a NaN in count vectors? */
static inline __attribute__((always_inline)) int vec_any_unusual(const vec *a, int count)
{
	vec_int lowest = _mm256_set1_epi32(INT32_MAX), largest = _mm256_set1_epi32(0);
	for (int j = 0; j < count; j++) {
		vec_int magnitude = _mm256_castps_si256(vec_abs(a[j]));
		/* The bits, minus 1, from the bottom of the integers up: subnormals are lowest, zero is highest. */
		lowest = _mm256_min_epi32(lowest, _mm256_add_epi32(magnitude, _mm256_set1_epi32(INT32_MAX)));
		largest = _mm256_max_epi32(largest, magnitude);
	}
	__m256i subnormal = _mm256_cmpgt_epi32(_mm256_set1_epi32(INT32_MIN + 0x7fffff), lowest);
	__m256i nonfinite = _mm256_cmpgt_epi32(largest, _mm256_set1_epi32(0x7f7fffff));
	return mask_any(_mm256_castsi256_ps(_mm256_or_si256(subnormal, nonfinite)));
}

/* Are all lanes of count vectors from +0 to 1? */
static inline __attribute__((always_inline)) int vec_all_unit(const vec *a, int count)
{
	vec_int largest = _mm256_castps_si256(a[0]);
	for (int j = 1; j < count; j++)
		largest = _mm256_max_epu32(largest, _mm256_castps_si256(a[j]));
	vec_int one = _mm256_set1_epi32(0x3f800000);
	return _mm256_movemask_epi8(_mm256_cmpeq_epi32(_mm256_max_epu32(largest, one), one)) == -1;
}

/* yes where the mask is set, else no. */
static inline vec vec_select(vec_mask mask, vec yes, vec no)
{
	return _mm256_blendv_ps(no, yes, mask);
}
static inline vec_int int_select(vec_mask mask, vec_int yes, vec_int no)
{
	return _mm256_blendv_epi8(no, yes, _mm256_castps_si256(mask));
}

static inline vec_int int_set(int32_t x)
{
	return _mm256_set1_epi32(x);
}
static inline vec_int int_load(const int32_t *p)
{
	return _mm256_loadu_si256((const __m256i *)p);
}
static inline void int_store(int32_t *p, vec_int a)
{
	_mm256_storeu_si256((__m256i *)p, a);
}
static inline vec_int int_add(vec_int a, vec_int b)
{
	return _mm256_add_epi32(a, b);
}
static inline vec_int int_sub(vec_int a, vec_int b)
{
	return _mm256_sub_epi32(a, b);
}
static inline vec_int int_and(vec_int a, vec_int b)
{
	return _mm256_and_si256(a, b);
}
static inline vec_int int_or(vec_int a, vec_int b)
{
	return _mm256_or_si256(a, b);
}
static inline vec_mask int_equal(vec_int a, vec_int b)
{
	return _mm256_castsi256_ps(_mm256_cmpeq_epi32(a, b));
}
#define int_shift_left(a, count) _mm256_slli_epi32(a, count)
#define int_shift_right(a, count) _mm256_srli_epi32(a, count)

/* The nearest float, ties to even. */
static inline vec int_to_vec(vec_int a)
{
	return _mm256_cvtepi32_ps(a);
}

/* The same of integers without a sign: both halves are exact, and so is 2^16 times the upper. */
static inline vec uint_to_vec(vec_int a)
{
	vec high = _mm256_cvtepi32_ps(_mm256_srli_epi32(a, 16));
	vec low = _mm256_cvtepi32_ps(_mm256_and_si256(a, _mm256_set1_epi32(0xffff)));
	return _mm256_add_ps(_mm256_mul_ps(high, _mm256_set1_ps(0x1p16f)), low);
}

/* table[index] of 32 floats in vectors; index is below 32. */
static inline vec vec_lookup(const vec *table, vec_int index)
{
	__m256 bit_3 = _mm256_castsi256_ps(_mm256_slli_epi32(index, 28));
	__m256 bit_4 = _mm256_castsi256_ps(_mm256_slli_epi32(index, 27));
	__m256 low = _mm256_blendv_ps(_mm256_permutevar8x32_ps(table[0], index),
				      _mm256_permutevar8x32_ps(table[1], index), bit_3);
	__m256 high = _mm256_blendv_ps(_mm256_permutevar8x32_ps(table[2], index),
				       _mm256_permutevar8x32_ps(table[3], index), bit_3);
	return _mm256_blendv_ps(low, high, bit_4);
}

/*
 * Four u64 to float, each rounded once. From 2^53 on, the low 12 bits become one sticky bit, which lies far behind what
 * a float keeps: then every number fits a double, and the halves enter it as mantissas of 2^84 and 2^52.
 */
static inline __m128 convert_four_u64(__m256i a)
{
	const __m256i low_bits = _mm256_set1_epi64x(0xfff);
	__m256i sticky = _mm256_add_epi64(_mm256_and_si256(a, low_bits), low_bits);
	sticky = _mm256_andnot_si256(low_bits, _mm256_or_si256(a, sticky));
	__m256i fits = _mm256_cmpeq_epi64(_mm256_srli_epi64(a, 53), _mm256_setzero_si256());
	a = _mm256_blendv_epi8(sticky, a, fits);
	__m256i high = _mm256_or_si256(_mm256_srli_epi64(a, 32), _mm256_castpd_si256(_mm256_set1_pd(0x1p84)));
	__m256i low = _mm256_blend_epi32(a, _mm256_castpd_si256(_mm256_set1_pd(0x1p52)), 0xaa);
	__m256d sum = _mm256_sub_pd(_mm256_castsi256_pd(high), _mm256_set1_pd(0x1p84 + 0x1p52));
	return _mm256_cvtpd_ps(_mm256_add_pd(sum, _mm256_castsi256_pd(low)));
}
static inline vec convert_u64(__m256i low, __m256i high)
{
	return _mm256_set_m128(convert_four_u64(high), convert_four_u64(low));
}
static inline vec convert_small_u64(__m256i low, __m256i high)
{
	__m256 words = _mm256_shuffle_ps(_mm256_castsi256_ps(low), _mm256_castsi256_ps(high), 0x88);
	return _mm256_cvtepi32_ps(_mm256_permute4x64_epi64(_mm256_castps_si256(words), 0xd8));
}

/*
 * to[count] from count vectors of u64, or one from the first n of them: each rounded once, to nearest even. Most are
 * below 2^31, where a short way does.
 */
static inline __attribute__((always_inline)) void vec_from_u64(const uint64_t *p, vec *to, int count)
{
	const __m256i *q = (const __m256i *)p;
	__m256i all = _mm256_setzero_si256();
	for (int j = 0; j < 2 * count; j++)
		all = _mm256_or_si256(all, _mm256_loadu_si256(q + j));
	if (__builtin_expect(_mm256_testz_si256(all, _mm256_set1_epi64x(~0x7fffffffll)), 1))
		for (int j = 0; j < count; j++)
			to[j] = convert_small_u64(_mm256_loadu_si256(q + 2 * j), _mm256_loadu_si256(q + 2 * j + 1));
	else
		for (int j = 0; j < count; j++)
			to[j] = convert_u64(_mm256_loadu_si256(q + 2 * j), _mm256_loadu_si256(q + 2 * j + 1));
}
static inline vec vec_from_u64_first(const uint64_t *p, size_t n)
{
	vec_int first = _mm256_castps_si256(vec_first(n));
	__m256i low = _mm256_cvtepi32_epi64(_mm256_castsi256_si128(first));
	__m256i high = _mm256_cvtepi32_epi64(_mm256_extracti128_si256(first, 1));
	const long long *q = (const long long *)p;
	return convert_u64(_mm256_maskload_epi64(q, low), _mm256_maskload_epi64(q + 4, high));
}

/* The same bits. */
static inline vec_int vec_as_int(vec a)
{
	return _mm256_castps_si256(a);
}
static inline vec int_as_vec(vec_int a)
{
	return _mm256_castsi256_ps(a);
}

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

/* Lane i of a[j] becomes lane j of a[i]: within halves of the registers, then the halves themselves. */
static inline __attribute__((always_inline)) void vec_transpose(vec a[VEC_LANES])
{
	vec b[VEC_LANES];
	for (int i = 0; i < VEC_LANES; i += 4) {
		vec low = _mm256_unpacklo_ps(a[i], a[i + 1]), high = _mm256_unpackhi_ps(a[i], a[i + 1]);
		vec low2 = _mm256_unpacklo_ps(a[i + 2], a[i + 3]), high2 = _mm256_unpackhi_ps(a[i + 2], a[i + 3]);
		b[i] = _mm256_shuffle_ps(low, low2, 0x44);
		b[i + 1] = _mm256_shuffle_ps(low, low2, 0xee);
		b[i + 2] = _mm256_shuffle_ps(high, high2, 0x44);
		b[i + 3] = _mm256_shuffle_ps(high, high2, 0xee);
	}
	for (int i = 0; i < 4; i++) {
		a[i] = _mm256_permute2f128_ps(b[i], b[i + 4], 0x20);
		a[i + 4] = _mm256_permute2f128_ps(b[i], b[i + 4], 0x31);
	}
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
