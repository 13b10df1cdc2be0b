/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The load-only loop: what memory can deliver to this core, the limit that no kernel over the same bytes can beat. The
 * loads are assembly, because a compiler drops loads whose values nobody uses. Pure.
 */
#include "bench/bench.h"

enum { AHEAD = 2048, STEP = 256 };

#if defined __x86_64__
static void read_512(const char *p, const char *end)
{
	for (; p < end; p += STEP)
		__asm__ volatile(
			"prefetcht0 2048(%0)\n\tprefetcht0 2112(%0)\n\tprefetcht0 2176(%0)\n\tprefetcht0 2240(%0)\n\t"
			"vmovups (%0), %%zmm0\n\tvmovups 64(%0), %%zmm1\n\tvmovups 128(%0), %%zmm2\n\t"
			"vmovups 192(%0), %%zmm3"
			:
			: "r"(p)
			: "memory", "xmm0", "xmm1", "xmm2", "xmm3");
	__asm__ volatile("vzeroupper" : : : "memory");
}

static void read_256(const char *p, const char *end)
{
	for (; p < end; p += STEP / 2)
		__asm__ volatile("prefetcht0 2048(%0)\n\tprefetcht0 2112(%0)\n\t"
				 "vmovups (%0), %%ymm0\n\tvmovups 32(%0), %%ymm1\n\tvmovups 64(%0), %%ymm2\n\t"
				 "vmovups 96(%0), %%ymm3"
				 :
				 : "r"(p)
				 : "memory", "xmm0", "xmm1", "xmm2", "xmm3");
	__asm__ volatile("vzeroupper" : : : "memory");
}

static void read_128(const char *p, const char *end)
{
	for (; p < end; p += STEP / 4)
		__asm__ volatile("prefetcht0 2048(%0)\n\tmovups (%0), %%xmm0\n\tmovups 16(%0), %%xmm1\n\t"
				 "movups 32(%0), %%xmm2\n\tmovups 48(%0), %%xmm3"
				 :
				 : "r"(p)
				 : "memory", "xmm0", "xmm1", "xmm2", "xmm3");
}

static void read_all(const char *p, const char *end)
{
	if (__builtin_cpu_supports("avx512f"))
		read_512(p, end);
	else if (__builtin_cpu_supports("avx2"))
		read_256(p, end);
	else
		read_128(p, end);
}
#elif defined __aarch64__
static void read_all(const char *p, const char *end)
{
	for (; p < end; p += STEP / 4)
		__asm__ volatile("prfm pldl1keep, [%0, #2048]\n\tldp q0, q1, [%0]\n\tldp q2, q3, [%0, #32]"
				 :
				 : "r"(p)
				 : "memory", "v0", "v1", "v2", "v3");
}
#else
static void read_all(const char *p, const char *end)
{
	for (const volatile char *q = p; q < end; q += sizeof(long))
		(void)*(const volatile long *)q;
}
#endif

void run_reading(void *context, size_t times)
{
	const struct reading *reading = context;
	const char *start = reading->memory;
	for (size_t i = 0; i < times; i++)
		read_all(start, start + reading->bytes / STEP * STEP);
}
