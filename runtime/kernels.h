/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the runtime derives from kernels.def: the dense index of each kernel (ids have gaps), and its spec, which
 * runtime/specs/ provides one family a file. No state.
 */
#ifndef RUNTIME_KERNELS_H
#define RUNTIME_KERNELS_H

#include <tenon/backend.h>

#include "runtime/why.h"

#define TENON_ARG(type, member)
#define TENON_KERNEL(id, name, scratch, args) KERNEL_##name,
enum kernel_index {
#include <tenon/kernels.def>
	KERNEL_COUNT
};
#undef TENON_KERNEL

/*
 * check_<name>: is this call legal? Returns 0, CALL_IS_EMPTY when there is nothing to do, or a negative status with
 * why filled. Runs on every call, so the legal path neither writes nor calls out.
 *
 * test_<name>: the power-on self-test. Runs function on a few small, awkward shapes and compares every bit with the
 * scalar body. Returns 0, or TENON_EREFUSED with why naming shape, index, got and want. Takes well under 50 us.
 */
#define CALL_IS_EMPTY 1
#define TENON_KERNEL(id, name, scratch, args)                                   \
	int check_##name(const struct tenon_##name##_args *a, struct why *why); \
	int test_##name(tenon_kernel_fn *function, struct why *why);            \
	tenon_kernel_fn scalar_##name;
#include <tenon/kernels.def>
#undef TENON_KERNEL
#undef TENON_ARG

struct kernel {
	uint32_t id;
	const char *name;
	tenon_kernel_fn *scalar;
	int (*check)(const void *args, struct why *why);
	int (*test)(tenon_kernel_fn *function, struct why *why);
};

/* All kernels by index. */
extern const struct kernel kernels[KERNEL_COUNT];

/* The index of an id or a name, or -1. */
int find_kernel_id(uint32_t id);
int find_kernel_name(const char *name);

#endif
