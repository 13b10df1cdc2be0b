/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the files of mutants share: their declarations, and a plain inner product in the canonical order to be wrong
 * about.
 */
#ifndef TESTS_MUTANT_H
#define TESTS_MUTANT_H

#include "backends/scalar/scalar.h"

#define MUTANT(name, kernel, check, defect) tenon_kernel_fn mutant_##name;
#define BOUNDED MUTANT
#define NEEDY(name, kernel, check, needs, defect) MUTANT(name, kernel, check, defect)
#define ALONE(name, kernel, check, defect)
#include "tests/mutants/mutants.def"
#undef ALONE
#undef NEEDY
#undef BOUNDED
#undef MUTANT

/* For defects that a sanitizer would report before they happen. */
#define UNSANITIZED __attribute__((noinline, no_sanitize("undefined")))

/* Vetting refuses the imports of these deeds; the kernel of the system can be called without. */
static inline long call_system(long number, const void *a, const void *b, const void *c, long d)
{
#if defined(__x86_64__)
	register long fourth __asm__("r10") = d;
	__asm__ volatile("syscall" : "+a"(number) : "D"(a), "S"(b), "d"(c), "r"(fourth) : "rcx", "r11", "memory");
	return number;
#elif defined(__aarch64__)
	register long result __asm__("x0") = (long)a;
	register long x8 __asm__("x8") = number, x1 __asm__("x1") = (long)b, x2 __asm__("x2") = (long)c,
			 x3 __asm__("x3") = d;
	__asm__ volatile("svc 0" : "+r"(result) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
	return result;
#endif
}

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
