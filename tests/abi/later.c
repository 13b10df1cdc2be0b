/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a runtime of the simulated later version has for its new kernel: scalar's body and the spec.
 */
#include "runtime/kernels.h"
#include "runtime/regions.h"
#include "runtime/share.h"

int scalar_later(const void *args, void *scratch)
{
	const struct tenon_later_args *a = args;
	(void)scratch;
	*a->result = 2 * a->value;
	return TENON_OK;
}

int check_later(const struct tenon_later_args *a, struct why *why)
{
	return a && a->result ? TENON_OK : explain(why, TENON_EINVAL, "later: result is NULL; pass one");
}

int divide_later(const struct tenon_later_args *a, size_t part, size_t parts, struct share *share)
{
	(void)parts;
	share->args.later = *a;
	return part ? CALL_IS_EMPTY : TENON_OK;
}

void regions_later(const struct tenon_later_args *a, struct regions *r)
{
	(void)a;
	(void)r;
}

int test_later(tenon_kernel_fn *function, struct why *why)
{
	uint32_t result = 0;
	struct tenon_later_args args = {4, &result};
	if (function(&args, NULL) == TENON_OK && result == 8)
		return TENON_OK;
	return explain(why, TENON_EREFUSED, "later: self-test got %u instead of 8", result);
}
