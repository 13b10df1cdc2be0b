/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The vector of avx512: 16 floats in a zmm register. The bodies in backends/shared/ are written over these names, which
 * every vec.h defines alike; each operation is one correctly rounded IEEE operation a lane, or moves bits. Everything
 * is static, so that the linker cannot merge the copies of two ISAs. Pure.
 */
#ifndef BACKENDS_AVX512_VEC_H
#define BACKENDS_AVX512_VEC_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define VEC_LANES 16

typedef __m512 vec;         /* VEC_LANES floats */
typedef __m512i vec_int;    /* VEC_LANES 32-bit integers */
typedef __mmask16 vec_mask; /* VEC_LANES booleans */

static inline vec vec_set(float x)
{
	return _mm512_set1_ps(x);
}
static inline vec vec_load(const float *p)
{
	return _mm512_loadu_ps(p);
}
static inline void vec_store(float *p, vec a)
{
	_mm512_storeu_ps(p, a);
}

/* Stores past the caches; p is aligned to the vector. vec_stream_end() orders those stores before what follows. */
static inline void vec_stream(float *p, vec a)
{
	_mm512_stream_ps(p, a);
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
	return (vec_mask)((1u << n) - 1);
}

/* The first n floats, n at most VEC_LANES; touches nothing behind them. The other lanes are +0. */
static inline vec vec_load_first(const float *p, size_t n)
{
	return _mm512_maskz_loadu_ps(vec_first(n), p);
}
static inline void vec_store_first(float *p, size_t n, vec a)
{
	_mm512_mask_storeu_ps(p, vec_first(n), a);
}

static inline vec vec_add(vec a, vec b)
{
	return _mm512_add_ps(a, b);
}
static inline vec vec_sub(vec a, vec b)
{
	return _mm512_sub_ps(a, b);
}
static inline vec vec_mul(vec a, vec b)
{
	return _mm512_mul_ps(a, b);
}
static inline vec vec_div(vec a, vec b)
{
	return _mm512_div_ps(a, b);
}
static inline vec vec_sqrt(vec a)
{
	return _mm512_sqrt_ps(a);
}

/* Has a computed before whatever is kept later: compilers would take interleaved chains apart, to save registers. */
static inline void vec_keep(vec *a)
{
	__asm__ volatile("" : "+v"(*a));
}

/* Clears the sign; keeps the sign alone. */
static inline vec vec_abs(vec a)
{
	return _mm512_abs_ps(a);
}
static inline vec vec_sign(vec a)
{
	return _mm512_and_ps(a, _mm512_set1_ps(-0.0f));
}

/* a < b ? a : b and a > b ? a : b, hence b where either is a NaN. */
static inline vec vec_min(vec a, vec b)
{
	return _mm512_min_ps(a, b);
}
static inline vec vec_max(vec a, vec b)
{
	return _mm512_max_ps(a, b);
}

/* Comparisons: false where either side is a NaN. */
static inline vec_mask vec_less(vec a, vec b)
{
	return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ);
}
static inline vec_mask vec_less_equal(vec a, vec b)
{
	return _mm512_cmp_ps_mask(a, b, _CMP_LE_OQ);
}
static inline vec_mask vec_equal(vec a, vec b)
{
	return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ);
}

static inline vec_mask mask_and(vec_mask a, vec_mask b)
{
	return a & b;
}
static inline vec_mask mask_or(vec_mask a, vec_mask b)
{
	return a | b;
}
static inline vec_mask mask_not(vec_mask a)
{
	return (vec_mask)~a;
}
/*
 * Bit i is lane i. An instruction, because gcc 12 sometimes drops the widening: it spilled the 16 bits and loaded 32, half of
 * them stale (`tenon soak` found it in a TSan build).
 */
static inline uint32_t mask_bits(vec_mask a)
{
	uint32_t bits;
	__asm__("kmovw %1, %0" : "=r"(bits) : "k"(a));
	return bits;
}
static inline int mask_any(vec_mask a)
{
	return a != 0;
}

/* Is there a subnormal, an infinity or a NaN in count vectors? */
static inline __attribute__((always_inline)) int vec_any_unusual(const vec *a, int count)
{
	vec_mask unusual = 0;
	for (int j = 0; j < count; j++)
		unusual |= _mm512_fpclass_ps_mask(a[j], 0xb9);
	return unusual != 0;
}

/* Are all lanes of count vectors from +0 to 1? */
static inline __attribute__((always_inline)) int vec_all_unit(const vec *a, int count)
{
	__m512i largest = _mm512_castps_si512(a[0]);
	for (int j = 1; j < count; j++)
		largest = _mm512_max_epu32(largest, _mm512_castps_si512(a[j]));
	return _mm512_cmpgt_epu32_mask(largest, _mm512_set1_epi32(0x3f800000)) == 0;
}

/* yes where the mask is set, else no. */
static inline vec vec_select(vec_mask mask, vec yes, vec no)
{
	return _mm512_mask_blend_ps(mask, no, yes);
}
static inline vec_int int_select(vec_mask mask, vec_int yes, vec_int no)
{
	return _mm512_mask_blend_epi32(mask, no, yes);
}

