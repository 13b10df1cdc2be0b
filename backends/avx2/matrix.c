/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The matrix-shaped kernels on avx2: the shared body over this ISA's vector and tiles. Pure but for the scratch.
 */
#include "backends/avx2/avx2.h"
#include "backends/avx2/vec.h"

/*
 * 6 rows by one panel are 12 sums, 2 columns and 2 to work with: all 16 registers.
 */
#define TILE_ROWS 6
#define TILE_SUMS 12
#define TILES TILE(6, 1) TILE(4, 1) TILE(2, 1) TILE(1, 1)
#include "backends/shared/matrix_body.h"

int avx2_similarity_matrix(const void *args, void *scratch)
{
	return similarity_matrix(args, scratch);
}

int avx2_pairwise_similarity(const void *args, void *scratch)
{
	return pairwise_similarity(args, scratch);
}
