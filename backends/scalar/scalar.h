/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Declares every scalar body, scalar_<name>, from kernels.def, and what bodies share.
 */
#ifndef BACKENDS_SCALAR_H
#define BACKENDS_SCALAR_H

#include <tenon/backend.h>

#define TENON_ARG(type, member)
#define TENON_KERNEL(id, name, scratch, args) tenon_kernel_fn scalar_##name;
#include <tenon/kernels.def>
#undef TENON_KERNEL
#undef TENON_ARG

/* crc32c, for other kernels. */
uint32_t scalar_update_crc32c(uint32_t crc, const void *data, size_t size);

#endif
