/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The scalar exp(-x) over an array, built as the scalar backend is. Pure.
 */
#include "backends/scalar/exp.h"

#include "tests/exp/exp.h"

void exp_scalar(const float *restrict x, float *restrict e, size_t n)
{
	for (size_t i = 0; i < n; i++)
		e[i] = exp_minus(x[i]);
}
