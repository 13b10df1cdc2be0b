/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The entry points of the kernels, expanded from kernels.def: validate, enter the table, call, leave. This is the hot
 * path: nothing here locks, allocates or branches on a feature that is off.
 */
#include <tenon/tenon.h>

#include "runtime/kernels.h"
#include "runtime/public.h"
#include "runtime/table.h"

/* The cold half of a failed validation: formats the detail by validating again, now with somewhere to say why. */
#define TENON_ARG(type, member)
#define TENON_KERNEL(id, name, scratch, args)                                                     \
	TENON_PUBLIC int tenon_##name(const struct tenon_##name##_args *a)                        \
	{                                                                                         \
		int status = check_##name(a, NULL);                                               \
		if (unlikely(status))                                                             \
			return status < 0 ? status : TENON_OK;                                    \
		bool section;                                                                     \
		const struct table *table = enter_table(&section);                                \
		status = table->function[KERNEL_##name](a, NULL);                                 \
		leave_table(section);                                                             \
		return status;                                                                    \
	}
#include <tenon/kernels.def>
#undef TENON_KERNEL
#undef TENON_ARG
