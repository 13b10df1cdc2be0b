/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A backend that passes the power-on self-test, which is small, and is wrong by one bit in the last of many rows: for the
 * bench, which must not time it.
 */
#include <string.h>

#include "backends/scalar/scalar.h"

static int crooked_inner_product(const void *args, void *scratch)
{
	const struct tenon_inner_product_args *a = args;
	int status = scalar_inner_product(args, scratch);
	uint32_t bits;
	if (a->count < 1000)
		return status;
	memcpy(&bits, a->scores + a->count - 1, sizeof bits);
	bits ^= 1;
	memcpy(a->scores + a->count - 1, &bits, sizeof bits);
	return status;
}

static const struct tenon_backend_kernel crooked_kernels[] = {
	TENON_BACKEND_KERNEL(inner_product, TENON_EXACT, "", crooked_inner_product),
};
TENON_BACKEND("crooked", "1.0", "Tenon tests", "", "", crooked_kernels)
