/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <tenon/backend.h>

/* The order of the additions is that of docs/NUMERICS.md: 32 lanes, then the fold. */
static int inner_product(const void *args, void *scratch)
{
	const struct tenon_inner_product_args *a = args;
	int status = TENON_OK;
	(void)scratch;
	for (size_t r = 0; r < a->count; r++) {
		float lane[32] = {0};
		for (size_t i = 0; i < a->dim; i++)
			lane[i % 32] += a->query[i] * a->rows[r * a->stride + i];
		for (int width = 16; width; width /= 2)
			for (int j = 0; j < width; j++)
				lane[j] += lane[j + width];
		a->scores[r] = lane[0];
		status = lane[0] - lane[0] == 0 ? status : TENON_ENONFINITE;
	}
	return status;
}

static const struct tenon_backend_kernel kernels[] = {
	TENON_BACKEND_KERNEL(inner_product, TENON_EXACT, "", inner_product),
};
TENON_BACKEND("acme", "1.0", "Acme Inc.", "", "", kernels)
