/* SPDX-License-Identifier: 0BSD
 *
 * What the host reads of this file, before it runs any of it: name, version, vendor, what the CPU must have for the
 * whole file, and what entries need beyond that (none here: the fifth argument is the union of the third column).
 */
#include "kernels.h"

static const struct tenon_backend_kernel kernels[] = {
	TENON_BACKEND_KERNEL(inner_product, TENON_EXACT, "", kernel_inner_product),
};

TENON_BACKEND("@NAME@", "0.1.0", "@VENDOR@", "@NEEDS@", "", kernels)
