/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The specs by kernel index, and what kernels.def says of a call's memory and shares. Immutable.
 */
#include "runtime/share.h"
#include "tests/conform/spec.h"

#define TENON_ARG(type, member)
#define TENON_KERNEL(id, name, scratch, args) &spec_##name,
const struct spec *const specs[KERNEL_COUNT] = {
#include <tenon/kernels.def>
};
#undef TENON_KERNEL

#define TENON_KERNEL(id, name, scratch, args)                                                             \
	static uint64_t scratch_of_##name(const void *pointer)                                            \
	{                                                                                                 \
		const struct tenon_##name##_args *a = pointer;                                            \
		(void)a;                                                                                  \
		return scratch;                                                                           \
	}                                                                                                 \
	static int divide_any_##name(const void *pointer, size_t part, size_t parts, struct share *share) \
	{                                                                                                 \
		return divide_##name(pointer, part, parts, share);                                        \
	}
#include <tenon/kernels.def>
#undef TENON_KERNEL

static const struct {
	size_t args_size;
	uint64_t (*scratch)(const void *args);
	int (*divide)(const void *args, size_t part, size_t parts, struct share *share);
} memory[KERNEL_COUNT] = {
#define TENON_KERNEL(id, name, scratch, args) \
	{sizeof(struct tenon_##name##_args), scratch_of_##name, divide_any_##name},
#include <tenon/kernels.def>
#undef TENON_KERNEL
#undef TENON_ARG
};

size_t get_args_size(int kernel)
{
	return memory[kernel].args_size;
}

uint64_t get_scratch_size(int kernel, const void *args)
{
	return memory[kernel].scratch(args);
}

int divide_call(int kernel, const void *args, size_t part, size_t parts, struct share *share)
{
	return memory[kernel].divide(args, part, parts, share);
}
