/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What mutants of the query-against-rows family share: everything that is right about them but the sum.
 */
#ifndef TESTS_MUTANTS_ROWS_H
#define TESTS_MUTANTS_ROWS_H

#include <float.h>
#include <math.h>

#include "tests/mutants/mutant.h"

typedef float sum_fn(const float *x, const float *y, size_t n);

/* What is right about most of them. */
static inline int run_rows(const struct tenon_inner_product_args *a, sum_fn *sum)
{
	int status = TENON_OK;
	for (size_t r = 0; r < a->count; r++) {
		a->scores[r] = sum(a->query, a->rows + r * a->stride, a->dim);
		if (!(fabsf(a->scores[r]) <= FLT_MAX))
			status = TENON_ENONFINITE;
	}
	return status;
}

#define PRODUCT_MUTANT(name)                               \
	int mutant_##name(const void *args, void *scratch) \
	{                                                  \
		(void)scratch;                             \
		return run_##name(args);                   \
	}                                                  \
	_Static_assert(1, "")

#define SUM_MUTANT(name)                                                \
	static int run_##name(const struct tenon_inner_product_args *a) \
	{                                                               \
		return run_rows(a, sum_##name);                         \
	}                                                               \
	PRODUCT_MUTANT(name)

#endif
