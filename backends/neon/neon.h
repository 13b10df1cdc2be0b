/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Declares what the files of this backend share: its kernels, neon_<name>.
 */
#ifndef BACKENDS_NEON_H
#define BACKENDS_NEON_H

#include <tenon/backend.h>

#define TENON_ARG(type, member)
#define TENON_KERNEL(id, name, scratch, args) tenon_kernel_fn neon_##name;
#include <tenon/kernels.def>
#undef TENON_KERNEL
#undef TENON_ARG

#endif
