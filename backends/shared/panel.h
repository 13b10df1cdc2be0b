/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Packing over vec.h: up to 16 rows, dimension-major, with their squared norms; see struct tenon_packed. Pure.
 */
#ifndef BACKENDS_SHARED_PANEL_H
#define BACKENDS_SHARED_PANEL_H

#include <stddef.h>
#include <tenon/backend.h>

#include "backends/shared/lanes.h"

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

/* The rows and their squared norms; what is behind the last row is +0. */
static void pack_panel(const float *row, size_t rows, size_t stride, size_t dim, float *panel, float squared[PANEL])
{
	for (size_t k = 0; k < dim; k += VEC_LANES) {
		UNROLL
		for (size_t c = 0; c < PANEL; c += VEC_LANES) {
			size_t left = dim - k;
			vec block[VEC_LANES];
			load_block(row + k, c, rows, stride, left, block);
			vec_transpose(block);
			UNROLL
			for (size_t j = 0; j < VEC_LANES; j++)
				if (j < left)
					vec_store(panel + (k + j) * PANEL + c, block[j]);
		}
	}
	for (size_t c = 0; c < PANEL; c++)
		squared[c] = c < rows ? square_row(row + c * stride, dim) : 0;
}

#endif
