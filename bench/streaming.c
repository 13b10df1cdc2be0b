/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The streaming loop: what memory can take from and give to this core at once, the limit of a kernel that reads a float
 * and a u64 for each float that it writes. Assembly, so that no compiler makes anything else of it. Pure.
 */
#include "bench/bench.h"

#if defined __x86_64__
static void stream_512(const float *values, const uint64_t *more, float *out, size_t count)
{
	for (size_t i = 0; i < count; i += 16)
		__asm__ volatile("prefetcht0 2048(%0)\n\tprefetcht0 4096(%1)\n\tprefetcht0 4160(%1)\n\t"
				 "vmovups (%0), %%zmm0\n\tvmovups (%1), %%zmm1\n\tvmovups 64(%1), %%zmm2\n\t"
				 "vmovntps %%zmm0, (%2)"
				 :
				 : "r"(values + i), "r"(more + i), "r"(out + i)
				 : "memory", "xmm0", "xmm1", "xmm2");
	__asm__ volatile("vzeroupper\n\tsfence" : : : "memory");
}

static void stream_128(const float *values, const uint64_t *more, float *out, size_t count)
{
	for (size_t i = 0; i < count; i += 4)
		__asm__ volatile("prefetcht0 2048(%0)\n\tprefetcht0 4096(%1)\n\t"
				 "movups (%0), %%xmm0\n\tmovups (%1), %%xmm1\n\tmovups 16(%1), %%xmm2\n\t"
				 "movntps %%xmm0, (%2)"
				 :
				 : "r"(values + i), "r"(more + i), "r"(out + i)
				 : "memory", "xmm0", "xmm1", "xmm2");
	__asm__ volatile("sfence" : : : "memory");
}

static void stream_all(const float *values, const uint64_t *more, float *out, size_t count)
{
	if (__builtin_cpu_supports("avx512f"))
		stream_512(values, more, out, count);
	else
		stream_128(values, more, out, count);
}
#else
static void stream_all(const float *values, const uint64_t *more, float *out, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		(void)*(const volatile uint64_t *)(more + i);
		*(volatile float *)(out + i) = values[i];
	}
}
#endif

void run_streaming(void *context, size_t times)
{
	const struct streaming *s = context;
	for (size_t i = 0; i < times; i++)
		stream_all(s->values, s->more, s->out, s->count);
}
