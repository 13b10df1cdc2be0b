/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The list of kernels as data. Immutable; anyone may read it.
 */
#include "runtime/kernels.h"

#include <string.h>
#include <tenon/tenon.h>

#include "runtime/public.h"

#define TENON_ARG(type, member)
#define TENON_KERNEL(id, name, scratch, args)                       \
	static int check_any_##name(const void *a, struct why *why) \
	{                                                           \
		return check_##name(a, why);                        \
	}
#include <tenon/kernels.def>
#undef TENON_KERNEL

#define TENON_KERNEL(id, name, scratch, args) {id, #name, scalar_##name, check_any_##name, test_##name},
const struct kernel kernels[KERNEL_COUNT] = {
#include <tenon/kernels.def>
};
#undef TENON_KERNEL
#undef TENON_ARG

int find_kernel_id(uint32_t id)
{
	for (int i = 0; i < KERNEL_COUNT; i++)
		if (kernels[i].id == id)
			return i;
	return -1;
}

int find_kernel_name(const char *name)
{
	for (int i = 0; i < KERNEL_COUNT; i++)
		if (strcmp(kernels[i].name, name) == 0)
			return i;
	return -1;
}

TENON_PUBLIC const char *tenon_kernel_name(uint32_t kernel)
{
	int index = find_kernel_id(kernel);
	return index < 0 ? NULL : kernels[index].name;
}
