/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The canonical exp(-x) and ln(x) as functions over arrays, for each ISA that was built: y[i] = f(x[i]), n a multiple of
 * EXP_MULTIPLE. For the exhaustive test and the benchmark. Pure.
 */
#ifndef TESTS_EXP_H
#define TESTS_EXP_H

#include <stddef.h>

#define EXP_MULTIPLE 128

typedef void exp_fn(const float *x, float *y, size_t n);

exp_fn exp_scalar, exp_avx2, exp_avx512, exp_neon;
exp_fn log_scalar, log_avx2, log_avx512, log_neon;

/* Those that were built, scalar first; needs is for check_needs(). */
struct exp_isa {
	const char *name, *needs;
	exp_fn *exp, *log;
};
static const struct exp_isa exp_isas[] = {
	{"scalar", "", exp_scalar, log_scalar},
#ifdef EXP_AVX2
	{"avx2", "x86-64-v3", exp_avx2, log_avx2},
#endif
#ifdef EXP_AVX512
	{"avx512", "x86-64-v4", exp_avx512, log_avx512},
#endif
#ifdef EXP_NEON
	{"neon", "asimd", exp_neon, log_neon},
#endif
};
enum { EXP_ISAS = sizeof exp_isas / sizeof *exp_isas };

#endif
