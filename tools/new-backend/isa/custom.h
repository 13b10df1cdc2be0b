/* SPDX-License-Identifier: 0BSD
 *
 * dot() for machines that have @NEEDS@.
 * Put your instructions in place of the plain C of dot(); keep the order of its additions (NUMERICS.md, "Sums over a
 * vector"), in which 32 lanes may be any number of registers.
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
