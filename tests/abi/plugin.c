/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A vendor's plugin for the tests of the ABI, compiled with the header of one version or another. NEWER: with that of a later
 * minor version, whose kernel it has as well. NAME: what it is called.
 */
#include <tenon/backend.h>

#ifndef NAME
#define NAME "acme"
#endif

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

#ifdef NEWER
static int later(const void *args, void *scratch)
{
	const struct tenon_later_args *a = args;
	(void)scratch;
	*a->result = 2 * a->value;
	return TENON_OK;
}
#endif

static const struct tenon_backend_kernel kernels[] = {
#ifdef NEWER
	TENON_BACKEND_KERNEL(later, TENON_EXACT, "", later),
#endif
	TENON_BACKEND_KERNEL(inner_product, TENON_EXACT, "", inner_product),
};
TENON_BACKEND(NAME, "1.0", "Acme Inc.", "", "", kernels)
