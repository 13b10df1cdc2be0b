/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Declares every scalar body, scalar_<name>, from kernels.def.
 */
#ifndef BACKENDS_SCALAR_H
#define BACKENDS_SCALAR_H

#include <tenon/backend.h>

#define TENON_ARG(type, member)
#define TENON_KERNEL(id, name, scratch, args) tenon_kernel_fn scalar_##name;
#include <tenon/kernels.def>
#undef TENON_KERNEL
#undef TENON_ARG

#endif
