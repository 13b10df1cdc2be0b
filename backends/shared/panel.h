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
#define UNROLL _Pragma("GCC unroll 32")

/* VEC_LANES dimensions of VEC_LANES rows, of which `rows` and `left` exist; the rest are +0. */
static inline __attribute__((always_inline)) void load_block(const float *row, size_t rows, size_t stride, size_t left,
	vec block[VEC_LANES])
{
	if (rows >= VEC_LANES && left >= VEC_LANES) {
		UNROLL
		for (size_t r = 0; r < VEC_LANES; r++)
			block[r] = vec_load(row + r * stride);
		return;
	}
	for (size_t r = 0; r < VEC_LANES; r++)
		block[r] = r < rows ? vec_load_first(row + r * stride, left < VEC_LANES ? left : VEC_LANES) : vec_set(0);
}

/* Packs VEC_LANES of the rows of a panel, the column `at` and those behind it. Returns their squared norms. */
static inline vec pack_columns(const float *row, size_t rows, size_t stride, size_t dim, float *panel)
{
	vec squared = vec_set(0);
	for (size_t k = 0; k < dim; k += VEC_LANES) {
		size_t left = dim - k;
		vec block[VEC_LANES];
		load_block(row + k, rows, stride, left, block);
		vec_transpose(block);
		UNROLL
		for (size_t j = 0; j < VEC_LANES; j++)
			if (j < left) {
				squared = vec_add(squared, vec_mul(block[j], block[j]));
				if (panel)
					vec_store(panel + (k + j) * PANEL, block[j]);
			}
	}
	return squared;
}

/* The squared norms of up to 16 rows; packs them unless panel is NULL. */
static void pack_panel(const float *row, size_t rows, size_t stride, size_t dim, float *panel, float squared[PANEL])
{
	for (size_t c = 0; c < PANEL; c += VEC_LANES) {
		vec sum = vec_set(0);
		if (c < rows && panel)
			sum = pack_columns(row + c * stride, rows - c, stride, dim, panel + c);
		else if (c < rows)
			sum = pack_columns(row + c * stride, rows - c, stride, dim, NULL);
		else
			for (size_t k = 0; panel && k < dim; k++)
				vec_store(panel + k * PANEL + c, sum);
		vec_store(squared + c, sum);
	}
}

#endif
