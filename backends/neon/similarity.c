/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The query-against-rows family on neon. Pure.
 */
#include "backends/neon/neon.h"

int neon_inner_product(const void *args, void *scratch)
{
	const struct tenon_inner_product_args *a = args;
	(void)scratch;
	for (size_t r = 0; r < a->count; r++) {
		const float *row = a->rows + r * a->stride;
		float lane[32] = {0};
		for (size_t i = 0; i < a->dim; i++)
			lane[i % 32] += a->query[i] * row[i];
		for (int w = 16; w; w /= 2)
			for (int j = 0; j < w; j++)
				lane[j] += lane[j + w];
		a->scores[r] = lane[0];
	}
	return TENON_OK;
}
