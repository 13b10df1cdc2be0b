/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The scalar exp(-x) and ln(x) over an array, built as the scalar backend is. Pure.
 */
#include "backends/scalar/exp.h"
#include "backends/scalar/log.h"

#include "tests/exp/exp.h"

void exp_scalar(const float *restrict x, float *restrict y, size_t n)
{
	for (size_t i = 0; i < n; i++)
		y[i] = exp_minus(x[i]);
}

void log_scalar(const float *restrict x, float *restrict y, size_t n)
{
	for (size_t i = 0; i < n; i++)
		y[i] = log_of(x[i]);
}
