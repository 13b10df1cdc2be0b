%NEEDS x86-64-v4
%ISA_FLAGS -mbmi -mbmi2 -mlzcnt -mno-fma -mavx512f -mavx512cd -mavx512bw -mavx512dq -mavx512vl
%ISA_LDFLAGS -Wl,-z,x86-64-v4
/* SPDX-License-Identifier: 0BSD
 *
 * dot(): the 32 lanes of the canonical order (NUMERICS.md, "Sums over a vector") are two registers of sixteen.
 */
#include <immintrin.h>
#include <stddef.h>

#define LANES 32

/* The first n of sixteen floats, +0 for the others; touches nothing behind them. A lane without a term may add +0. */
static inline __m512 load_first(const float *p, size_t n)
{
	return _mm512_maskz_loadu_ps((__mmask16)(n < 16 ? (1u << n) - 1 : 0xffff), p);
}

/* g++ 12 warns of the intrinsics that would do without the mask. */
#define half(sixteen, index) _mm512_maskz_extractf32x8_ps(0xff, sixteen, index)

/* lane[j] += lane[j + w] for w = 16, 8, 4, 2, 1. */
static inline float fold(__m512 low, __m512 high)
{
	__m512 sixteen = _mm512_add_ps(low, high);
	__m256 eight = _mm256_add_ps(half(sixteen, 0), half(sixteen, 1));
	__m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
	__m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
	return _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1)));
}

/* A product, then a sum, each rounded: never a fused one. */
static inline float dot(const float *query, const float *row, size_t n)
{
	__m512 low = _mm512_setzero_ps(), high = _mm512_setzero_ps();
	for (; n >= LANES; n -= LANES, query += LANES, row += LANES) {
		low = _mm512_add_ps(low, _mm512_mul_ps(_mm512_loadu_ps(query), _mm512_loadu_ps(row)));
		high = _mm512_add_ps(high, _mm512_mul_ps(_mm512_loadu_ps(query + 16), _mm512_loadu_ps(row + 16)));
	}
	low = _mm512_add_ps(low, _mm512_mul_ps(load_first(query, n), load_first(row, n)));
	if (n > 16)
		high = _mm512_add_ps(high, _mm512_mul_ps(load_first(query + 16, n - 16), load_first(row + 16, n - 16)));
	return fold(low, high);
}
