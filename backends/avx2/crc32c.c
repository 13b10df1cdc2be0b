/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * crc32c on avx2: the crc32 instruction, which is part of the level. Pure.
 */
#include "backends/avx2/avx2.h"

#include "backends/shared/crc32c_streams.h"

uint32_t avx2_update_crc32c(uint32_t crc, const void *data, size_t size)
{
	return update_with_streams(crc, data, size);
}

int avx2_crc32c(const void *args, void *scratch)
{
	const struct tenon_crc32c_args *a = args;
	(void)scratch;
	*a->result = avx2_update_crc32c(a->crc, a->data, a->size);
	return TENON_OK;
}
