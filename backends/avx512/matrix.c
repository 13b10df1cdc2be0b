/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The matrix-shaped kernels on avx512: the shared body over this ISA's vector and tiles. Pure but for the scratch.
 */
#include "backends/avx512/avx512.h"
#include "backends/avx512/vec.h"

/* 8 rows by three panels: 24 sums, 3 columns and some to work with, of 32 registers; only 11 loads for 24 products. */
#define TILE_ROWS 8
#define TILE_SUMS 24
#define TILES TILE(8, 3) TILE(4, 3) TILE(1, 3) TILE(8, 1) TILE(4, 1) TILE(1, 1)
#define SQUARED_ROWS 8
#include "backends/shared/panel.h"

/*
 * The squares of 16 dimensions of 8 rows, dimension-major: those of dimension k are square[k / 4 + 4 * (k % 4)]. Behind
 * `left` they are +0.
 */
static inline void square_block(const float *row, size_t stride, size_t left, float square[16][8])
{
	const __m512i low = _mm512_setr_epi32(0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23);
	const __m512i high = _mm512_add_epi32(low, _mm512_set1_epi32(8));
	vec a[8], b[8];
	UNROLL
	for (size_t r = 0; r < 8; r++)
		a[r] = left >= 16 ? vec_load(row + r * stride) : vec_load_first(row + r * stride, left);
	transpose_quarters(a, b);
	transpose_quarters(a + 4, b + 4);
	UNROLL
	for (int j = 0; j < 4; j++) {
		vec x = _mm512_permutex2var_ps(b[j], low, b[j + 4]), y = _mm512_permutex2var_ps(b[j], high, b[j + 4]);
		vec_store(square[4 * j], vec_mul(x, x));
		vec_store(square[4 * j + 2], vec_mul(y, y));
	}
}

/* The sums of 8 rows and a panel, and the rows' squared norms, which take the time that the sums wait for loads. */
static inline void multiply_and_square(const float *row, size_t stride, const float *panel, size_t dim, float *d,
	float *squared)
{
	_Alignas(64) float square[16][8];
	__m256 norm = _mm256_setzero_ps();
	vec sum[8];
	UNROLL
	for (int r = 0; r < 8; r++)
		sum[r] = vec_set(0);
	for (size_t k = 0; k < dim; k += 16) {
		size_t left = dim - k;
		square_block(row + k, stride, left, square);
		UNROLL
		for (size_t j = 0; j < 16; j++) {
			if (j >= left)
				break;
			vec column = vec_load(panel + (k + j) * PANEL);
			norm = _mm256_add_ps(norm, _mm256_load_ps(square[j / 4 + 4 * (j % 4)]));
			UNROLL
			for (size_t r = 0; r < 8; r++)
				sum[r] = vec_add(sum[r], vec_mul(vec_set(row[r * stride + k + j]), column));
		}
	}
	_mm256_storeu_ps(squared, norm);
	UNROLL
	for (size_t r = 0; r < 8; r++)
		vec_store(d + r * GROUP, sum[r]);
}

#include "backends/shared/matrix_body.h"

int avx512_similarity_matrix(const void *args, void *scratch)
{
	return similarity_matrix(args, scratch);
}

int avx512_pairwise_similarity(const void *args, void *scratch)
{
	return pairwise_similarity(args, scratch);
}
