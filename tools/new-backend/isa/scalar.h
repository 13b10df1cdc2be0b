%NEEDS
%ISA_FLAGS
%ISA_LDFLAGS
/* SPDX-License-Identifier: 0BSD
 *
 * dot() in plain C. Compilers turn the 32 lanes of the canonical order (NUMERICS.md, "Sums over a vector") into
 * whatever vectors the flags of the Makefile allow.
 */
#include <stddef.h>

#define LANES 32

/* A product, then a sum, each rounded; then lane[j] += lane[j + w] for w = 16, 8, 4, 2, 1. */
static inline float dot(const float *query, const float *row, size_t n)
{
	float lane[LANES] = {0};
	for (; n >= LANES; n -= LANES, query += LANES, row += LANES)
		for (int j = 0; j < LANES; j++)
			lane[j] += query[j] * row[j];
	for (size_t j = 0; j < n; j++)
		lane[j] += query[j] * row[j];
	for (int w = LANES / 2; w; w /= 2)
		for (int j = 0; j < w; j++)
			lane[j] += lane[j + w];
	return lane[0];
}
