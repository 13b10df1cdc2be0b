/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Declares what the files of this backend share: its kernels, avx512_<name>, and parts of them.
 */
#ifndef BACKENDS_AVX512_H
#define BACKENDS_AVX512_H

#include <tenon/backend.h>

#define TENON_ARG(type, member)
#define TENON_KERNEL(id, name, scratch, args) tenon_kernel_fn avx512_##name;
#include <tenon/kernels.def>
#undef TENON_KERNEL
#undef TENON_ARG

/*
 * crc32c, for other kernels: update_ with what the level has; fold_ in files and for entries that need
 * "pclmulqdq,vpclmulqdq", like the kernel that goes with it.
 */
uint32_t avx512_update_crc32c(uint32_t crc, const void *data, size_t size);
uint32_t avx512_fold_crc32c(uint32_t crc, const void *data, size_t size);
tenon_kernel_fn avx512_crc32c_vpclmulqdq;

/* For entries that need "avx512vbmi2,avx512vpopcntdq,pclmulqdq,vpclmulqdq". */
tenon_kernel_fn avx512_delta_encode_vbmi2, avx512_delta_decode_vbmi2;

#endif
