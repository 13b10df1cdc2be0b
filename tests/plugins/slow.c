/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A backend for the gate's own test: inner_product by the written rule, one element at a time. Built twice; the second
 * does SLOW_ROWS of every 100 rows twice, so it gives the same bits in so many percent more time. Compute-bound on
 * purpose: a row done again from cache costs what it cost before.
 */
#include <tenon/backend.h>

static float sum_products(const float *x, const float *y, size_t n)
{
	float lane[32] = {0};
	for (size_t i = 0; i < n; i++)
		lane[i % 32] = lane[i % 32] + x[i] * y[i];
	for (int w = 16; w > 0; w /= 2)
		for (int j = 0; j < w; j++)
			lane[j] = lane[j] + lane[j + w];
	return lane[0];
}

static int slow_inner_product(const void *args, void *scratch)
{
	const struct tenon_inner_product_args *a = args;
	int status = TENON_OK;
	(void)scratch;
	for (size_t r = 0; r < a->count; r++) {
		volatile float *score = &a->scores[r]; /* volatile: both times are done */
		for (int again = 0; again <= ((int)(r % 100) < SLOW_ROWS); again++)
			*score = sum_products(a->query, a->rows + r * a->stride, a->dim);
		if (*score - *score != 0)
			status = TENON_ENONFINITE;
	}
	return status;
}

static const struct tenon_backend_kernel slow_kernels[] = {
	TENON_BACKEND_KERNEL(inner_product, TENON_EXACT, "", slow_inner_product),
};
TENON_BACKEND("slow", "1.0", "Tenon tests", "", "", slow_kernels)
