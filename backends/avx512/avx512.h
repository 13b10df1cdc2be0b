/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Declares what the files of this backend share: its kernels, avx512_<name>.
 */
#ifndef BACKENDS_AVX512_H
#define BACKENDS_AVX512_H

#include <tenon/backend.h>

#define TENON_ARG(type, member)
#define TENON_KERNEL(id, name, scratch, args) tenon_kernel_fn avx512_##name;
#include <tenon/kernels.def>
#undef TENON_KERNEL
#undef TENON_ARG

#endif
