/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The matrix-shaped kernels on neon: the shared body over this ISA's vector and tiles. Pure but for the scratch.
 */
#include "backends/neon/neon.h"
#include "backends/neon/vec.h"

/*
 * 6 rows by one panel are 24 sums, 4 columns and some to work with, of 32 registers.
 */
#define TILE_ROWS 6
#define TILE_SUMS 24
#define TILES TILE(6, 1) TILE(4, 1) TILE(2, 1) TILE(1, 1)
#include "backends/shared/matrix_body.h"

int neon_similarity_matrix(const void *args, void *scratch)
{
	return similarity_matrix(args, scratch);
}

int neon_pairwise_similarity(const void *args, void *scratch)
{
	return pairwise_similarity(args, scratch);
}
