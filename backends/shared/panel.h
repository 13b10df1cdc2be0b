/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Packing over vec.h: up to 16 rows, dimension-major, with their squared norms in the matrix order; see struct
 * tenon_packed. Pure.
 */
#ifndef BACKENDS_SHARED_PANEL_H
#define BACKENDS_SHARED_PANEL_H

#include <stddef.h>
#include <tenon/backend.h>

#define PANEL TENON_PANEL_ROWS
#define PANEL_VECS (PANEL / VEC_LANES)
#define GROUP_PANELS 3 /* that are packed and used together: TENON_PANEL_SCRATCH */
#define GROUP (GROUP_PANELS * PANEL)
#define UNROLL _Pragma("GCC unroll 32")

/*
 * VEC_LANES dimensions of VEC_LANES rows, from the row `first` on; there are `rows` rows, with `left` dimensions. What
 * there is not is +0.
 */
static inline __attribute__((always_inline)) void load_block(const float *row, size_t first, size_t rows, size_t stride,
	size_t left, vec block[VEC_LANES])
{
	if (rows >= first + VEC_LANES && left >= VEC_LANES) {
		UNROLL
		for (size_t r = 0; r < VEC_LANES; r++)
			block[r] = vec_load(row + (first + r) * stride);
		return;
	}
	size_t n = left < VEC_LANES ? left : VEC_LANES;
	for (size_t r = 0; r < VEC_LANES; r++)
		block[r] = first + r < rows ? vec_load_first(row + (first + r) * stride, n) : vec_set(0);
}

/* The squared norms of up to 16 rows, and, unless panel is NULL, the rows, packed. */
static inline __attribute__((always_inline)) void pack_rows(const float *row, size_t rows, size_t stride, size_t dim,
	float *panel, float squared[PANEL])
{
	vec sum[PANEL_VECS];
	UNROLL
	for (size_t w = 0; w < PANEL_VECS; w++)
		sum[w] = vec_set(0);
	for (size_t k = 0; k < dim; k += VEC_LANES) {
		UNROLL
		for (size_t w = 0; w < PANEL_VECS; w++) {
			size_t c = w * VEC_LANES, left = dim - k;
			vec block[VEC_LANES];
			load_block(row + k, c, rows, stride, left, block);
			vec_transpose(block);
			UNROLL
			for (size_t j = 0; j < VEC_LANES; j++) {
				sum[w] = vec_add(sum[w], vec_mul(block[j], block[j]));
				if (panel && j < left)
					vec_store(panel + (k + j) * PANEL + c, block[j]);
			}
		}
	}
	UNROLL
	for (size_t w = 0; w < PANEL_VECS; w++)
		vec_store(squared + w * VEC_LANES, sum[w]);
}

/* Sums of zeros behind the last dimension add +0, which changes no sum of squares. */
static void pack_panel(const float *row, size_t rows, size_t stride, size_t dim, float *panel, float squared[PANEL])
{
	if (panel)
		pack_rows(row, rows, stride, dim, panel, squared);
	else
		pack_rows(row, rows, stride, dim, NULL, squared);
}

#endif
