/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The canonical exp(-x) as functions over arrays, one for each ISA that was built: e[i] = exp(-x[i]), n a multiple of
 * EXP_MULTIPLE. For the exhaustive test and the benchmark. Pure.
 */
#ifndef TESTS_EXP_H
#define TESTS_EXP_H

#include <stddef.h>

#define EXP_MULTIPLE 128

typedef void exp_fn(const float *x, float *e, size_t n);

exp_fn exp_scalar, exp_avx2, exp_avx512, exp_neon;

#endif
