/* SPDX-License-Identifier: 0BSD
 *
 * inner_product: one dot product a row, in the canonical order. Pure: no state, no allocation, any number of threads.
 */
#include <float.h>
#include <math.h>

#include "kernels.h"

#include "dot.h"

int kernel_inner_product(const void *args, void *scratch)
{
	const struct tenon_inner_product_args *a = (const struct tenon_inner_product_args *)args;
	int status = TENON_OK;
	(void)scratch;
	for (size_t r = 0; r < a->count; r++) {
		float score = dot(a->query, a->rows + r * a->stride, a->dim);
		if (!(fabsf(score) <= FLT_MAX))
			status = TENON_ENONFINITE;
		a->scores[r] = score;
	}
	return status;
}
