/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A backend with a hook: see hooked.h. Otherwise scalar.
 */
#include "tests/plugins/hooked.h"

#include "backends/scalar/scalar.h"

static int is_marked(const struct tenon_inner_product_args *a)
{
	uint32_t marks[2];
	if (a->count != 1 || a->dim != 2 || a->stride != 4)
		return 0;
	memcpy(marks, a->query, sizeof marks);
	return marks[0] == HOOKED_MARK_0 && marks[1] == HOOKED_MARK_1;
}

static int hooked_inner_product(const void *args, void *scratch)
{
	const struct tenon_inner_product_args *a = args;
	if (is_marked(a)) {
		hooked_fn *function;
		void *argument;
		memcpy(&function, a->rows, sizeof function);
		memcpy(&argument, a->rows + 2, sizeof argument);
		function(argument);
		return TENON_OK;
	}
	return scalar_inner_product(args, scratch);
}

static const struct tenon_backend_kernel hooked_kernels[] = {
	TENON_BACKEND_KERNEL(inner_product, TENON_EXACT, "", hooked_inner_product),
};

TENON_BACKEND("hooked", "1.0", "Tenon tests", "", "", hooked_kernels)
