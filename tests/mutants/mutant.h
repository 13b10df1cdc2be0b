/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the files of mutants share: their declarations, and a plain inner product in the canonical order to be wrong
 * about.
 */
#ifndef TESTS_MUTANT_H
#define TESTS_MUTANT_H

#include <tenon/backend.h>

#define MUTANT(name, kernel, check, defect) tenon_kernel_fn mutant_##name;
#include "tests/mutants/mutants.def"
#undef MUTANT

enum { LANES = 32 };

static inline float fold_lanes(float lane[LANES])
{
	for (int width = LANES / 2; width; width /= 2)
		for (int j = 0; j < width; j++)
			lane[j] += lane[j + width];
	return lane[0];
}

static inline float sum_products(const float *x, const float *y, size_t n)
{
	float lane[LANES] = {0};
	for (size_t i = 0; i < n; i++)
		lane[i % LANES] += x[i] * y[i];
	return fold_lanes(lane);
}

#endif
