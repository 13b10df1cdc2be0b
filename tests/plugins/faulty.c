/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A backend that does what faulty.h says, where it is asked to; else it is scalar.
 */
#include "tests/plugins/faulty.h"

#include <stdint.h>
#include <string.h>

#include "backends/scalar/scalar.h"

static volatile float *volatile nowhere;

static int read_null(void)
{
	return (int)*nowhere;
}

/* Constants may not be written to, either. */
static const char constant[64] = "a constant";
static const char *volatile unwritable = constant;

static void write_constant(void)
{
	*(volatile char *)(uintptr_t)unwritable = 0;
}

static void run_illegal(void)
{
#if defined(__x86_64__)
	__asm__ volatile("ud2");
#else
	__asm__ volatile(".inst 0");
#endif
}

static void divide(void)
{
	volatile int zero = 0, one = 1;
	volatile int quotient = one / zero;
	(void)quotient;
}

static void misalign(void)
{
#if defined(__x86_64__)
	uint64_t words[2] = {0, 0};
	__asm__ volatile(
		"sub $128, %%rsp\n\tpushfq\n\torl $0x40000, (%%rsp)\n\tpopfq\n\tadd $128, %%rsp\n\tmov 1(%0), %%rax"
		:
		: "r"(words)
		: "rax", "cc", "memory");
#endif
}

static void jump_null(void)
{
	void (*volatile function)(void) = NULL;
	function();
}

static void *(*volatile copy)(void *, const void *, size_t) = memcpy;

static void copy_null(void)
{
	char bytes[64];
	copy(bytes, (const void *)nowhere, sizeof bytes);
}

static __attribute__((noinline)) int recurse(int depth)
{
	volatile char frame[4096];
	frame[0] = (char)depth;
	return depth < 0 ? 0 : recurse(depth + 1) + frame[0];
}

/* Control registers, flags, x87 stack, upper halves, and every register that a function must keep. */
static void spoil(void)
{
#if defined(__x86_64__)
	__builtin_ia32_ldmxcsr(__builtin_ia32_stmxcsr() | 0xe040);
	__asm__ volatile(
		"fld1\n\tfld1\n\tfld1\n\tstd\n\t"
		"mov $0x1111, %%ebx\n\tmov %%rbx, %%r12\n\tmov %%rbx, %%r13\n\tmov %%rbx, %%r14\n\tmov %%rbx, %%r15\n\t"
		"mov %%rbx, %%rbp\n\txor %%eax, %%eax\n\tmov (%%rax), %%eax"
		:
		:
		: "rax", "rbx", "r12", "r13", "r14", "r15", "memory");
#elif defined(__aarch64__)
	__asm__ volatile("mrs x0, fpcr\n\torr x0, x0, #0x1000000\n\tmsr fpcr, x0\n\tmov x19, #1\n\tmov x20, x19\n\tmov "
			 "x28, x19\n\t"
			 "fmov d8, #1.0\n\tfmov d15, #1.0\n\tmov x0, #0\n\tldr x0, [x0]"
			 :
			 :
			 : "x0", "x19", "x20", "x28", "d8", "d15", "memory");
#endif
}

static void commit(enum deed deed)
{
	switch (deed) {
	case DEED_WRITE: write_constant(); break;
	case DEED_ILLEGAL: run_illegal(); break;
	case DEED_DIVIDE: divide(); break;
	case DEED_MISALIGN: misalign(); break;
	case DEED_JUMP_NULL: jump_null(); break;
	case DEED_COPY_NULL: copy_null(); break;
	case DEED_RECURSE: recurse(0); break;
	case DEED_SPOIL: spoil(); break;
	default: read_null();
	}
}

static int faulty_inner_product(const void *args, void *scratch)
{
	const struct tenon_inner_product_args *a = args;
	enum deed deed =
		a->dim == DEED_DIM && a->query[0] > DEED_BASE ? (enum deed)(a->query[0] - DEED_BASE) : DEED_NONE;
	uint32_t bits;
	if (deed == DEED_HALF)
		memset(a->scores, 0xff, a->count * sizeof *a->scores);
	if (deed != DEED_NONE && deed < DEED_BIT)
		commit(deed);
	int status = scalar_inner_product(args, scratch);
	if (deed == DEED_BIT) {
		memcpy(&bits, a->scores + a->count - 1, sizeof bits);
		bits ^= 1;
		memcpy(a->scores + a->count - 1, &bits, sizeof bits);
	}
	return deed == DEED_STATUS ? TENON_ENONFINITE : status;
}

static int faulty_binding_decay(const void *args, void *scratch)
{
	const struct tenon_binding_decay_args *a = args;
	enum deed deed =
		a->rate > DEED_BASE && a->rate < DEED_BASE + DEEDS ? (enum deed)(a->rate - DEED_BASE) : DEED_NONE;
	if (deed == DEED_HALF)
		memset(a->strengths, 0xff, a->n / 2 * sizeof *a->strengths);
	if (deed != DEED_NONE && deed < DEED_BIT)
		commit(deed);
	int status = scalar_binding_decay(args, scratch);
	if (deed == DEED_BIT)
		a->strengths[a->n - 1] = 0.25f;
	return status;
}

static const struct tenon_backend_kernel faulty_kernels[] = {
	TENON_BACKEND_KERNEL(inner_product, TENON_EXACT, "", faulty_inner_product),
	TENON_BACKEND_KERNEL(binding_decay, TENON_EXACT, "", faulty_binding_decay),
};
TENON_BACKEND("faulty", "1.0", "Tenon tests", "", "", faulty_kernels)
