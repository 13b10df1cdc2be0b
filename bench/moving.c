/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The limits of kernels that write what they read: memory copied by the C library, and memory read and written back in
 * place. The latter is assembly, because a compiler drops a store of what was just loaded. Pure.
 */
#include <string.h>

#include "bench/bench.h"

void run_copying(void *context, size_t times)
{
	const struct copying *c = context;
	for (size_t i = 0; i < times; i++) {
		memcpy(c->target, c->source, c->bytes);
		__asm__ volatile("" : : "r"(c->target) : "memory"); /* or only the last copy is made */
	}
}

enum { STEP = 256 };

#if defined __x86_64__
static void update_512(char *p, const char *end)
{
	for (; p < end; p += STEP)
		__asm__ volatile("vmovups (%0), %%zmm0\n\tvmovups 64(%0), %%zmm1\n\tvmovups 128(%0), %%zmm2\n\t"
				 "vmovups 192(%0), %%zmm3\n\tvmovups %%zmm0, (%0)\n\tvmovups %%zmm1, 64(%0)\n\t"
				 "vmovups %%zmm2, 128(%0)\n\tvmovups %%zmm3, 192(%0)"
				 :
				 : "r"(p)
				 : "memory", "xmm0", "xmm1", "xmm2", "xmm3");
	__asm__ volatile("vzeroupper" : : : "memory");
}

static void update_256(char *p, const char *end)
{
	for (; p < end; p += STEP / 2)
		__asm__ volatile("vmovups (%0), %%ymm0\n\tvmovups 32(%0), %%ymm1\n\tvmovups 64(%0), %%ymm2\n\t"
				 "vmovups 96(%0), %%ymm3\n\tvmovups %%ymm0, (%0)\n\tvmovups %%ymm1, 32(%0)\n\t"
				 "vmovups %%ymm2, 64(%0)\n\tvmovups %%ymm3, 96(%0)"
				 :
				 : "r"(p)
				 : "memory", "xmm0", "xmm1", "xmm2", "xmm3");
	__asm__ volatile("vzeroupper" : : : "memory");
}

static void update_128(char *p, const char *end)
{
	for (; p < end; p += STEP / 4)
		__asm__ volatile("movups (%0), %%xmm0\n\tmovups 16(%0), %%xmm1\n\tmovups 32(%0), %%xmm2\n\t"
				 "movups 48(%0), %%xmm3\n\tmovups %%xmm0, (%0)\n\tmovups %%xmm1, 16(%0)\n\t"
				 "movups %%xmm2, 32(%0)\n\tmovups %%xmm3, 48(%0)"
				 :
				 : "r"(p)
				 : "memory", "xmm0", "xmm1", "xmm2", "xmm3");
}

static void update_all(char *p, const char *end)
{
	if (__builtin_cpu_supports("avx512f"))
		update_512(p, end);
	else if (__builtin_cpu_supports("avx2"))
		update_256(p, end);
	else
		update_128(p, end);
}
#elif defined __aarch64__
static void update_all(char *p, const char *end)
{
	for (; p < end; p += STEP / 4)
		__asm__ volatile(
			"ldp q0, q1, [%0]\n\tldp q2, q3, [%0, #32]\n\tstp q0, q1, [%0]\n\tstp q2, q3, [%0, #32]"
			:
			: "r"(p)
			: "memory", "v0", "v1", "v2", "v3");
}
#else
static void update_all(char *p, const char *end)
{
	for (volatile long *q = (volatile long *)(void *)p; (const char *)q < end; q++)
		*q = *q;
}
#endif

void run_updating(void *context, size_t times)
{
	const struct updating *u = context;
	char *start = u->memory;
	for (size_t i = 0; i < times; i++)
		update_all(start, start + u->bytes / STEP * STEP);
}
