/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Plugins whose file is wrong, or oddly right: an instruction that needs more than is declared, one that no test reaches,
 * so that every kernel conforms on every CPU. Compiled once a plugin, -DOPCODE_<which> (local.mk); mutants.def lists them.
 */
#include "tests/mutants/mutant.h"

/* As bits, so that this file needs no flags. */
#if defined(__x86_64__)
#define FEATURE "popcnt"
#define BEYOND_BASELINE ".byte 0xf3, 0x0f, 0xb8, 0xc0"          /* popcnt eax, eax */
#define BEYOND_LEVEL ".byte 0x62, 0xf1, 0x75, 0x08, 0xef, 0xc9" /* vpxord xmm1, xmm1, xmm1 */
#define LEVEL "x86-64-v3"
#else
#define FEATURE "asimddp"
#define BEYOND_BASELINE ".inst 0x6e829420" /* udot v0.4s, v1.16b, v2.16b */
#define BEYOND_LEVEL ".inst 0x04a0e3e0"    /* cntw x0 */
#define LEVEL "asimd"
#endif

static int compute(const struct tenon_inner_product_args *a)
{
	int status = TENON_OK;
	for (size_t r = 0; r < a->count; r++) {
		a->scores[r] = sum_products(a->query, a->rows + r * a->stride, a->dim);
		if (!(a->scores[r] - a->scores[r] == 0))
			status = TENON_ENONFINITE;
	}
	return status;
}

static int plain(const void *args, void *scratch)
{
	(void)scratch;
	return compute(args);
}

#ifdef OPCODE_LEVEL
#define INSTRUCTION BEYOND_LEVEL
#else
#define INSTRUCTION BEYOND_BASELINE
#endif

/* No call has that many rows. */
static int beyond(const void *args, void *scratch)
{
	const struct tenon_inner_product_args *a = args;
	if (a->count == SIZE_MAX)
#if defined(__x86_64__)
		__asm__ volatile(INSTRUCTION : : : "eax", "xmm1", "cc");
#else
		__asm__ volatile(INSTRUCTION : : : "x0", "v0");
#endif
	return plain(args, scratch);
}

/* What stands behind a call that never returns is not this entry's. */
#if defined(OPCODE_GOOD)
static int stops(const void *args, void *scratch)
{
	const struct tenon_inner_product_args *a = args;
	if (a->count == SIZE_MAX)
#if defined(__x86_64__)
		__asm__ volatile("call __stack_chk_fail@PLT\n\t" INSTRUCTION : : : "eax", "cc");
#else
		__asm__ volatile("bl __stack_chk_fail\n\t" INSTRUCTION : : : "v0", "x30");
#endif
	return plain(args, scratch);
}
#endif

/* What stands behind a jump to such a call is, and so is what stands behind the call of a function that returns. */
#if defined(OPCODE_JUMP) && defined(__x86_64__)
#define GO_ON "cmp $-1, %0\n\tje 1f\n\tjmp 2f\n1:\tcall *abort@GOTPCREL(%%rip)\n2:"
#elif defined(OPCODE_JUMP)
#define GO_ON "cmn %0, #1\n\tb.eq 1f\n\tb 2f\n1:\tbl abort\n2:"
#elif defined(OPCODE_RETURN) && defined(__x86_64__) /* over the red zone */
#define GO_ON "sub $128, %%rsp\n\tcall 1f\n\tadd $128, %%rsp\n\tjmp 2f\n1:\tret\n\tjmp *abort@GOTPCREL(%%rip)\n2:"
#elif defined(OPCODE_RETURN)
#define GO_ON "bl 1f\n\tb 2f\n1:\tret\n\tb abort\n2:"
#endif

#ifdef GO_ON
static int goes_on(const void *args, void *scratch)
{
	const struct tenon_inner_product_args *a = args;
#if defined(__x86_64__)
	__asm__ volatile(GO_ON : : "r"(a->count) : "cc", "memory");
#else
	__asm__ volatile(GO_ON : : "r"(a->count) : "cc", "memory", "x30");
#endif
	return beyond(args, scratch);
}
#endif

#if defined(OPCODE_GOOD) /* with a fallback, as it should be */
static const struct tenon_backend_kernel entries[] = {
	TENON_BACKEND_KERNEL(inner_product, TENON_EXACT, FEATURE, beyond),
	TENON_BACKEND_KERNEL(inner_product, TENON_EXACT, "", stops),
};
TENON_BACKEND("good_opcodes", "1.0", "Tenon tests", "", FEATURE, entries)
#elif defined(GO_ON)
static const struct tenon_backend_kernel entries[] = {
	TENON_BACKEND_KERNEL(inner_product, TENON_EXACT, FEATURE, plain),
	TENON_BACKEND_KERNEL(inner_product, TENON_EXACT, "", goes_on),
};
TENON_BACKEND("opcode_goes_on", "1.0", "Tenon tests", "", FEATURE, entries)
#elif defined(OPCODE_ENTRY)
static const struct tenon_backend_kernel entries[] = {
	TENON_BACKEND_KERNEL(inner_product, TENON_EXACT, FEATURE, plain),
	TENON_BACKEND_KERNEL(inner_product, TENON_EXACT, "", beyond),
};
TENON_BACKEND("opcode_in_entry", "1.0", "Tenon tests", "", FEATURE, entries)
#elif defined(OPCODE_LEVEL)
static const struct tenon_backend_kernel entries[] = {TENON_BACKEND_KERNEL(inner_product, TENON_EXACT, "", beyond)};
TENON_BACKEND("opcode_beyond_level", "1.0", "Tenon tests", LEVEL, "", entries)
#else
static const struct tenon_backend_kernel entries[] = {TENON_BACKEND_KERNEL(inner_product, TENON_EXACT, "", beyond)};
TENON_BACKEND("opcode_in_baseline", "1.0", "Tenon tests", "", "", entries)
#endif
