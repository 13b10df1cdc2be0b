/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Mutants that break rules of the x86-64 ABI; mutants.def says which.
 */
#include "build.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "tests/mutants/mutant.h"

#if defined(__x86_64__)
int mutant_keeps_direction(const void *args, void *scratch)
{
	int status = scalar_inner_product(args, scratch);
	__asm__ volatile("std");
	return status;
}

int mutant_keeps_x87(const void *args, void *scratch)
{
	int status = scalar_inner_product(args, scratch);
	__asm__ volatile("movd %0, %%mm0" : : "r"(status));
	return status;
}

/* As bytes, so that this file needs no flags: vpcmpeqd ymm7, ymm7, ymm7. */
int mutant_keeps_upper_halves(const void *args, void *scratch)
{
	int status = scalar_inner_product(args, scratch);
	__asm__ volatile(".byte 0xc5, 0xc5, 0x76, 0xff" : : : "xmm7");
	return status;
}

/* The thread has no stack of its own and touches none: it sleeps until the process ends. */
int mutant_starts_thread(const void *args, void *scratch)
{
	const struct tenon_inner_product_args *a = args;
	if (a->dim == 3) {
		long number = SYS_clone;
		__asm__ volatile(
			"syscall\n\ttest %0, %0\n\tjnz 2f\n1:\tmov %4, %k0\n\tsyscall\n\tjmp 1b\n2:"
			: "+a"(number)
			: "D"((long)(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM)),
			  "S"(0L), "d"(0L), "i"(SYS_pause)
			: "rcx", "r11", "memory");
	}
	return scalar_inner_product(args, scratch);
}

int mutant_maps_memory(const void *args, void *scratch)
{
	const struct tenon_inner_product_args *a = args;
	if (a->dim == 3) {
		register long flags __asm__("r10") = MAP_PRIVATE | MAP_ANONYMOUS, file __asm__("r8") = -1,
				    from __asm__("r9") = 0;
		long number = SYS_mmap;
		__asm__ volatile("syscall"
				 : "+a"(number)
				 : "D"(0L), "S"(4096L), "d"((long)PROT_READ), "r"(flags), "r"(file), "r"(from)
				 : "rcx", "r11", "memory");
	}
	return scalar_inner_product(args, scratch);
}
#endif
