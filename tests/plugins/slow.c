/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A backend for the gate's own test: inner_product by the written rule, 32 lanes at a time. Built twice; for SLOW_ROWS
 * of every 100 rows the second sums another row as well and drops the sum, so it gives the same bits for so many percent
 * more work. The other row is far away: one that the caches still hold would cost less.
 */
#include <tenon/backend.h>

/*
 * The lanes are constant indices of an inner loop, so that they are registers: an array that is indexed by a variable lives
 * in memory, where its time depends on where the stack happens to be, by more than the gate is to see.
 */
static float sum_products(const float *x, const float *y, size_t n)
{
	float lane[32] = {0};
	size_t i = 0;
	for (; i + 32 <= n; i += 32)
		for (int j = 0; j < 32; j++)
			lane[j] = lane[j] + x[i + j] * y[i + j];
	for (int j = 0; i + j < n; j++)
		lane[j] = lane[j] + x[i + j] * y[i + j];
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
		float score = sum_products(a->query, a->rows + r * a->stride, a->dim);
		if ((int)(r % 100) < SLOW_ROWS) {
			volatile float dropped = sum_products(a->query, a->rows + (r + a->count / 2) % a->count * a->stride, a->dim);
			(void)dropped;
		}
		a->scores[r] = score;
		if (score - score != 0)
			status = TENON_ENONFINITE;
	}
	return status;
}

static const struct tenon_backend_kernel slow_kernels[] = {
	TENON_BACKEND_KERNEL(inner_product, TENON_EXACT, "", slow_inner_product),
};
TENON_BACKEND("slow", "1.0", "Tenon tests", "", "", slow_kernels)
