/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Mutants that break rules of the x86-64 ABI; mutants.def says which.
 */
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
#endif
