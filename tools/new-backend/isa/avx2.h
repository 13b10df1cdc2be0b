%NEEDS x86-64-v3
%ISA_FLAGS -mavx2 -mbmi -mbmi2 -mlzcnt -mno-fma -mno-avx512f
%ISA_LDFLAGS -Wl,-z,x86-64-v3
/* SPDX-License-Identifier: 0BSD
 *
 * dot(): the 32 lanes of the canonical order (NUMERICS.md, "Sums over a vector") are four registers of eight.
 */
#include <immintrin.h>
#include <stddef.h>

#define LANES 32
#define REGISTERS 4

/* The first n of eight floats, +0 for the others; touches nothing behind them. A lane without a term may add +0. */
static inline __m256 load_first(const float *p, size_t n)
{
	const __m256i index = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
	return _mm256_maskload_ps(p, _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), index));
}

/* lane[j] += lane[j + w] for w = 16, 8, 4, 2, 1. */
static inline float fold(const __m256 lane[REGISTERS])
{
	__m256 eight = _mm256_add_ps(_mm256_add_ps(lane[0], lane[2]), _mm256_add_ps(lane[1], lane[3]));
	__m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
	__m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
	return _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1)));
}

/* A product, then a sum, each rounded: never a fused one. */
static inline float dot(const float *query, const float *row, size_t n)
{
	__m256 lane[REGISTERS];
	size_t i = 0;
	for (int j = 0; j < REGISTERS; j++)
		lane[j] = _mm256_setzero_ps();
	for (; n - i >= LANES; i += LANES)
		for (int j = 0; j < REGISTERS; j++)
			lane[j] = _mm256_add_ps(lane[j], _mm256_mul_ps(_mm256_loadu_ps(query + i + 8 * j),
								       _mm256_loadu_ps(row + i + 8 * j)));
	for (int j = 0; j < REGISTERS && i < n; j++) {
		size_t left = n - i < 8 ? n - i : 8;
		lane[j] = _mm256_add_ps(lane[j], _mm256_mul_ps(load_first(query + i, left), load_first(row + i, left)));
		i += left;
	}
	return fold(lane);
}
