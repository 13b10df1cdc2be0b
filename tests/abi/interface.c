/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The types of <tenon/backend.h> as a library that uses each of them, so that abidiff can look at them; never run.
 */
#include <tenon/backend.h>

#define EXPORT __attribute__((visibility("default")))

#define TENON_ARG(type, member)
#define TENON_KERNEL(id, name, scratch, args)                           \
	EXPORT void use_##name(const struct tenon_##name##_args *used); \
	EXPORT void use_##name(const struct tenon_##name##_args *used)  \
	{                                                               \
		(void)used;                                             \
	}
#include <tenon/kernels.def>
#undef TENON_KERNEL
#undef TENON_ARG

/* Whatever else plugins and their hosts see of each other. */
EXPORT tenon_backend_entry_fn tenon_backend_entry;
EXPORT const struct tenon_backend *tenon_backend_entry(const struct tenon_services *services)
{
	(void)services;
	return NULL;
}

#define USE(kind, name)                                                 \
	EXPORT void use_##kind##_##name(const kind tenon_##name *used); \
	EXPORT void use_##kind##_##name(const kind tenon_##name *used)  \
	{                                                               \
		(void)used;                                             \
	}
USE(struct, note)
USE(struct, graph)
USE(struct, workspace)
USE(struct, packed)
USE(struct, delta)
USE(enum, status)
USE(enum, kernel_id)
USE(enum, class)
USE(enum, encoding)
USE(enum, spread_mode)
USE(enum, spread_layout)
USE(enum, fan)
USE(enum, norm)
USE(enum, forgetting)
