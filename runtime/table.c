/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Owns the active table: its static initial value, and reader registration.
 */
#include "runtime/table.h"

const struct table scalar_table = {
	.function = {
#define TENON_ARG(type, member)
#define TENON_KERNEL(id, name, scratch, args) [KERNEL_##name] = scalar_##name,
#include <tenon/kernels.def>
#undef TENON_KERNEL
#undef TENON_ARG
	},
};

_Atomic(const struct table *) active_table = &scalar_table;

bool register_reader(void)
{
	urcu_bp_register_thread();
	return true;
}
