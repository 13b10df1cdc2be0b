/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The compute-only loop: multiplications and as many additions, in registers, the widest there are: what no kernel that
 * adds products without fusing them can beat. Pure.
 */
#include "bench/bench.h"

#define CHAINS 12

/* An empty asm makes the factor new to the compiler for each product. */
#define DEFINE_LOOP(name, bytes, isa, registers)                                                   \
	typedef float name##_vec __attribute__((vector_size(bytes)));                              \
	isa static void name(size_t products)                                                      \
	{                                                                                          \
		name##_vec sum[CHAINS] = {{0}}, x = {1}, y = {1};                                  \
		for (size_t done = 0; done < products; done += CHAINS * (bytes) / sizeof(float)) { \
			_Pragma("GCC unroll 12") for (int i = 0; i < CHAINS; i++)                  \
			{                                                                          \
				__asm__ volatile("" : "+" registers(x));                           \
				sum[i] += x * y;                                                   \
			}                                                                          \
		}                                                                                  \
		for (int i = 0; i < CHAINS; i++)                                                   \
			__asm__ volatile("" : : registers(sum[i]));                                \
	}

#if defined __x86_64__
DEFINE_LOOP(compute_512, 64, __attribute__((target("avx512f"))), "v")
DEFINE_LOOP(compute_256, 32, __attribute__((target("avx2"))), "x")
DEFINE_LOOP(compute_128, 16, , "x")

static void compute(size_t products)
{
	if (__builtin_cpu_supports("avx512f"))
		compute_512(products);
	else if (__builtin_cpu_supports("avx2"))
		compute_256(products);
	else
		compute_128(products);
}
#else
DEFINE_LOOP(compute, 16, , "w")
#endif

void run_computing(void *context, size_t times)
{
	const struct computing *c = context;
	for (size_t i = 0; i < times; i++)
		compute(c->products);
}
