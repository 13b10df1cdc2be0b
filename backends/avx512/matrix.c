/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The matrix-shaped kernels on avx512: the shared body over this ISA's vector and tiles. Pure but for the scratch.
 */
#include "backends/avx512/avx512.h"
#include "backends/avx512/vec.h"

/*
 * 8 rows by three panels: 24 sums, 3 columns and some to work with, of 32 registers; only 11 loads for 24 products. Of one
 * panel, 16 rows: 17 loads for 16 products. With more rows the queries are slower to come from L3.
 */
#define TILE_ROWS 16
#define TILE_SUMS 24
#define TILES TILE(8, 3) TILE(4, 3) TILE(1, 3) TILE(16, 1) TILE(8, 1) TILE(4, 1) TILE(1, 1)
#include "backends/shared/matrix_body.h"

int avx512_similarity_matrix(const void *args, void *scratch)
{
	return similarity_matrix(args, scratch);
}

int avx512_pairwise_similarity(const void *args, void *scratch)
{
	return pairwise_similarity(args, scratch);
}
