/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Specs of the query-against-rows family: which calls are legal, and the self-tests.
 */
#include "runtime/kernels.h"

int check_inner_product(const struct tenon_inner_product_args *a, struct why *why)
{
	if (!a)
		return explain(why, TENON_EINVAL, "inner_product: args is NULL");
	if (a->count == 0)
		return CALL_IS_EMPTY;
	if (a->stride < a->dim)
		return explain(why, TENON_EINVAL, "inner_product: stride %zu is less than dim %zu", a->stride, a->dim);
	return 0;
}

int test_inner_product(tenon_kernel_fn *function, struct why *why)
{
	(void)function;
	(void)why;
	return 0;
}
