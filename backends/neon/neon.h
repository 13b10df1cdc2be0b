/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Declares what the files of this backend share: its kernels, neon_<name>, and parts of them.
 */
#ifndef BACKENDS_NEON_H
#define BACKENDS_NEON_H

#include <tenon/backend.h>

#define TENON_ARG(type, member)
#define TENON_KERNEL(id, name, scratch, args) tenon_kernel_fn neon_##name;
#include <tenon/kernels.def>
#undef TENON_KERNEL
#undef TENON_ARG

/*
 * crc32c, for other kernels: update_ for entries that need "crc32", and fold_ for those that need "crc32,pmull", like the
 * kernels that go with them.
 */
uint32_t neon_update_crc32c(uint32_t crc, const void *data, size_t size);
uint32_t neon_fold_crc32c(uint32_t crc, const void *data, size_t size);
tenon_kernel_fn neon_crc32c_crc32, neon_crc32c_pmull;

/* For entries that need "crc32". */
tenon_kernel_fn neon_delta_encode_crc32, neon_delta_decode_crc32;

#endif