static inline vec_int int_set(int32_t x)
{
	return _mm512_set1_epi32(x);
}
static inline vec_int int_load(const int32_t *p)
{
	return _mm512_loadu_si512(p);
}
static inline void int_store(int32_t *p, vec_int a)
{
	_mm512_storeu_si512(p, a);
}
static inline vec_int int_add(vec_int a, vec_int b)
{
	return _mm512_add_epi32(a, b);
}
static inline vec_int int_sub(vec_int a, vec_int b)
{
	return _mm512_sub_epi32(a, b);
}
static inline vec_int int_and(vec_int a, vec_int b)
{
	return _mm512_and_si512(a, b);
}
static inline vec_int int_or(vec_int a, vec_int b)
{
	return _mm512_or_si512(a, b);
}
static inline vec_mask int_equal(vec_int a, vec_int b)
{
	return _mm512_cmpeq_epi32_mask(a, b);
}
#define int_shift_left(a, count) _mm512_slli_epi32(a, count)
#define int_shift_right(a, count) _mm512_srli_epi32(a, count)

/* The nearest float, ties to even. */
static inline vec int_to_vec(vec_int a)
{
	return _mm512_cvtepi32_ps(a);
}

/* The same of integers without a sign. */
static inline vec uint_to_vec(vec_int a)
{
	return _mm512_cvtepu32_ps(a);
}

/* table[index] of 32 floats in vectors; index is below 32. */
static inline vec vec_lookup(const vec *table, vec_int index)
{
	return _mm512_permutex2var_ps(table[0], index, table[1]);
}

/* to[count] from count vectors of u64, or one from the first n of them: each rounded once, to nearest even. */
static inline vec convert_u64(__m512i low, __m512i high)
{
	return _mm512_insertf32x8(_mm512_castps256_ps512(_mm512_cvtepu64_ps(low)), _mm512_cvtepu64_ps(high), 1);
}
static inline __attribute__((always_inline)) void vec_from_u64(const uint64_t *p, vec *to, int count)
{
	for (int j = 0; j < count; j++, p += VEC_LANES)
		to[j] = convert_u64(_mm512_loadu_si512(p), _mm512_loadu_si512(p + 8));
}
static inline vec vec_from_u64_first(const uint64_t *p, size_t n)
{
	vec_mask first = vec_first(n);
	return convert_u64(_mm512_maskz_loadu_epi64((__mmask8)first, p),
			   _mm512_maskz_loadu_epi64((__mmask8)(first >> 8), p + 8));
}

/* The same bits. */
static inline vec_int vec_as_int(vec a)
{
	return _mm512_castps_si512(a);
}
static inline vec int_as_vec(vec_int a)
{
	return _mm512_castsi512_ps(a);
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
	__m256 low = _mm256_set_m128(pick_wide(base, index + 4), pick_wide(base, index));
	__m256 high = _mm256_set_m128(pick_wide(base, index + 12), pick_wide(base, index + 8));
	return _mm512_insertf32x8(_mm512_castps256_ps512(low), high, 1);
}
static inline vec vec_pick_narrow(const float *base, const uint16_t *index)
{
	__m256 low = _mm256_set_m128(pick_narrow(base, index + 4), pick_narrow(base, index));
	__m256 high = _mm256_set_m128(pick_narrow(base, index + 12), pick_narrow(base, index + 8));
	return _mm512_insertf32x8(_mm512_castps256_ps512(low), high, 1);
}

/* Within each quarter of the registers: lane i of a[j] becomes lane j of b[i]. */
static inline __attribute__((always_inline)) void transpose_quarters(const vec a[4], vec b[4])
{
	__m512d low = _mm512_castps_pd(_mm512_unpacklo_ps(a[0], a[1]));
	__m512d high = _mm512_castps_pd(_mm512_unpackhi_ps(a[0], a[1]));
	__m512d low2 = _mm512_castps_pd(_mm512_unpacklo_ps(a[2], a[3]));
	__m512d high2 = _mm512_castps_pd(_mm512_unpackhi_ps(a[2], a[3]));
	b[0] = _mm512_castpd_ps(_mm512_unpacklo_pd(low, low2));
	b[1] = _mm512_castpd_ps(_mm512_unpackhi_pd(low, low2));
	b[2] = _mm512_castpd_ps(_mm512_unpacklo_pd(high, high2));
	b[3] = _mm512_castpd_ps(_mm512_unpackhi_pd(high, high2));
}

/* Lane i of a[j] becomes lane j of a[i]. */
static inline __attribute__((always_inline)) void vec_transpose(vec a[VEC_LANES])
{
	vec b[VEC_LANES];
	for (int i = 0; i < VEC_LANES; i += 4)
		transpose_quarters(a + i, b + i);
	for (int i = 0; i < 4; i++) {
		vec even = _mm512_shuffle_f32x4(b[i], b[i + 4], 0x88), odd = _mm512_shuffle_f32x4(b[i], b[i + 4], 0xdd);
		vec even2 = _mm512_shuffle_f32x4(b[i + 8], b[i + 12], 0x88);
		vec odd2 = _mm512_shuffle_f32x4(b[i + 8], b[i + 12], 0xdd);
		a[i] = _mm512_shuffle_f32x4(even, even2, 0x88);
		a[i + 4] = _mm512_shuffle_f32x4(odd, odd2, 0x88);
		a[i + 8] = _mm512_shuffle_f32x4(even, even2, 0xdd);
		a[i + 12] = _mm512_shuffle_f32x4(odd, odd2, 0xdd);
	}
}

/* lane[j] += lane[j + w] for w = VEC_LANES / 2, ..., 2, 1; returns lane[0]. */
static inline float vec_fold(vec a)
{
	__m256 high = _mm512_extractf32x8_ps(a, 1);
	__m256 eight = _mm256_add_ps(_mm512_castps512_ps256(a), high);
	__m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
	__m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
	return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

/* The same for 32 lanes in order: w = 16, 8, 4, 2, 1. */
static inline float vec_fold_32(const vec lane[2])
{
	return vec_fold(vec_add(lane[0], lane[1]));
}

#endif
