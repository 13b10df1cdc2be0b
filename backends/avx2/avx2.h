/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Declares what the files of this backend share: its kernels, avx2_<name>, and parts of them.
 */
#ifndef BACKENDS_AVX2_H
#define BACKENDS_AVX2_H

#include <tenon/backend.h>

#define TENON_ARG(type, member)
#define TENON_KERNEL(id, name, scratch, args) tenon_kernel_fn avx2_##name;
#include <tenon/kernels.def>
#undef TENON_KERNEL
#undef TENON_ARG

/*
 * crc32c, for other kernels: update_ with what the level has; fold_ for entries that need "pclmulqdq,vpclmulqdq", and
 * fold_ narrowly for those that need "pclmulqdq", like the kernels that go with them.
 */
uint32_t avx2_update_crc32c(uint32_t crc, const void *data, size_t size);
uint32_t avx2_fold_crc32c(uint32_t crc, const void *data, size_t size);
uint32_t avx2_fold_crc32c_narrowly(uint32_t crc, const void *data, size_t size);
tenon_kernel_fn avx2_crc32c_vpclmulqdq, avx2_crc32c_pclmulqdq;

#endif
